/**
 * Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature), read only.
 * Text from a note means nothing until a signature by a key the reader already trusts has been verified.
 */
import { verifyEd25519 } from "./asymmetric.ts";
import { fromBase64, fromBigEndian, isSame, join, sha256, utf8, type Bytes } from "./bytes.ts";

export const KIND = { ed25519: 1, cosignature: 4 } as const;

export class NoteMalformed extends Error {}

export interface VerifierKey {
  readonly name: string;
  readonly kind: number;
  readonly publicKey: Bytes;
  readonly keyId: Bytes;
}

export interface Note {
  /** With its final LF. */
  readonly text: string;
  readonly signatures: readonly { name: string; keyId: Bytes; raw: Bytes }[];
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

/** The key of `<name>+<key id hex>+<base64(kind | public key)>`. Rejects with `NoteMalformed`. */
export async function parseVkey(text: string): Promise<VerifierKey> {
  const parts = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text);
  if (!parts) throw new NoteMalformed("not a verifier key");
  const [, name, keyId, material] = parts as unknown as [string, string, string, string];
  const raw = strictBase64(material);
  const told = hexBytes(keyId);
  const computed = (await sha256(join(utf8(`${name}\n`), raw))).slice(0, 4);
  if (raw.length < 2 || !isSame(told, computed)) throw new NoteMalformed("the key id is not this key's");
  return { name, kind: raw[0]!, publicKey: raw.slice(1), keyId: told };
}

/** The note in `whole`. Throws `NoteMalformed`. Nothing is verified. */
export function parseNote(whole: string): Note {
  const end = whole.lastIndexOf("\n\n");
  if (end < 0 || !whole.endsWith("\n") || /[\0-\x09\x0b-\x1f]/.test(whole)) throw new NoteMalformed("not a note");
  const lines = whole.slice(end + 2, -1).split("\n");
  if (lines.length > 64) throw new NoteMalformed("too many signatures");
  return { text: whole.slice(0, end + 1), signatures: lines.map(parseLine) };
}

/** Whether `key` (an Ed25519 note key) signed the note. */
export async function isSigned(note: Note, key: VerifierKey): Promise<boolean> {
  if (key.kind !== KIND.ed25519) return false;
  for (const { raw } of linesOf(note, key)) {
    if (await verifyEd25519(key.publicKey, raw, utf8(note.text))) return true;
  }
  return false;
}

/** The time (Unix s) at which `key` (an Ed25519 witness) cosigned the note; undefined when it did not. */
export async function cosignedAt(note: Note, key: VerifierKey): Promise<number | undefined> {
  if (key.kind !== KIND.cosignature) return undefined;
  for (const { raw } of linesOf(note, key)) {
    const time = fromBigEndian(raw.subarray(0, 8));
    const message = utf8(`cosignature/v1\ntime ${time}\n${note.text}`);
    if (raw.length === 72 && (await verifyEd25519(key.publicKey, raw.subarray(8), message))) return time;
  }
  return undefined;
}

/** The tree head that a note's text states. Throws `NoteMalformed`. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root] = text.split("\n");
  if (!origin || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? "") || !root) throw new NoteMalformed("not a checkpoint");
  return { origin, size: Number(size), root: strictBase64(root) };
}

function parseLine(line: string): { name: string; keyId: Bytes; raw: Bytes } {
  const parts = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
  if (!parts) throw new NoteMalformed("not a signature line");
  const bytes = strictBase64(parts[2]!);
  if (bytes.length < 5) throw new NoteMalformed("signature too short");
  return { name: parts[1]!, keyId: bytes.slice(0, 4), raw: bytes.slice(4) };
}

function linesOf(note: Note, key: VerifierKey): Note["signatures"] {
  return note.signatures.filter((line) => line.name === key.name && isSame(line.keyId, key.keyId));
}

export function hexBytes(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function strictBase64(text: string): Bytes {
  try {
    return fromBase64(text);
  } catch {
    throw new NoteMalformed("not base64");
  }
}
