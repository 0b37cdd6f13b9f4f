/**
 * Makes an evidence package of an opened recording, in the browser: the same bytes as `tocsin package` for the same export, log, key, time and
 * decisions (docs/spec/package.md). Reads the recording twice, a second at a time: once to measure and to hash, once to write. It judges nothing: what is
 * missing stands in the package's own README, and whether all of it holds is for a verifier, which shares no code with this.
 */
import description from "../../../../src/tocsin/evidence/texts/description.txt";
import release from "../../../../src/tocsin/__init__.py";
import verifier from "../../../../src/tocsin/evidence/verify.py";
import { newSigner } from "../../crypto/asymmetric.ts";
import { base64, base64url, bigEndian, join, sha256, utf8, type Bytes } from "../../crypto/bytes.ts";
import { dumps, type Value } from "../../crypto/canonical.ts";
import { headOf, type Note } from "../custody.ts";
import type { Opened } from "../opened.ts";
import type { Sealed } from "../sealed.ts";
import { instructions, timestampName, type FirstChunk } from "./by_hand.ts";
import { fromElsewhere } from "./capture.ts";
import { certificates, retention } from "./certificates.ts";
import { cover, numberIn, type Covering } from "./covering.ts";
import type { Facts } from "./facts.ts";
import type { LogSource } from "./log_source.ts";
import { operation } from "./operation.ts";
import { place, type Placed } from "./originals.ts";
import { marked, readmes } from "./readme.ts";
import { Refusal } from "./refusal.ts";
import { Sums } from "./sums.ts";
import { Tables } from "./tables.ts";
import { compare, hex } from "./text.ts";
import { witnessed } from "./witnessed.ts";
import { Withholding, type Decisions } from "./withholding.ts";
import { Archive } from "./zip.ts";

const FORMAT = "tocsin.package/v1";
export const TOOL = `tocsin ${/^__version__ = "([^"]+)"$/m.exec(release)?.[1] ?? "?"}`;
const COMPARE =
  "Compare these keys with those that the witnesses and the node's people published before the recording. " +
  "Keys that came with a package show only that it agrees with itself.";
const MIMES: Record<string, string> = {
  txt: "text/plain; charset=utf-8", json: "application/json", jsonl: "application/jsonl", csv: "text/csv; charset=utf-8", webm: "video/webm",
  mp4: "video/mp4", ogg: "audio/ogg", mov: "video/quicktime", tsr: "application/timestamp-reply",
}; // prettier-ignore
const ROLES = [
  ["derivatives/", "derivative"],
  ["original/media-", "original"], ["original/import-", "original"], ["original/", "ciphertext"], ["certificates/", "certificate"],
  ["system/", "system"], ["log/", "log"], ["keys.json", "key"], ["custody.jsonl", "custody"], ["made.json", "custody"],
  ["chunks.csv", "table"], ["events.csv", "table"], ["capture.json", "table"], ["", "text"],
] as const; // prettier-ignore

