/** Where the sealed bytes come from: a file that is whole, or a recording that still grows. Neither is ever in memory as a whole. */
import type { Bytes } from "../crypto/bytes.ts";

export interface ByteSource {
  /** Bytes that are there now. */
  readonly size: number;
  /** Whether nothing more will come. */
  readonly isWhole: boolean;
  slice(at: number, length: number): Promise<Bytes>;
}

/** A file on this device. */
export class WholeFile implements ByteSource {
  readonly isWhole = true;
  readonly #file: Blob;

  constructor(file: Blob) {
    this.#file = file;
  }

  get size(): number {
    return this.#file.size;
  }

  async slice(at: number, length: number): Promise<Bytes> {
    return new Uint8Array(await this.#file.slice(at, at + length).arrayBuffer());
  }
}

/** Bytes that arrive while they are read. Each piece becomes a Blob of its own, which the browser may put on its disk: they are sealed. */
export class Growing implements ByteSource {
  isWhole = false;
  size = 0;
  readonly #pieces: { readonly at: number; readonly blob: Blob }[] = [];

  append(piece: Uint8Array): void {
    this.#pieces.push({ at: this.size, blob: new Blob([piece as Bytes]) });
    this.size += piece.length;
    this.isWhole = false;
  }

  /** Nothing more is expected. A phone that comes back after a cut goes on all the same. */
  end(): void {
    this.isWhole = true;
  }

  async slice(at: number, length: number): Promise<Bytes> {
    const wanted = this.#pieces.filter((one) => one.at < at + length && one.at + one.blob.size > at);
    const parts = wanted.map((one) => one.blob.slice(Math.max(0, at - one.at), at + length - one.at));
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }
}
