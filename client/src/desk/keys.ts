/** What whoever can open the envelope derives from it: the keys of every second and of the node's notes (docs/spec/recording.md). */
import { isSame, join, utf8, wipe, type Bytes } from "../crypto/bytes.ts";
import { openWith } from "../crypto/envelope.ts";
import { hkdf } from "../crypto/hkdf.ts";
import { LABEL, StreamError, type Header } from "../crypto/stream.ts";

const KEY_BYTES = 32;

export interface Keys {
  /** What a package shows: it opens every second and gives no say over the recording on the node. */
  readonly openingKey: Bytes;
  readonly chainKey: Bytes;
  readonly nonceStart: Bytes;
  readonly custodySeed: Bytes;
}

/** Unwrap with an age identity. Rejects when the envelope is not for it, with `StreamError` `commitment_wrong` for a key of another recording. */
export async function unwrap(identity: string, wraps: Uint8Array, header: Header): Promise<Keys> {
  const envelope = await openWith(identity, wraps);
  const recordingKey = envelope.slice(0, KEY_BYTES);
  try {
    return await keysOf(recordingKey, header);
  } finally {
    wipe(envelope, recordingKey);
  }
}

async function keysOf(recordingKey: Bytes, header: Header): Promise<Keys> {
  const bound = join(header.recordingId, header.publicKey);
  const openingKey = await hkdf(recordingKey, header.salt, join(LABEL, utf8(" open"), bound), KEY_BYTES);
  const seen = await hkdf(openingKey, header.salt, join(LABEL, bound), 76);
  if (!isSame(seen.subarray(44), header.commitment)) throw new StreamError("commitment_wrong");
  const own = await hkdf(recordingKey, header.salt, join(LABEL, utf8(" owner"), bound), 64);
  const keys = { openingKey, chainKey: seen.slice(0, 32), nonceStart: seen.slice(32, 44), custodySeed: own.slice(0, 32) };
  wipe(seen, own);
  return keys;
}

/** The first age identity in the text of an identity file; undefined where there is none. */
export function identityIn(text: string): string | undefined {
  return text.split(/\r?\n/).map((line) => line.trim()).find((line) => line.startsWith("AGE-SECRET-KEY-1"));
}