export interface Wanted {
  readonly opened: Opened;
  readonly sealed: Sealed;
  readonly notes: readonly Note[];
  readonly log: LogSource;
  readonly decisions: Decisions;
  /** Unix seconds. */
  readonly madeAt: number;
  /** Seed of the custodian's Ed25519 key; without one nobody signs. */
  readonly custodianSeed?: Bytes | undefined;
  /** Where this is to be a scoped copy: what was made from the recording takes its place. */
  readonly copy?: Copy | undefined;
  /** Share that is done, 0 to 1. */
  readonly told?: (share: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What was made from the originals, for somebody who is not to have them. */
export interface Copy {
  /** Name in `derivatives/`. */
  readonly name: string;
  readonly content: Blob;
  /** What was done, in a sentence, and with what. */
  readonly changes: string;
  readonly method: string;
}

/** A file of the package: its sums, and its bytes when they are wanted. */
interface Member {
  readonly sums: Sums;
  /** Undefined for an original, whose bytes come from the second reading. */
  readonly content: (() => Iterable<Bytes> | AsyncIterable<Bytes>) | undefined;
}

interface Reading {
  readonly tables: Tables;
  readonly withholding: Withholding;
  readonly chunks: Sums;
  readonly files: Map<string, Sums>;
  readonly withheld: Set<number>;
  readonly first: FirstChunk;
  readonly lastLink: Bytes;
}

/** The bytes of the package. Rejects with `Refusal` before the first byte wherever it cannot be made, and with `stopped` when `signal` says so. */
export async function* makePackage(wanted: Wanted): AsyncGenerator<Bytes> {
  const { opened, notes, custodianSeed, madeAt } = wanted;
  const signer = custodianSeed && (await newSigner(custodianSeed));
  const covering = await cover(wanted.log, notes, signer?.publicKey, wanted.sealed.node);
  const reading = await readThrough(wanted, covering);
  reading.withholding.check();
  const facts = await factsOf(wanted, covering, reading, signer?.publicKey);
  const packageId = await packageIdOf(opened, madeAt, reading.lastLink);
  const members = await membersOf(wanted, covering, reading, facts, packageId, signer?.publicKey);
  if (wanted.copy) for (const [name, member] of await copied(wanted.copy, reading, facts)) members.set(name, member);
  else for (const [name, sums] of reading.files) members.set(name, { sums, content: undefined });
  const manifest = manifestOf(members, reading, facts, packageId, wanted.copy !== undefined);
  members.set("manifest.json", whole(manifest));
  if (signer) members.set("manifest.sig", whole(await signer.sign(join(utf8(`${FORMAT} manifest\n`), manifest))));
  yield* write(wanted, members);
}

/** Read the recording once. */
async function readThrough(wanted: Wanted, covering: Covering): Promise<Reading> {
  const { opened, notes, decisions } = wanted;
  const received = new Map(notes.filter(({ said }) => said["n"] === "chunk").map((note) => [numberIn(note, "q"), note] as const));
  const leaves = covering.leaves.map((leaf) => [leaf.seq, leaf.index] as const);
  const tables = new Tables(received, leaves, covering.receiptKeys, base64url(opened.header.recordingId));
  const [withholding, chunks, files, withheld] = [new Withholding(decisions), new Sums(), new Map<string, Sums>(), new Set<number>()];
  let first: FirstChunk | undefined;
  let lastLink: Bytes = new Uint8Array(0);
  for await (const placed of place(opened.seconds, withholding, wanted.copy !== undefined)) {
    await tables.take(placed);
    if (placed.isWithheld) withheld.add(placed.seq);
    chunks.add(framed(placed));
    if (placed.place) sumsOf(files, placed.place.name).add(placed.body);
    first ??= { length: placed.raw.length, link: placed.link, publicKey: opened.header.publicKey, receiptKey: tables.firstReceiptKey };
    lastLink = placed.link;
    step(wanted, (0.5 * placed.seq) / opened.seconds.places.length);
  }
  if (!first) throw new Refusal("recording_empty");
  return { tables, withholding, chunks, files, withheld, first, lastLink };
}

function sumsOf(files: Map<string, Sums>, name: string): Sums {
  const known = files.get(name) ?? new Sums();
  files.set(name, known);
  return known;
}

/** A chunk behind its length. Of one that is withheld: place, links and signature, and nothing that could ever be opened. */
function framed({ raw, link, isWithheld }: Pick<Placed, "raw" | "link" | "isWithheld">): Bytes {
  const shown = isWithheld ? join(raw.slice(0, 41), link, raw.slice(-64)) : raw;
  return join(bigEndian(shown.length, 4), shown);
}

async function membersOf(
  { opened, sealed, notes, copy }: Wanted, covering: Covering, reading: Reading, facts: Facts, packageId: string, custodian: Bytes | undefined,
): Promise<Map<string, Member>> { // prettier-ignore
  const { header } = opened;
  const { tables, withheld } = reading;
  const texts: [string, string][] = [
    ...readmes(facts),
    ["VERIFY.txt", marked(await instructions(covering, reading.first, header.recordingId, custodian), facts)],
    ...certificates(facts, packageId),
    ["retention.txt", marked(retention(sealed.node, notes.map(({ said }) => said).filter((said) => said["n"] === "act")), facts)],
    ["system/description.txt", marked(description, facts)],
    ["system/verify.py.txt", verifier],
  ];
  const values: [string, Value][] = [
    ["keys.json", keysOf(opened, reading)],
    ["made.json", { ...(await madeOf(notes, facts)), ...reading.withholding.inCustody, ...(copy && { scope: "copy" }) }],
    ["system/operation.json", await operation(sealed.node, notes, sealed.notes, covering)],
    ["system/versions.json", { format: FORMAT, node: sealed.node, tool: TOOL }],
  ];
  const members = new Map<string, Member>(texts.map(([name, text]) => [name, whole(utf8(text))]));
  for (const [name, value] of values) members.set(name, whole(dumps(value)));
  for (const [name, told] of sealed.system) members.set(`system/${name}`, whole(told ?? dumps({ told: "not stated by the node" })));
  members.set("capture.json", whole(tables.capture(fromElsewhere(tables.start, sealed.node, covering.announced))));
  members.set("chunks.csv", whole(tables.chunkRows));
  members.set("events.csv", whole(tables.eventRows));
  members.set("custody.jsonl", whole(join(...notes.flatMap(({ line }) => [line, utf8("\n")]))));
  members.set("original/header.bin", whole(header.raw));
  members.set("original/chunks.bin", { sums: reading.chunks, content: () => frames(opened, withheld) });
  for (const [name, content] of logMembers(covering)) members.set(name, whole(content));
  if (tables.receiptCount > 0) members.set("log/receipts.txt", whole(tables.receipts));
  return members;
}

async function* frames({ seconds }: Opened, withheld: ReadonlySet<number>): AsyncGenerator<Bytes> {
  for (const { seq, link } of seconds.places) yield framed({ raw: await seconds.raw(seq), link, isWithheld: withheld.has(seq) });
}

function* logMembers(covering: Covering): Generator<[string, Bytes]> {
  const { keys } = covering;
  yield ["log/announced.json", dumps(covering.announced as unknown as Value)];
  yield ["log/leaves.json", dumps(covering.leaves as unknown as Value)];
  yield ["log/consistency.json", dumps(covering.consistency as unknown as Value)];
  yield ["log/custodian.json", dumps(covering.custodian as unknown as Value)];
  yield ["log/keys.json", dumps({ compare: COMPARE, log: keys.log, receipts: [...keys.receipts], witnesses: [...keys.witnesses] })];
  for (const [size, note] of covering.checkpoints) yield [`log/checkpoints/${size}.txt`, note];
  for (const [size, tokens] of covering.tokens) {
    for (const token of tokens) yield [`log/timestamps/${timestampName(size, token.authority)}`, token.der];
  }
  if (covering.tokens.size === 0) yield ["log/timestamps/NONE.txt", utf8("MISSING: no timestamp authority signed a checkpoint of this package.\n")];
}

function keysOf({ header, keys, seconds }: Opened, { tables, withheld }: Reading): Value {
  const shown = seconds.places.map(({ seq }) => (withheld.has(seq) ? null : hex(seconds.keyOf(seq))));
  const opening: Record<string, Value> = withheld.size > 0 ? { base_nonce: hex(seconds.nonceStart), chunk_keys: shown } : { opening_key: hex(keys.openingKey) };
  return {
    algorithms: ["HKDF-SHA256", "AES-256-GCM", "Ed25519", "SHA-256", "age v1 X25519"],
    commitment: hex(header.commitment),
    ...opening,
    public_key: hex(header.publicKey),
    recipients: tables.start["recipients"] ?? [],
    recording: base64url(header.recordingId),
    salt: hex(header.salt),
  };
}

async function madeOf(notes: readonly Note[], facts: Facts): Promise<Record<string, Value>> {
  const last = notes.at(-1);
  return {
    actor: facts.custodian === null ? "reader" : "custodian",
    at: facts.madeAt,
    custody_count: notes.length,
    custody_head: hex(last ? await headOf(last) : new Uint8Array(32)),
    tool: TOOL,
  };
}

/** The copy and where it comes from: a line for each original, whose hash is that of a package made with the same decisions. */
async function copied(copy: Copy, reading: Reading, facts: Facts): Promise<[string, Member][]> {
  const [name, sums] = [`derivatives/${copy.name}`, new Sums()];
  for await (const part of piecesOf(copy.content)) sums.add(part);
  const operator = facts.custodian === null ? "reader" : `custodian ${facts.custodian}`;
  const lineage = mediaOf(reading).map(({ name: parent, sha256: parentSum }) => ({
    changes: copy.changes, made_at: facts.madeAt, method: copy.method, name, operator, parent, parent_sha256: parentSum, sha256: sums.told.sha256,
  })); // prettier-ignore
  return [
    [name, { sums, content: () => piecesOf(copy.content) }],
    ["derivatives/lineage.json", whole(dumps(lineage))],
  ];
}

async function* piecesOf(content: Blob): AsyncGenerator<Bytes> {
  const step = 1024 * 1024;
  for (let at = 0; at < content.size; at += step) yield new Uint8Array(await content.slice(at, at + step).arrayBuffer());
}

function mediaOf({ files }: Reading): { name: string; sha256: string }[] {
  return [...files].sort(([a], [b]) => compare(a, b)).map(([name, sums]) => ({ name, sha256: sums.told.sha256 }));
}

function manifestOf(members: ReadonlyMap<string, Member>, reading: Reading, facts: Facts, packageId: string, isCopy: boolean): Bytes {
  const files = inOrder(members.keys()).map((name) => ({
    mime: MIMES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
    name,
    role: ROLES.find(([start]) => name.startsWith(start))![1],
    ...members.get(name)!.sums.told,
    size: members.get(name)!.sums.size,
  }));
  return dumps({
    chunk_count: reading.tables.count,
    custodian: facts.custodian === null ? null : { key: facts.custodian, log_index: facts.custodianIndex },
    files,
    format: FORMAT,
    gaps: reading.tables.gaps,
    kind: facts.kind,
    made_at: facts.madeAt,
    media: facts.originals.map(({ name, sha256: sum }) => ({ name, sha256: sum })),
    package_id: packageId,
    recording: facts.recording,
    state: facts.isStopped ? "stopped" : "cut",
    tool: TOOL,
    ...(isCopy && { scope: { media: mediaOf(reading), withheld: reading.withheld.size } }),
    ...reading.withholding.inManifest(isCopy),
  });
}

async function factsOf({ opened, sealed, notes, madeAt, copy }: Wanted, covering: Covering, reading: Reading, custodian: Bytes | undefined): Promise<Facts> {
  const { tables, withholding } = reading;
  const chunkNotes = notes.filter(({ said }) => said["n"] === "chunk");
  // One that was made before the first second came has the header's link, and covers none.
  const leaves = covering.leaves.filter((leaf) => leaf.link !== base64(opened.header.link));
  const last = leaves.at(-1);
  const seen = last && (await witnessed(covering, last.tree_size));
  const started = tables.start["at"];
  return {
    recording: base64url(opened.header.recordingId),
    kind: String(tables.start["kind"] ?? "None"),
    isStopped: tables.isFinal,
    chunkCount: tables.count,
    lengthMs: tables.lastMs,
    continues: continuedBy(tables.start),
    startedMs: typeof started === "number" ? started : undefined,
    firstReceivedMs: chunkNotes[0] && numberIn(chunkNotes[0], "t"),
    lastReceivedMs: chunkNotes.length > 0 ? numberIn(chunkNotes.at(-1)!, "t") : undefined,
    receiptCount: tables.receiptCount,
    gaps: tables.gaps.map((gap) => [String(gap["reason"]), Number(gap["from_ms"]), Number(gap["until_ms"])] as const),
    originals: copy ? [] : mediaOf(reading).map((one) => ({ ...one, size: reading.files.get(one.name)!.size })),
    copy: copy?.name ?? null,
    leafCount: leaves.length,
    coveredSeq: last?.seq ?? null,
    lastBeat: last?.beat,
    witnesses: seen?.witnesses ?? [],
    timestamps: seen?.timestamps ?? [],
    custodian: custodian ? btoa(String.fromCharCode(...custodian)) : null,
    custodianIndex: covering.custodian?.index ?? null,
    madeAt,
    kept: withholding.count("keep"),
    muted: withholding.count("mute"),
    withheld: reading.withheld.size,
    isSample: sealed.node["pack_is_sample"] === true,
  };
}

/** Undefined where the phone named none, and for what no id looks like. */
function continuedBy(start: Readonly<Record<string, Value>>): readonly [string, number] | undefined {
  const { continues, continued_seq: seq } = start;
  return typeof continues === "string" && /^[A-Za-z0-9_-]{22}$/.test(continues) && typeof seq === "number" ? [continues, seq] : undefined;
}

/** The zip. Originals are opened again as they are written: nothing in clear is kept. */
async function* write(wanted: Wanted, members: ReadonlyMap<string, Member>): AsyncGenerator<Bytes> {
  const archive = new Archive();
  const media = originals(wanted);
  const total = [...members.values()].reduce((sum, { sums }) => sum + sums.size, 0);
  let written = 0;
  for (const name of inOrder(members.keys())) {
    const { sums, content } = members.get(name)!;
    for await (const part of archive.member(name, sums.size, sums.crc, content ? content() : media(name))) {
      written += part.length;
      step(wanted, Math.min(1, 0.5 + (0.5 * written) / total));
      yield part;
    }
  }
  yield archive.end();
}

/** The bodies of one original after the other: each is asked for in the order in which they lie. */
function originals({ opened, decisions }: Wanted): (name: string) => AsyncGenerator<Bytes> {
  const seconds = place(opened.seconds, new Withholding(decisions));
  let waiting: Placed | undefined;
  return async function* (name) {
    for (;;) {
      const next: Placed | undefined = waiting ?? ((await seconds.next()).value as Placed | undefined);
      waiting = undefined;
      if (!next) return;
      if (!next.place) continue;
      if (next.place.name !== name) {
        waiting = next;
        return;
      }
      yield next.body;
    }
  };
}

function step({ told, signal }: Wanted, share: number): void {
  if (signal?.aborted) throw new Refusal("stopped");
  told?.(share);
}

async function packageIdOf({ header }: Opened, madeAt: number, lastLink: Bytes): Promise<string> {
  const named = join(utf8("tocsin.package/v1 id\n"), header.recordingId, bigEndian(madeAt, 8), lastLink);
  return base64url((await sha256(named)).slice(0, 16));
}

function whole(content: Bytes): Member {
  return { sums: Sums.of(content), content: () => [content] };
}

/** README.txt, then by name. */
function inOrder(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => Number(a !== "README.txt") - Number(b !== "README.txt") || compare(a, b));
}
