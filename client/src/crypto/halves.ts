/** A secret of whose parts any two give it back and one says nothing: Shamir over GF(2^8), as the node splits it (crypto/halves.py). */
import type { Bytes } from "./bytes.ts";

/** The two parts are not of one secret: of one number, or of unequal length. */
export class HalvesWrong extends Error {}

/** The secret of two parts. Throws `HalvesWrong`. */
export function joinHalves(one: Uint8Array, other: Uint8Array): Bytes {
  const [first, second] = [one[0] ?? 0, other[0] ?? 0];
  if (first === second || first === 0 || second === 0 || one.length !== other.length) throw new HalvesWrong();
  const share = inverse(first ^ second);
  const found = new Uint8Array(one.length - 1);
  for (let at = 0; at < found.length; at += 1) {
    const [x, y] = [one[at + 1]!, other[at + 1]!];
    found[at] = x ^ times(first, times(share, x ^ y));
  }
  return found;
}

/** The product modulo x^8 + x^4 + x^3 + x + 1. */
function times(one: number, other: number): number {
  let [found, factor] = [0, one];
  for (let bit = 0; bit < 8; bit += 1) {
    if ((other >> bit) & 1) found ^= factor;
    factor = (factor << 1) ^ (factor >> 7 ? 0x11b : 0);
  }
  return found;
}

function inverse(one: number): number {
  let found = 1;
  for (let step = 0; step < 254; step += 1) found = times(found, one);
  return found;
}
