/** The chain of heads over custody.jsonl (docs/spec/custody.md), a line at a time. */
import { base64, join, sha256, type Bytes } from "../crypto/bytes.ts";
import { canonical, need, type Json } from "./read_json.ts";
import { Wrong } from "./report.ts";
import type { Leaf } from "./leaf.ts";
import type { Signatures } from "./signatures.ts";

const SKEW = 60;

export class Custody {
  /** Leaves that no `leaf` note has told of yet. */
  readonly leaves: Leaf[];
  head: Bytes = new Uint8Array(32);
  count = 0;
  chunks = 0;
  /** From this note on, nothing is under a leaf. */
  underLeaf = 0;
  readonly #isLogless: boolean;
  readonly #received: readonly (readonly [string, string, Bytes])[];
  readonly #signed: Signatures;
  readonly #beats: readonly (readonly [number, number])[];
  readonly #time = { chunk: 0, act: 0, beat: 0 };
  #beat: { note: Json; head: Bytes; number: number } | undefined;
  #cursor = 0;

  /**
   * `received`: the last columns of chunks.csv, and the link. `beats`: of each leaf the newest chunk under it, and its beat. `isLogless`: a package
   * made without a log has no leaf to compare with.
   */
  constructor(
    leaves: readonly Leaf[],
    received: readonly (readonly [string, string, Bytes])[],
    beats: readonly (readonly [number, number])[],
    signed: Signatures,
    isLogless: boolean,
  ) {
    this.leaves = [...leaves];
    this.#received = received;
    this.#signed = signed;
    this.#isLogless = isLogless;
    this.#beats = beats;
  }

  /** When the last of what is noted happened, Unix seconds. */
  get newest(): number {
    const { chunk, act, beat } = this.#time;
    return Math.max(Math.floor(chunk / 1000), Math.floor(act / 1000), beat);
  }

  /** Throws `Wrong`. */
  async take(line: Bytes): Promise<void> {
    const where = `note ${this.count}`;
    const note = need(canonical(line, where), { ints: "i", texts: "n" });
    if (note["i"] !== this.count) throw new Wrong("number", where);
    const kinds: Record<string, (note: Json, where: string) => void> = {
      chunk: this.#chunk,
      act: this.#act,
      beat: this.#takeBeat,
      leaf: this.#leaf,
    };
    const kind = String(note["n"]);
    if (!Object.hasOwn(kinds, kind)) throw new Wrong("malformed", where);
    kinds[kind]!.call(this, note, where);
    await this.#signed.take(note, this.head, kind === "chunk" ? this.#received[note["q"] as number]?.[2] : undefined, where);
    this.head = await sha256(join(this.head, line));
    this.count += 1;
  }

  #forward(kind: "chunk" | "act" | "beat", time: number, where: string): void {
    if (time < this.#time[kind]) throw new Wrong("time_back", where);
    this.#time[kind] = time;
  }

  #chunk(note: Json, where: string): void {
    need(note, { ints: "q t b", texts: "k" });
    const [seq, time] = [note["q"] as number, note["t"] as number];
    if (seq !== this.chunks) throw new Wrong("chunk_notes", where);
    this.chunks += 1;
    this.#forward("chunk", time, where);
    const told = this.#received[seq];
    if (told && (told[0] !== String(time) || told[1] !== String(note["b"]))) throw new Wrong("receipt_time", where);
    while (this.#cursor < this.#beats.length && this.#beats[this.#cursor]![0] < seq) this.#cursor += 1;
    const earliest = this.#cursor > 0 ? this.#beats[this.#cursor - 1]![1] : 0;
    if (time < (earliest - SKEW) * 1000) throw new Wrong("receipt_time", where);
  }

  #act(note: Json, where: string): void {
    need(note, { ints: "at", texts: "actor action reason" });
    this.#forward("act", note["at"] as number, where);
  }

  #takeBeat(note: Json, where: string): void {
    need(note, { ints: "beat seq", texts: "link salt" });
    this.#forward("beat", note["beat"] as number, where);
    this.#beat = { note, head: this.head, number: this.count };
  }

  /** The leaf note of the newest beat note, and the next leaf of log/leaves.json, are one thing. */
  #leaf(note: Json, where: string): void {
    need(note, { ints: "beat leaf size", flags: "late" });
    if (this.#isLogless) return;
    const leaf = this.leaves.shift();
    const beat = this.#beat;
    this.#beat = undefined;
    if (!beat || !leaf) throw new Wrong("leaf_notes", where);
    const told = [note["leaf"], note["size"], note["beat"], beat.note["beat"], beat.note["seq"], beat.note["link"], beat.note["salt"]];
    const known = [leaf.index, leaf.tree_size, leaf.beat, leaf.beat, leaf.seq, leaf.link, leaf.salt];
    if (told.some((value, i) => value !== known[i])) throw new Wrong("leaf_notes", where);
    if (leaf.custody_head !== base64(beat.head)) throw new Wrong("head", where);
    this.underLeaf = beat.number;
  }
}
