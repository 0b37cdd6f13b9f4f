/** Proofs of RFC 6962 section 2.1, computed from tiles of 256 hashes (C2SP tlog-tiles). */
import type { Bytes } from "../../crypto/bytes.ts";
import { nodeHash } from "../../crypto/merkle.ts";
import type { LogSource } from "./log_source.ts";
import { Refusal } from "./refusal.ts";

const WIDTH = 256;
const HASH = 32;

export class Tree {
  readonly #source: LogSource;
  readonly #size: number;

  constructor(source: LogSource, size: number) {
    this.#source = source;
    this.#size = size;
  }

  /** Path from leaf `index` to the root. */
  inclusion(index: number): Promise<Bytes[]> {
    if (!(index >= 0 && index < this.#size)) throw new Refusal("custody_broken");
    return this.#path(index, 0, this.#size);
  }

  /** Proof that the first `old` leaves are unchanged. */
  async consistency(old: number): Promise<Bytes[]> {
    return old === 0 || old === this.#size ? [] : this.#subproof(old, 0, this.#size, true);
  }

  /** The entries of bundle `where`. */
  async entries(where: number): Promise<Bytes[]> {
    const width = Math.min(Math.max(this.#size - where * WIDTH, 0), WIDTH);
    const raw = await this.#file("entries", where, width);
    const found: Bytes[] = [];
    for (let at = 0; at + 2 <= raw.length; ) {
      const end = at + 2 + raw[at]! * 256 + raw[at + 1]!;
      found.push(raw.slice(at + 2, end));
      at = end;
    }
    if (found.length !== width) throw new Refusal("log_unreadable");
    return found;
  }

  async #path(index: number, low: number, high: number): Promise<Bytes[]> {
    if (high - low === 1) return [];
    const middle = low + split(high - low);
    if (index < middle) return [...(await this.#path(index, low, middle)), await this.#range(middle, high)];
    return [...(await this.#path(index, middle, high)), await this.#range(low, middle)];
  }

  async #subproof(old: number, low: number, high: number, isKnown: boolean): Promise<Bytes[]> {
    if (old === high) return isKnown ? [] : [await this.#range(low, high)];
    const middle = low + split(high - low);
    if (old <= middle) return [...(await this.#subproof(old, low, middle, isKnown)), await this.#range(middle, high)];
    return [...(await this.#subproof(old, middle, high, false)), await this.#range(low, middle)];
  }

  async #range(low: number, high: number): Promise<Bytes> {
    const count = high - low;
    const level = Math.round(Math.log2(count));
    if (2 ** level === count) return this.#node(level, low / count);
    const middle = low + split(count);
    return nodeHash(await this.#range(low, middle), await this.#range(middle, high));
  }

  /** The hash of the complete subtree of `2 ** level` leaves that begins at leaf `index * 2 ** level`. */
  async #node(level: number, index: number): Promise<Bytes> {
    const [tileLevel, height] = [Math.floor(level / 8), level % 8];
    const first = index * 2 ** height;
    const where = Math.floor(first / WIDTH);
    const hashes = Math.floor(this.#size / 2 ** (8 * tileLevel));
    const width = Math.min(Math.max(hashes - where * WIDTH, 0), WIDTH);
    const raw = await this.#file(String(tileLevel), where, width);
    if (raw.length !== width * HASH) throw new Refusal("log_unreadable");
    const offset = first % WIDTH;
    let row = Array.from({ length: 2 ** height }, (_, i) => raw.slice((offset + i) * HASH, (offset + i + 1) * HASH));
    while (row.length > 1) row = await Promise.all(row.filter((_, i) => i % 2 === 0).map((left, i) => nodeHash(left, row[2 * i + 1]!)));
    return row[0]!;
  }

  async #file(level: string, where: number, width: number): Promise<Bytes> {
    const found = await this.#source.file(`tile/${level}/${spelled(where)}${width === WIDTH ? "" : `.p/${width}`}`);
    if (!found) throw new Refusal("log_unreadable");
    return found;
  }
}

/** `x001/x234/067`. */
function spelled(index: number): string {
  const three = (value: number): string => String(value).padStart(3, "0");
  let text = three(index % 1000);
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) text = `x${three(rest % 1000)}/${text}`;
  return text;
}

/** The largest power of two smaller than `count`. */
function split(count: number): number {
  let found = 1;
  while (found * 2 < count) found *= 2;
  return found;
}
