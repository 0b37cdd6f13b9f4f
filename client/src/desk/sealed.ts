/** A sealed export (docs/spec/package.md) as its members, none of them taken into memory. Nothing is opened or believed here. */
import { type Bytes } from "../crypto/bytes.ts";
import { loads, type Value } from "../crypto/canonical.ts";
import { members, ZipMalformed } from "../evidence/stored_zip.ts";

const FIRST = ["header.bin", "wraps.age", "chunks.bin", "notes.bin", "node.json"];
const LOG = "log/";
const SYSTEM_FILES = ["sbom.json", "validation.json"];
/** Members that are read whole are shorter than this. */
const LONGEST_PART = 64 * 1024 * 1024;

export type Json = Record<string, Value>;

export interface Sealed {
  readonly header: Bytes;
  readonly wraps: Bytes;
  /** Each chunk behind its length (u32). */
  readonly chunks: Blob;
  /** Each custody note behind its length. */
  readonly notes: Blob;
  /** What the node says of itself. */
  readonly node: Json;
  /** What the node handed out about its program, by name; one that nodes of some version do not is undefined. */
  readonly system: ReadonlyMap<string, Bytes | undefined>;
  /** The log's members by the name they have below `log/`; empty until the export was completed. */
  readonly log: ReadonlyMap<string, Blob>;
}

/** Rejects with `ZipMalformed` for anything but a sealed export. */
export async function readSealed(file: Blob): Promise<Sealed> {
  const found = await members(file);
  if (FIRST.some((name, i) => [...found.keys()][i] !== name)) throw new ZipMalformed();
  const node = asObject(await part(found.get("node.json")!));
  const log = [...found].filter(([name]) => name.startsWith(LOG)).map(([name, blob]) => [name.slice(LOG.length), blob] as const);
  const [header, wraps] = [await part(found.get("header.bin")!), await part(found.get("wraps.age")!)];
  const system = await Promise.all(SYSTEM_FILES.map(async (name) => [name, found.has(name) ? await part(found.get(name)!) : undefined] as const));
  return { header, wraps, chunks: found.get("chunks.bin")!, notes: found.get("notes.bin")!, node, system: new Map(system), log: new Map(log) };
}

/** A short member, whole. */
export async function part(blob: Blob): Promise<Bytes> {
  if (blob.size > LONGEST_PART) throw new ZipMalformed();
  return new Uint8Array(await blob.arrayBuffer());
}

function asObject(raw: Bytes): Json {
  try {
    const told = loads(raw);
    if (told !== null && typeof told === "object" && !Array.isArray(told)) return told;
  } catch {
    // Told below: what is not canonical is no member of ours.
  }
  throw new ZipMalformed();
}
