/** Merkle tree proofs of a log: RFC 6962 section 2.1, checked as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say. Nothing throws: false means no. */
import { isSame, join, sha256, type Bytes } from "./bytes.ts";

/** Hash of a leaf: 0x00 before the entry, so that no leaf can pass for a node. */
export function leafHash(entry: Uint8Array): Promise<Bytes> {
  return sha256(join(new Uint8Array([0]), entry));
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes> {
  return sha256(join(new Uint8Array([1]), left, right));
}

/** Whether `leaf` (its hash) is number `index` of the tree of `size` leaves with this root. */
export async function isIncluded(leaf: Uint8Array, index: number, size: number, proof: Uint8Array[], root: Uint8Array): Promise<boolean> {
  if (!areCounts(index, size) || index >= size || !areHashes([leaf, ...proof])) return false;
  let [place, last] = [index, size - 1];
  let hash: Uint8Array = leaf;
  for (const beside of proof) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      hash = await nodeHash(beside, hash);
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      hash = await nodeHash(hash, beside);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && isSame(hash, root);
}

/** Whether the tree of `size1` leaves is the beginning of the tree of `size2`. Size 0 is never proved. */
export async function isConsistent(size1: number, size2: number, proof: Uint8Array[], root1: Uint8Array, root2: Uint8Array): Promise<boolean> {
  if (!areCounts(size1, size2) || size1 < 1 || size1 > size2 || !areHashes(proof)) return false;
  if (size1 === size2) return proof.length === 0 && isSame(root1, root2);
  let [place, last] = [size1 - 1, size2 - 1];
  while (place % 2 === 1) [place, last] = [half(place), half(last)];
  const path = place === 0 ? [root1, ...proof] : [...proof];
  const start = path.shift();
  if (!start) return false;
  let [old, fresh] = [start, start];
  for (const beside of path) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      [old, fresh] = [await nodeHash(beside, old), await nodeHash(beside, fresh)];
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      fresh = await nodeHash(fresh, beside);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && isSame(old, root1) && isSame(fresh, root2);
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function areCounts(...values: number[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && value >= 0);
}

function areHashes(hashes: Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === 32);
}
