/** A checkpoint that the pinned log signed and a pinned outside witness saw, and what is proven to stand under it. */
import { fromBase64, fromBase64url, type Bytes } from "./bytes.ts";
import { isIncluded, leafHash } from "./merkle.ts";
import { cosignedAt, isSigned, parseCheckpoint, parseNote, parseVkey, type Checkpoint } from "./note.ts";

/** What a client build trusts of a log; `GET /client-config`. */
export interface LogTrust {
  readonly log: string;
  readonly origin: string;
  readonly witnesses: readonly { readonly vkey: string; readonly outside: boolean }[];
}

/** An entry as a node shows it. */
export interface Shown {
  readonly entry: string;
  readonly index: number;
  readonly proof: readonly string[];
}

export interface Seen {
  readonly head: Checkpoint;
  readonly at: number;
}

export type HeadRefusal = "other_log" | "not_signed_by_the_log" | "no_outside_witness";

/** How far a node's clock and its witness's may be apart. What a beat says may be used no longer. */
export const SKEW_S = 3600;

/** A checkpoint that the pinned log signed, and when (Unix s) an outside witness last saw it. Rejects with `NoteMalformed`. */
export async function seenHead(checkpoint: string, trust: LogTrust): Promise<Seen | HeadRefusal> {
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

/** Whether an entry stands where it is said to stand. */
export async function isIn({ entry, index }: Shown, proof: readonly string[], head: Checkpoint): Promise<boolean> {
  const leaf = await leafHash(fromText(entry));
  return isIncluded(leaf, index, head.size, proof.map(fromText), head.root);
}

/** The spec says base64url; proofs copied from a log tool come as standard base64. Both are unambiguous. */
export function fromText(text: string): Bytes {
  return /[+/=]/.test(text) ? fromBase64(text) : fromBase64url(text.replace(/=+$/, ""));
}
