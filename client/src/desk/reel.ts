/** One media file of a recording as it lies in its seconds: which second holds which bytes, and at what time it stands in the recording. */
import { join, type Bytes } from "../crypto/bytes.ts";
import { indexFor, type MediaIndex } from "./media_index.ts";
import type { Seconds } from "./seconds.ts";

interface Piece {
  readonly seq: number;
  /** Where its bytes begin in the file. */
  readonly at: number;
  readonly length: number;
}

interface Pause {
  readonly fromMs: number;
  readonly untilMs: number;
}

export class Reel {
  /** When it began, milliseconds since the recording began. */
  readonly startMs: number;
  readonly mime: string;
  readonly index: MediaIndex | undefined;
  /** Whether nothing more comes. */
  isClosed = false;
  size = 0;
  /** When its last bytes were handed over, milliseconds since the recording began. */
  handedMs: number;
  readonly #seconds: Seconds;
  readonly #pieces: Piece[] = [];
  readonly #pauses: Pause[] = [];

  constructor(seconds: Seconds, mime: string, startMs: number) {
    this.#seconds = seconds;
    this.startMs = this.handedMs = startMs;
    // Only a film or a sound becomes an object of the page: a type of any other kind could make the browser show a document.
    this.mime = /^(video|audio)\//.test(mime) ? mime : "video/webm";
    this.index = indexFor(this.mime);
  }

  add(seq: number, body: Bytes, monotonicMs: number): void {
    this.#pieces.push({ seq, at: this.size, length: body.length });
    this.size += body.length;
    this.isClosed = false;
    this.handedMs = Math.max(this.handedMs, monotonicMs);
    this.index?.push(body);
  }

  /** Whether so much of it is there that a player can begin: of a stream, its head and the beginning of what it shows. */
  get isReady(): boolean {
    return this.index === undefined || this.index.entries.length > 0 || this.index.isBroken || this.isClosed;
  }

  close(): void {
    this.isClosed = true;
  }

  /** The recorder's own time stands still in a pause; the recording's does not. */
  addPause(fromMs: number, untilMs: number): void {
    if (untilMs > fromMs) this.#pauses.push({ fromMs, untilMs });
  }

  /** Its end as far as it is known, milliseconds since the recording began. */
  get endMs(): number {
    return this.index && this.index.lastMs > 0 ? this.toRecording(this.index.lastMs) : this.handedMs;
  }

  /** Time of the recording for a time of this file. */
  toRecording(fileMs: number): number {
    let at = this.startMs + fileMs;
    for (const pause of this.#pauses) if (at >= pause.fromMs) at += pause.untilMs - pause.fromMs;
    return at;
  }

  /** Time of this file for a time of the recording; in a pause, that at which the pause began. */
  toFile(recordingMs: number): number {
    let stood = 0;
    for (const pause of this.#pauses) stood += Math.max(0, Math.min(recordingMs, pause.untilMs) - pause.fromMs);
    return Math.max(0, recordingMs - this.startMs - stood);
  }

  /** Bytes of the file from `at` on, opened now: all that is there of `length`. */
  async bytes(at: number, length: number): Promise<Bytes> {
    const end = Math.min(at + length, this.size);
    const parts: Bytes[] = [];
    for (let i = this.#pieceAt(at); i < this.#pieces.length && this.#pieces[i]!.at < end; i++) {
      const piece = this.#pieces[i]!;
      const { body } = await this.#seconds.open(piece.seq);
      parts.push(body.slice(Math.max(0, at - piece.at), end - piece.at));
    }
    return join(...parts);
  }

  /** Its bytes one second after the other. */
  async *whole(): AsyncGenerator<Bytes> {
    for (const piece of this.#pieces) yield (await this.#seconds.open(piece.seq)).body;
  }

  #pieceAt(at: number): number {
    let [low, high] = [0, this.#pieces.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#pieces[middle]!.at <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
