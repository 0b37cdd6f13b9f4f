/**
 * Where the log of a recording is read from: the completed export itself, or what a node serves to anybody. What a source says is not believed:
 * proofs are computed from its tiles, and a wrong tile gives a proof that a verifier refuses.
 */
import type { Bytes } from "../../crypto/bytes.ts";
import { parseCheckpoint, parseNote } from "../../crypto/note.ts";
import { Refusal } from "./refusal.ts";

const MOST_BYTES = 16 * 1024 * 1024;

export interface LogKeys {
  /** Null: no log was read. */
  readonly log: string | null;
  readonly receipts: readonly string[];
  readonly witnesses: readonly string[];
}

export interface Token {
  readonly authority: string;
  readonly der: Bytes;
}

/** Everything a package needs of a log, by name below `/log/`; `desk-keys` counts as one of them. */
export interface LogSource {
  keys(): Promise<LogKeys>;
  /** Undefined where the source has none of that name. */
  file(name: string): Promise<Bytes | undefined>;
}

/** The log inside a completed sealed export; in one that was not completed, nothing. */
export class KeptLog implements LogSource {
  readonly #files: ReadonlyMap<string, Blob>;
  readonly #newest: number;

  constructor(files: ReadonlyMap<string, Blob>) {
    this.#files = files;
    const sizes = [...files.keys()].flatMap((name) => /^checkpoints\/([0-9]+)\.txt$/.exec(name)?.[1] ?? []);
    this.#newest = Math.max(0, ...sizes.map(Number));
  }

  get isEmpty(): boolean {
    return !this.#files.has("keys.json");
  }

  async keys(): Promise<LogKeys> {
    const raw = this.#files.get("keys.json");
    const told = raw ? (parsed(await raw.text()) as Partial<LogKeys>) : {};
    return { log: told.log ?? null, receipts: told.receipts ?? [], witnesses: told.witnesses ?? [] };
  }

  async file(name: string): Promise<Bytes | undefined> {
    const blob = this.#files.get(this.#kept(name));
    return blob && new Uint8Array(await blob.arrayBuffer());
  }

  #kept(name: string): string {
    if (name === "checkpoint") return `checkpoints/${this.#newest}.txt`;
    if (name.startsWith("beats/")) return `checkpoints/${name.slice(6)}.txt`;
    return name === "desk-keys" || name.startsWith("timestamps/") ? `${name}.json` : name;
  }
}

/** The log of a node, by its address. Asking tells the node which entries are asked for, and nothing else. */
export class NodeLog implements LogSource {
  readonly #address: string;
  readonly #asked = new Map<string, Promise<Bytes | undefined>>();

  /** `address`: scheme and host; "" for the node that served this page. */
  constructor(address = "") {
    this.#address = address;
  }

  async keys(): Promise<LogKeys> {
    const raw = await this.#get("/client-config");
    if (!raw) throw new Refusal("log_unreadable");
    const told = parsed(new TextDecoder().decode(raw)) as { log?: string; receipt_key?: string; witnesses?: { vkey: string }[] };
    if (!told.log || !Array.isArray(told.witnesses)) throw new Refusal("log_unreadable");
    return { log: told.log, receipts: told.receipt_key ? [told.receipt_key] : [], witnesses: told.witnesses.map((one) => String(one.vkey)) };
  }

  file(name: string): Promise<Bytes | undefined> {
    const known = this.#asked.get(name) ?? this.#get(name === "desk-keys" ? "/desk-keys" : `/log/${name}`);
    this.#asked.set(name, known);
    return known;
  }

  async #get(path: string): Promise<Bytes | undefined> {
    const answer = await fetch(this.#address + path, { credentials: "omit", redirect: "error" }).catch(() => undefined);
    if (answer?.status === 404) return undefined;
    if (!answer?.ok) throw new Refusal("log_unreadable");
    const content = new Uint8Array(await answer.arrayBuffer());
    if (content.length > MOST_BYTES) throw new Refusal("log_unreadable");
    return content;
  }
}

/** Tree size of a checkpoint note. Throws `Refusal`. */
export function sizeOf(note: Uint8Array): number {
  try {
    return parseCheckpoint(parseNote(new TextDecoder().decode(note)).text).size;
  } catch {
    throw new Refusal("log_unreadable");
  }
}

/** The timestamps of the checkpoint of `size`. */
export async function tokensOf(source: LogSource, size: number): Promise<Token[]> {
  const raw = await source.file(`timestamps/${size}`);
  if (!raw) return [];
  const told = parsed(new TextDecoder().decode(raw)) as { tokens?: { tsa: string; token: string }[] };
  if (!Array.isArray(told.tokens)) throw new Refusal("log_unreadable");
  return told.tokens.map(({ tsa, token }) => ({ authority: String(tsa), der: Uint8Array.from(atob(token), (letter) => letter.charCodeAt(0)) }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal("log_unreadable");
  }
}
