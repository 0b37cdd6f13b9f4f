/**
 * Which of the legal desk's keys may be sealed to (docs/spec/http.md, GET /desk-keys).
 *
 * A node that was taken over could list a key of its own. So a key counts only when the log holds it, under a checkpoint that the pinned log
 * key signed and a pinned witness outside the node cosigned, and only when such a witness saw it there a day ago (rule 19): time enough for
 * somebody to notice. Refusing is never an error here: the recording is then sealed to the person alone, and says so.
 */
import { fromBase64, fromBase64url, utf8, type Bytes } from "./bytes.ts";
import { loads } from "./canonical.ts";
import { isIncluded, leafHash } from "./merkle.ts";
import { cosignedAt, isSigned, parseCheckpoint, parseNote, parseVkey, type Checkpoint } from "./note.ts";

/** What a client build trusts; `GET /client-config`. */
export interface Trust {
  readonly log: string;
  readonly origin: string;
  readonly witnesses: readonly { readonly vkey: string; readonly outside: boolean }[];
  /** How long a key waits after an outside witness saw it. Under a day only where the pack is a sample. */
  readonly desk_wait_s?: number;
  readonly sample?: boolean;
}

/** The body of `GET /desk-keys`. */
export interface DeskKeys {
  readonly origin: string;
  readonly desk: string;
  readonly checkpoint: string;
  readonly keys: readonly Listed[];
}

export interface Listed {
  readonly entry: string;
  readonly index: number;
  readonly proof: readonly string[];
  /** The first checkpoint with this entry that an outside witness cosigned, and the entry's proof under it. */
  readonly since: { readonly checkpoint: string; readonly proof: readonly string[] } | null;
}

export type Refusal =
  | "list_malformed"
  | "other_log"
  | "not_signed_by_the_log"
  | "no_outside_witness"
  | "too_old"
  | "entry_malformed"
  | "not_in_the_log"
  | "not_yet_valid"
  | "too_new"
  | "removed";

export interface Proven {
  /** age recipients, each once. */
  readonly keys: readonly string[];
  readonly refused: readonly { readonly reason: Refusal; readonly name?: string }[];
}

/** A list kept for use without network is trusted this long after an outside witness saw it: a removed key must die on every phone. */
export const LIST_LIFE_S = 30 * 24 * 3600;

/** Rule 19: how long a lawyer's key waits in the log, whatever a node says. */
export const WAIT_S = 24 * 3600;

const ENTRY_TYPE = "tocsin.leaf/v1 desk-key\n";

interface Entry {
  act: "add" | "remove";
  age: string;
  name: string;
  notBefore: number;
  index: number;
}

/** The keys of `list` that are proven at `nowS` (Unix s), and why others are not. Never rejects. */
export async function provenKeys(list: DeskKeys, trust: Trust, nowS: number): Promise<Proven> {
  const head = await newestHead(list, trust, nowS).catch((): Refusal => "list_malformed");
  if (typeof head === "string") return { keys: [], refused: [{ reason: head }] };
  const waited = nowS - (trust.sample ? (trust.desk_wait_s ?? WAIT_S) : Math.max(trust.desk_wait_s ?? 0, WAIT_S));
  const keys = new Set<string>();
  const refused: { reason: Refusal; name?: string }[] = [];
  const entries = list.keys.map(parseEntry);
  for (const [place, entry] of entries.entries()) {
    if (entry?.act === "remove") continue;
    const listed = list.keys[place]!;
    const reason = entry
      ? ((await refusal(entry, listed, head, nowS, entries)) ?? (await tooNew(listed, trust, waited).catch((): Refusal => "too_new")))
      : "entry_malformed";
    if (!reason) keys.add(entry!.age);
    else refused.push(entry ? { reason, name: entry.name } : { reason });
  }
  return { keys: [...keys], refused };
}

async function newestHead(list: DeskKeys, trust: Trust, nowS: number): Promise<Checkpoint | Refusal> {
  if (!Array.isArray(list.keys)) return "list_malformed";
  const seen = await seenHead(list.checkpoint, trust);
  if (typeof seen === "string") return seen;
  return nowS - seen.at > LIST_LIFE_S ? "too_old" : seen.head;
}

/** Why a key has not waited long enough: an outside witness must have seen it before `waited` (Unix s). */
async function tooNew(listed: Listed, trust: Trust, waited: number): Promise<Refusal | undefined> {
  if (!listed.since) return "too_new";
  const seen = await seenHead(listed.since.checkpoint, trust);
  if (typeof seen === "string") return seen;
  const leaf = await leafHash(fromText(listed.entry));
  const isThere = await isIncluded(leaf, listed.index, seen.head.size, listed.since.proof.map(fromText), seen.head.root);
  if (!isThere) return "not_in_the_log";
  return seen.at > waited ? "too_new" : undefined;
}

/** A checkpoint that the pinned log signed, and when (Unix s) an outside witness last saw it. */
async function seenHead(checkpoint: string, trust: Trust): Promise<{ head: Checkpoint; at: number } | Refusal> {
  const note = parseNote(checkpoint);
  const head = parseCheckpoint(note.text);
  const log = await parseVkey(trust.log);
  if (head.origin !== trust.origin || log.name !== trust.origin) return "other_log";
  if (!(await isSigned(note, log))) return "not_signed_by_the_log";
  let seenAt = -1;
  for (const witness of trust.witnesses) {
    const key = witness.outside ? await parseVkey(witness.vkey).catch(() => undefined) : undefined;
    if (key) seenAt = Math.max(seenAt, (await cosignedAt(note, key)) ?? -1);
  }
  return seenAt < 0 ? "no_outside_witness" : { head, at: seenAt };
}

async function refusal(
  entry: Entry,
  listed: Listed,
  head: Checkpoint,
  nowS: number,
  all: readonly (Entry | undefined)[],
): Promise<Refusal | undefined> {
  const leaf = await leafHash(fromText(listed.entry));
  const proof = listed.proof.map(fromText);
  if (!(await isIncluded(leaf, entry.index, head.size, proof, head.root))) return "not_in_the_log";
  // A listed removal counts without its proof: leaving it out would serve a hostile node as well as a false one would.
  if (all.some((other) => other?.act === "remove" && other.age === entry.age && other.index > entry.index)) return "removed";
  return entry.notBefore > nowS ? "not_yet_valid" : undefined;
}

function parseEntry(listed: Listed): Entry | undefined {
  try {
    const raw = fromText(listed.entry);
    const start = utf8(ENTRY_TYPE);
    if (!start.every((byte, i) => raw[i] === byte) || !listed.proof.every((hash) => fromText(hash))) return undefined;
    const { act, age, desk, name, not_before: notBefore } = loads(raw.subarray(start.length)) as Record<string, unknown>;
    const isKnown = (act === "add" || act === "remove") && typeof age === "string" && typeof name === "string" && desk === "legal";
    if (!isKnown || !age.startsWith("age1") || !Number.isInteger(notBefore)) return undefined;
    return { act, age, name, notBefore: notBefore as number, index: listed.index };
  } catch {
    return undefined;
  }
}

/** The spec says base64url; proofs copied from a log tool come as standard base64. Both are unambiguous. */
function fromText(text: string): Bytes {
  return /[+/=]/.test(text) ? fromBase64(text) : fromBase64url(text.replace(/=+$/, ""));
}
