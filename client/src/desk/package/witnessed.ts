/** Who outside the node saw a tree, for the README's sentences. A verifier judges anew, under keys from outside. */
import { verifyEd25519 } from "../../crypto/asymmetric.ts";
import { bigEndian, fromBigEndian, isSame, join, utf8, type Bytes } from "../../crypto/bytes.ts";
import { parseCheckpoint, parseNote, parseVkey, type Note, type VerifierKey } from "../../crypto/note.ts";
import type { Covering } from "./covering.ts";

const ED25519 = 4;

export interface Seen {
  /** Name, and when it signed (Unix s), the first first. */
  readonly witnesses: readonly (readonly [string, number])[];
  readonly timestamps: readonly string[];
}

/** Who signed a tree of at least `size` entries, as the package's own keys tell. */
export async function witnessed(covering: Covering, size: number): Promise<Seen> {
  const times = new Map<string, number>();
  const keys = await Promise.all(covering.keys.witnesses.map(parseVkey));
  for (const [held, raw] of covering.checkpoints) {
    if (held < size) continue;
    for (const [name, time] of await signedBy(raw, keys)) times.set(name, Math.min(time, times.get(name) ?? time));
  }
  const authorities = [...covering.tokens].flatMap(([held, tokens]) => (held >= size ? tokens.map((token) => token.authority) : []));
  return { witnesses: [...times].sort((a, b) => a[1] - b[1]), timestamps: [...new Set(authorities)].sort() };
}

/** When each witness signed one checkpoint, by its name. */
export async function signedBy(checkpoint: Bytes, keys: readonly VerifierKey[]): Promise<Map<string, number>> {
  const [note, times] = [parseNote(new TextDecoder().decode(checkpoint)), new Map<string, number>()];
  for (const key of keys) {
    const time = await cosigned(note, key);
    if (time !== undefined) times.set(key.name, Math.min(time, times.get(key.name) ?? time));
  }
  return times;
}

/** When `key` cosigned the note; undefined when it did not, or when any line that claims to be its is wrong. */
async function cosigned(note: Note, key: VerifierKey): Promise<number | undefined> {
  const lines = note.signatures.filter((line) => line.name === key.name && isSame(line.keyId, key.keyId));
  const times: number[] = [];
  for (const { raw } of lines) {
    const time = fromBigEndian(raw.subarray(0, 8));
    if (!(time > 0) || !(await isRight(note, key, raw, time))) return undefined;
    times.push(time);
  }
  return times.length > 0 ? Math.min(...times) : undefined;
}

async function isRight(note: Note, key: VerifierKey, raw: Bytes, time: number): Promise<boolean> {
  const signature = raw.subarray(8);
  if (key.kind === ED25519) return verifyEd25519(key.publicKey, signature, utf8(`cosignature/v1\ntime ${time}\n${note.text}`));
  const head = parseCheckpoint(note.text);
  if (note.text.split("\n").length > 4) return false; // extension lines would stand unsigned beside what is signed
  const short = (text: string): Bytes => join(new Uint8Array([utf8(text).length]), utf8(text));
  const tree = join(new Uint8Array(8), bigEndian(head.size, 8), head.root);
  const message = join(utf8("subtree/v1\n\0"), short(key.name), raw.subarray(0, 8), short(head.origin), tree);
  const { ml_dsa44 } = await import("@noble/post-quantum/ml-dsa.js");
  try {
    return ml_dsa44.verify(signature, message, key.publicKey);
  } catch {
    return false;
  }
}
