/**
 * What happened to a recording: the custody notes the node sealed to it (docs/spec/custody.md), opened with the key that only its readers
 * derive. Notes of chunks and beats are passed over; acts are what a person asks about.
 */
import { x25519, x25519Public } from "../crypto/asymmetric.ts";
import { fromBigEndian, join, utf8, wipe, type Bytes } from "../crypto/bytes.ts";
import { loads, type Value } from "../crypto/canonical.ts";
import { hkdf, ratchet } from "../crypto/hkdf.ts";
import { items } from "./items.ts";

export interface Act {
  /** Unix ms, by the node's clock. */
  readonly at: number;
  /** `phone`, `owner`, `node`, `lawyer:<key id>` or `steward:<key id>`. */
  readonly actor: string;
  readonly action: string;
}

const LABEL = utf8("tocsin.custody/v1");
const HEAD = 36;
const SESSION_LIMIT = 4096;

interface Session {
  next: number;
  chainKey: Bytes;
}

/** A note as it was before it was sealed: its exact bytes, and what they say. */
export interface Note {
  readonly line: Bytes;
  readonly said: Record<string, Value>;
}

/** Every note in `notes.bin`, in order. Rejects when one does not open: the node sealed it to somebody else, or it was changed. */
export async function* openNotes(notes: Blob, custodySeed: Bytes, recordingId: Bytes): AsyncGenerator<Note> {
  const sessions = new Map<string, Session>();
  const own = await x25519Public(custodySeed);
  for await (const { item } of items(notes)) {
    const line = await openNote(item, sessions, custodySeed, own, recordingId);
    yield { line, said: loads(line) as Record<string, Value> };
  }
}

/** Every act in `notes.bin`, in order. Rejects as `openNotes` does. */
export async function acts(notes: Blob, custodySeed: Bytes, recordingId: Bytes): Promise<Act[]> {
  const found: Act[] = [];
  for await (const { said } of openNotes(notes, custodySeed, recordingId)) {
    if (said["n"] === "act") found.push({ at: Number(said["at"]), actor: String(said["actor"]), action: String(said["action"]) });
  }
  return found;
}

async function openNote(raw: Bytes, sessions: Map<string, Session>, seed: Bytes, own: Bytes, id: Bytes): Promise<Bytes> {
  const ephemeral = raw.slice(0, 32);
  const number = fromBigEndian(raw.subarray(32, HEAD));
  if (number >= SESSION_LIMIT) throw new RangeError("note out of its session");
  const session = sessions.get(ephemeral.join()) ?? { next: 0, chainKey: await firstKey(ephemeral, seed, own, id) };
  sessions.set(ephemeral.join(), session);
  let key: Bytes | undefined;
  for (; session.next <= number; session.next += 1) {
    const step = await ratchet(session.chainKey, LABEL, "note");
    wipe(session.chainKey);
    session.chainKey = step.next;
    key = step.key;
  }
  if (!key) throw new RangeError("note comes twice");
  return unpadded(await decrypt(key, raw, id));
}

async function firstKey(ephemeral: Bytes, seed: Bytes, own: Bytes, id: Bytes): Promise<Bytes> {
  const shared = await x25519(seed, ephemeral);
  return hkdf(shared, join(ephemeral, own), join(LABEL, utf8(" session"), id), 32);
}

async function decrypt(raw: Bytes, note: Bytes, id: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const additionalData = join(note.subarray(0, HEAD), id);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12), additionalData }, key, note.slice(HEAD)));
}

function unpadded(plain: Bytes): Bytes {
  let end = plain.length;
  while (end > 0 && plain[end - 1] === 0) end -= 1;
  return plain.slice(0, end);
}
