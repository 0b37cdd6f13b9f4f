/**
 * The seconds of a recording on this device: read once from the first to the last, each checked (order, link, signature, decryption,
 * padding), and from then on opened one by one when somebody wants to see it. What is kept of a second is where it lies and its key: some
 * hundred bytes. Its content is never kept.
 */
import { ratchet } from "../crypto/hkdf.ts";
import { wipe, type Bytes } from "../crypto/bytes.ts";
import { checkChunk, decrypt, LABEL, nonceOf, parseChunk, StreamError, unpackInner, type Header, type Inner } from "../crypto/stream.ts";
import type { Keys } from "./keys.ts";
import type { ByteSource } from "./source.ts";

/** No item is longer than a chunk: 1 MiB and its frame. */
const LONGEST = 1024 * 1024 + 1024;
const WINDOW = 1024 * 1024;
const KEY_BYTES = 32;
const BEFORE_CIPHERTEXT = 41;

/** Where a second lies and what it is. `at` is the place of the chunk behind its length. */
export interface Place {
  readonly seq: number;
  readonly at: number;
  readonly length: number;
  readonly type: number;
  readonly monotonicMs: number;
  readonly isFinal: boolean;
  readonly link: Bytes;
}

/** A second that was just checked. `raw` and `body` live only as long as whoever hears of it keeps them. */
export interface Second extends Place {
  readonly raw: Bytes;
  readonly body: Bytes;
  readonly previousLink: Bytes;
}

export class Seconds {
  readonly header: Header;
  readonly places: Place[] = [];
  /** Why reading stopped before the end; undefined while all that is there was good. */
  fault: string | undefined;
  readonly #source: ByteSource;
  readonly #nonceStart: Bytes;
  #chainKey: Bytes;
  #link: Bytes;
  #next = 0;
  #keys = new Uint8Array(KEY_BYTES * 1024);
  #window: { at: number; bytes: Bytes } = { at: 0, bytes: new Uint8Array(0) };

  constructor(header: Header, keys: Keys, source: ByteSource) {
    this.header = header;
    this.#source = source;
    this.#nonceStart = keys.nonceStart;
    this.#chainKey = keys.chainKey.slice();
    this.#link = header.link;
  }

  get isFinal(): boolean {
    return this.places.at(-1)?.isFinal ?? false;
  }

  /** How many bytes of the source are behind us. */
  get done(): number {
    return this.#next;
  }

  /**
   * Every second that is there and was not read yet, in order. Ends at what is not whole yet (it may still come: ask again), and for good
   * at the first second that is not what was sealed; `fault` then says why.
   */
  async *read(): AsyncGenerator<Second> {
    while (this.fault === undefined && !this.isFinal) {
      const found = await this.#frame();
      if (!found) return;
      const second = await this.#check(found.at, found.raw);
      if (!second) return;
      this.#next = found.at + found.raw.length;
      yield second;
    }
    if (this.fault === undefined && this.#source.size > this.#next) this.fault = "after_final";
  }

  /** Open a second that was read before. Rejects with `chunk_unopenable` where the file has changed since. */
  async open(seq: number): Promise<Inner> {
    const raw = await this.raw(seq);
    const key = this.#keys.slice(seq * KEY_BYTES, (seq + 1) * KEY_BYTES);
    const plain = await decrypt(key, nonceOf(this.#nonceStart, seq), raw.slice(BEFORE_CIPHERTEXT, -64), raw.slice(0, BEFORE_CIPHERTEXT));
    return unpackInner(plain);
  }

  /** The chunk as the node keeps it. */
  async raw(seq: number): Promise<Bytes> {
    const place = this.places[seq];
    if (!place) throw new StreamError("chunk_malformed");
    return this.#source.slice(place.at, place.length);
  }

  /** The key of one second alone: it opens no other. */
  keyOf(seq: number): Bytes {
    return this.#keys.slice(seq * KEY_BYTES, (seq + 1) * KEY_BYTES);
  }

  /** More may still come: it is being recorded, or not all of it was read yet. */
  get mayGrow(): boolean {
    return !this.#source.isWhole;
  }

  get nonceStart(): Bytes {
    return this.#nonceStart.slice();
  }

  /** Drop every key. */
  forget(): void {
    wipe(this.#keys, this.#chainKey, this.#nonceStart, this.#window.bytes);
  }

  async #frame(): Promise<{ at: number; raw: Bytes } | undefined> {
    const head = await this.#bytes(this.#next, 4);
    if (!head) return this.#short();
    const length = new DataView(head.buffer, head.byteOffset, 4).getUint32(0);
    if (length > LONGEST) return this.#stop("chunk_malformed");
    const raw = await this.#bytes(this.#next + 4, length);
    return raw ? { at: this.#next + 4, raw } : this.#short();
  }

  /** Fewer bytes than a frame needs: it is on its way, or the file was cut short. */
  #short(): undefined {
    if (this.#source.isWhole && this.#source.size > this.#next) this.fault = "cut_short";
    return undefined;
  }

  #stop(fault: string): undefined {
    this.fault = fault;
    return undefined;
  }

  async #check(at: number, raw: Bytes): Promise<Second | undefined> {
    try {
      const chunk = await parseChunk(raw);
      if (chunk.seq !== this.places.length) throw new StreamError("link_wrong");
      await checkChunk(this.header, chunk, this.#link);
      const { key, next } = await ratchet(this.#chainKey, LABEL, "chunk");
      const inner = unpackInner(await decrypt(key, nonceOf(this.#nonceStart, chunk.seq), chunk.ciphertext, raw.slice(0, BEFORE_CIPHERTEXT)));
      this.#keep(chunk.seq, key);
      wipe(this.#chainKey, key);
      this.#chainKey = next;
      this.#link = chunk.link;
      const { seq, isFinal, link } = chunk;
      const place = { seq, at, length: raw.length, type: inner.type, monotonicMs: inner.monotonicMs, isFinal, link };
      this.places.push(place);
      return { ...place, raw, body: inner.body, previousLink: chunk.previousLink };
    } catch (error) {
      return this.#stop(error instanceof StreamError ? error.code : "unreadable");
    }
  }

  #keep(seq: number, key: Bytes): void {
    if ((seq + 1) * KEY_BYTES > this.#keys.length) {
      const larger = new Uint8Array(this.#keys.length * 2);
      larger.set(this.#keys);
      wipe(this.#keys);
      this.#keys = larger;
    }
    this.#keys.set(key, seq * KEY_BYTES);
  }

  /** Bytes by way of a window, so that a file is read in large steps; undefined where they are not there. */
  async #bytes(at: number, length: number): Promise<Bytes | undefined> {
    if (at + length > this.#source.size) return undefined;
    if (at < this.#window.at || at + length > this.#window.at + this.#window.bytes.length) {
      const size = Math.min(Math.max(WINDOW, length), this.#source.size - at);
      this.#window = { at, bytes: await this.#source.slice(at, size) };
    }
    return this.#window.bytes.slice(at - this.#window.at, at - this.#window.at + length);
  }
}
