/**
 * Privacy Pass tokens of type 0x0005 in batches, as `tocsin/crypto/tokens.py` issues them: VOPRF(ristretto255, SHA-512), RFC 9497.
 *
 * `ask` makes the request and keeps what unblinds the answer; `finish` checks the issuer's proof and gives the tokens. Whoever issued them cannot
 * tell which token came of which request.
 */
import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { isSame, join, type Bytes } from "./bytes.ts";

const { voprf } = ristretto255_oprf;
const TYPE = new Uint8Array([0, 5]);
const ELEMENT_BYTES = 32;
const PROOF_BYTES = 64;
const BATCH_MOST = 256;

/** The answer is malformed, or was not made with the key that everybody else has. */
export class AnswerRefused extends Error {}

export interface Asked {
  /** Body for the issuer. */
  readonly request: Bytes;
  readonly publicKey: Bytes;
  readonly items: readonly { readonly input: Bytes; readonly blind: Uint8Array; readonly blinded: Uint8Array }[];
}

/** A request for `count` tokens (1 to 256) for one challenge. */
export function ask(publicKey: Bytes, challengeDigest: Bytes, count: number, random: (length: number) => Uint8Array = fresh): Asked {
  if (count < 1 || count > BATCH_MOST) throw new RangeError("1 to 256 tokens");
  const keyId = sha256(publicKey);
  const items = Array.from({ length: count }, () => {
    const input = join(TYPE, random(32), challengeDigest, keyId);
    return { input, ...voprf.blind(input, (length) => random(length ?? 32)) };
  });
  const elements = join(...items.map((item) => item.blinded));
  return { request: join(TYPE, keyId.subarray(-1), length(elements.length), elements), publicKey, items };
}

/** The tokens, 162 bytes each. Throws `AnswerRefused`. */
export function finish(asked: Asked, answer: Bytes): Bytes[] {
  const size = asked.items.length * ELEMENT_BYTES;
  const head = length(size);
  if (answer.length !== head.length + size + PROOF_BYTES || !isSame(answer.subarray(0, head.length), head)) throw new AnswerRefused("length");
  const items = asked.items.map((item, at) => ({
    ...item,
    evaluated: answer.subarray(head.length + at * ELEMENT_BYTES, head.length + (at + 1) * ELEMENT_BYTES),
  }));
  try {
    const made = voprf.finalizeBatch(items, asked.publicKey, answer.subarray(-PROOF_BYTES));
    return made.map((authenticator, at) => join(asked.items[at]!.input, authenticator));
  } catch (error) {
    throw new AnswerRefused("proof", { cause: error });
  }
}

/** RFC 9000 section 16, for what a batch can be. */
function length(size: number): Bytes {
  return size < 64 ? new Uint8Array([size]) : new Uint8Array([0x40 | (size >> 8), size & 0xff]);
}

function fresh(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}
