/** Reading MP4 boxes (ISO/IEC 14496-12) that are in memory whole. A box that says more than there is ends the list. */
import type { Bytes } from "../../crypto/bytes.ts";

export interface Box {
  readonly kind: string;
  readonly content: Bytes;
}

/** Big-endian numbers and names at places of a box; 0 and "" beyond its end. */
export class Fields {
  readonly bytes: Bytes;
  readonly #view: DataView;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Of a full box: 0 or 1. */
  get version(): number {
    return this.u8(0);
  }

  /** Of a full box: 24 bits. */
  get flags(): number {
    return this.u32(0) & 0xffffff;
  }

  u8(at: number): number {
    return this.bytes[at] ?? 0;
  }

  u16(at: number): number {
    return at + 2 <= this.length ? this.#view.getUint16(at) : 0;
  }

  u32(at: number): number {
    return at + 4 <= this.length ? this.#view.getUint32(at) : 0;
  }

  i32(at: number): number {
    return at + 4 <= this.length ? this.#view.getInt32(at) : 0;
  }

  u64(at: number): number {
    return this.u32(at) * 2 ** 32 + this.u32(at + 4);
  }

  name(at: number): string {
    return String.fromCharCode(...this.bytes.subarray(at, at + 4));
  }
}

export function* boxesIn(content: Bytes, from = 0): Generator<Box> {
  const fields = new Fields(content);
  for (let at = from; at + 8 <= content.length; ) {
    const size = fields.u32(at) || content.length - at;
    if (size < 8 || at + size > content.length) return;
    yield { kind: fields.name(at + 4), content: content.subarray(at + 8, at + size) };
    at += size;
  }
}

/** The first box down a path of kinds; undefined where there is none. */
export function boxAt(content: Bytes, ...path: readonly string[]): Fields | undefined {
  let found: Bytes | undefined = content;
  for (const kind of path) found = found && [...boxesIn(found)].find((box) => box.kind === kind)?.content;
  return found && new Fields(found);
}
