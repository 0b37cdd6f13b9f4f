/** Writes the strict kind of zip for members whose size and CRC-32 are known before (docs/spec/package.md). Keeps only the directory. */
import { join, utf8, type Bytes } from "../../crypto/bytes.ts";
import { crc32 } from "./sums.ts";

const LARGE = 0xffffffff;
const DAY_ONE = 33;
const UNIX = 0x300;
const [VERSION, VERSION_64] = [20, 45];
const PLAIN_FILE = 0o100644 * 0x10000;

interface Entry {
  readonly name: Bytes;
  readonly crc: number;
  readonly size: number;
  readonly at: number;
}

export class Archive {
  readonly #entries: Entry[] = [];
  #at = 0;

  /** Header and content. Throws when the content is not what was announced. */
  async *member(name: string, size: number, crc: number, content: AsyncIterable<Bytes> | Iterable<Bytes>): AsyncGenerator<Bytes> {
    const entry = { name: utf8(name), crc, size, at: this.#at };
    const header = localHeader(entry);
    yield header;
    let [found, written] = [0xffffffff, 0];
    for await (const part of content) {
      found = crc32(part, found);
      written += part.length;
      yield part;
    }
    if (~found >>> 0 !== crc || written !== size) throw new Error("a member changed between two readings");
    this.#entries.push(entry);
    this.#at += header.length + size;
  }

  end(): Bytes {
    const raw = join(...this.#entries.map(centralRecord));
    const [count, size, at] = [this.#entries.length, raw.length, this.#at];
    const end = join(utf8("PK\x05\x06"), u16(0, 0, count, count), u32(Math.min(size, LARGE), Math.min(at, LARGE)), u16(0));
    if (size < LARGE && at < LARGE) return join(raw, end);
    const wide = join(utf8("PK\x06\x06"), u64(44), u16(UNIX | VERSION_64, VERSION_64), u32(0, 0), u64(count, count, size, at));
    return join(raw, wide, utf8("PK\x06\x07"), u32(0), u64(at + size), u32(1), end);
  }
}

function localHeader({ name, crc, size }: Entry): Bytes {
  const extra = size >= LARGE ? join(u16(1, 16), u64(size, size)) : new Uint8Array(0);
  const short = Math.min(size, LARGE);
  const head = join(utf8("PK\x03\x04"), u16(extra.length ? VERSION_64 : VERSION, 0, 0, 0, DAY_ONE), u32(crc, short, short));
  return join(head, u16(name.length, extra.length), name, extra);
}

function centralRecord({ name, crc, size, at }: Entry): Bytes {
  const wide = [...(size >= LARGE ? [size, size] : []), ...(at >= LARGE ? [at] : [])];
  const extra = wide.length ? join(u16(1, 8 * wide.length), u64(...wide)) : new Uint8Array(0);
  const [version, short] = [wide.length ? VERSION_64 : VERSION, Math.min(size, LARGE)];
  const head = join(utf8("PK\x01\x02"), u16(UNIX | version, version, 0, 0, 0, DAY_ONE), u32(crc, short, short));
  return join(head, u16(name.length, extra.length, 0, 0, 0), u32(PLAIN_FILE, Math.min(at, LARGE)), name, extra);
}

function u16(...values: number[]): Bytes {
  return written(values, 2, (view, at, value) => view.setUint16(at, value, true));
}

function u32(...values: number[]): Bytes {
  return written(values, 4, (view, at, value) => view.setUint32(at, value, true));
}

function u64(...values: number[]): Bytes {
  return written(values, 8, (view, at, value) => view.setBigUint64(at, BigInt(value), true));
}

function written(values: number[], width: number, put: (view: DataView, at: number, value: number) => void): Bytes {
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => put(view, i * width, value));
  return bytes;
}
