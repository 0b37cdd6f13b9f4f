/** Size, CRC-32, SHA-256 and SHA-512 of bytes as they pass. */
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { hex } from "./text.ts";

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export class Sums {
  size = 0;
  #crc = 0xffffffff;
  readonly #short = sha256.create();
  readonly #long = sha512.create();
  #told: { sha256: string; sha512: string } | undefined;

  static of(content: Uint8Array): Sums {
    const sums = new Sums();
    sums.add(content);
    return sums;
  }

  add(part: Uint8Array): void {
    this.size += part.length;
    this.#crc = crc32(part, this.#crc);
    this.#short.update(part);
    this.#long.update(part);
  }

  get crc(): number {
    return ~this.#crc >>> 0;
  }

  /** Nothing can be added after it was asked. */
  get told(): { sha256: string; sha512: string } {
    this.#told ??= { sha256: hex(this.#short.digest()), sha512: hex(this.#long.digest()) };
    return this.#told;
  }
}

/** The running value of CRC-32 (before its last inversion) after `part`. */
export function crc32(part: Uint8Array, before: number): number {
  let crc = before;
  for (const byte of part) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff]!;
  return crc;
}
