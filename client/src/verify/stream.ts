/** One member, read once from its first byte to its last, and hashed on the way. */
import { sha256 as newSha256, sha512 as newSha512 } from "@noble/hashes/sha2.js";
import { join, type Bytes } from "../crypto/bytes.ts";
import { hex } from "./read_json.ts";
import { Unreadable, Wrong } from "./report.ts";
import { slice, type Member } from "./zip.ts";

const BLOCK = 1024 * 1024;
/** No member that is read whole may be longer. */
const MOST_WHOLE = 64 * 1024 * 1024;
const LF = 10;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export interface Sums {
  readonly crc: number;
  readonly sha256: string;
  readonly sha512: string;
}

export class MemberStream {
  /** Bytes not yet read. */
  left: number;
  readonly #file: Blob;
  readonly #name: string;
  readonly #short = newSha256.create();
  readonly #long = newSha512.create();
  #crc = 0xffffffff;
  #next: number;
  readonly #end: number;
  #block: Bytes = new Uint8Array(0);
  #offset = 0;

  constructor(file: Blob, member: Member) {
    this.#file = file;
    this.#name = member.name;
    this.left = member.size;
    this.#next = member.start;
    this.#end = member.start + member.size;
  }

  /** The next `count` bytes, fewer at the end. */
  async read(count: number): Promise<Bytes> {
    const parts: Uint8Array[] = [];
    let missing = Math.min(count, this.left);
    while (missing > 0) {
      if (this.#offset === this.#block.length) await this.#fill();
      const part = this.#block.subarray(this.#offset, this.#offset + missing);
      parts.push(part);
      this.#offset += part.length;
      missing -= part.length;
      this.left -= part.length;
    }
    return parts.length === 1 ? (parts[0] as Bytes) : join(...parts);
  }

  /** The next line without its LF. Throws `Wrong` for one that has none or is too long. */
  async line(): Promise<Bytes> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      if (this.#offset === this.#block.length) {
        if (this.left === 0) throw new Wrong("malformed", this.#name);
        await this.#fill();
      }
      const end = this.#block.indexOf(LF, this.#offset);
      const part = await this.read((end >= 0 ? end + 1 : this.#block.length) - this.#offset);
      parts.push(part);
      length += part.length;
      if (end >= 0) return join(...parts).slice(0, -1);
      if (length > BLOCK) throw new Wrong("malformed", this.#name);
    }
  }

  async whole(): Promise<Bytes> {
    if (this.left > MOST_WHOLE) throw new Wrong("malformed", this.#name);
    return this.read(this.left);
  }

  /** Sums of the whole member; reads what nobody asked for. */
  async finish(): Promise<Sums> {
    while (this.left > 0) await this.read(BLOCK);
    return { crc: ~this.#crc >>> 0, sha256: hex(this.#short.digest()), sha512: hex(this.#long.digest()) };
  }

  async #fill(): Promise<void> {
    this.#block = await slice(this.#file, this.#next, Math.min(BLOCK, this.#end - this.#next));
    this.#offset = 0;
    if (this.#block.length === 0) throw new Unreadable("the file ended while it was read");
    this.#next += this.#block.length;
    this.#short.update(this.#block);
    this.#long.update(this.#block);
    let crc = this.#crc;
    for (const byte of this.#block) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]!;
    this.#crc = crc;
  }
}
