/**
 * Where the fragments of an MP4 file begin (ISO/IEC 14496-12: moof boxes, as MediaRecorder writes them). A file without fragments, as a
 * camera writes it, has no place to begin but its start, and `entries` stays empty; its length is known all the same.
 */
import { join, type Bytes } from "../crypto/bytes.ts";
import type { Entry, MediaIndex } from "./media_index.ts";

/** The tables of a film of some hours. */
const LONGEST_READ = 32 * 1024 * 1024;

export class Mp4Index implements MediaIndex {
  readonly entries: Entry[] = [];
  initEnd = 0;
  lastMs = 0;
  hasPicture = false;
  isBroken = false;
  readonly type: string;
  #scales = new Map<number, number>();
  #rest: Bytes = new Uint8Array(0);
  #at = 0;
  #skip = 0;

  constructor(mime: string) {
    const [kind, codecs] = [mime.split(";")[0]!, /codecs="?([^";]+)/.exec(mime)?.[1]];
    this.type = `${kind}; codecs="${codecs ?? (kind.startsWith("audio") ? "mp4a.40.2" : "avc1.42E01E,mp4a.40.2")}"`;
  }

  push(bytes: Bytes): void {
    if (this.isBroken) return;
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    this.#at += skipped;
    let view = join(this.#rest, bytes.subarray(skipped));
    let taken = this.#box(view);
    while (taken > 0) {
      this.#at += Math.min(taken, view.length);
      this.#skip = Math.max(0, taken - view.length);
      view = view.subarray(taken) as Bytes;
      taken = this.#box(view);
    }
    this.#rest = view.slice();
  }

  #box(view: Bytes): number {
    if (view.length < 8) return 0;
    const { size: told, kind } = boxAt(view, 0);
    if (told === 1 && view.length < 16) return 0;
    const size = told === 1 ? u32(view, 8) * 2 ** 32 + u32(view, 12) : told;
    if (size < 8) {
      this.isBroken = true; // it reaches to the end: what we read never does
      return 0;
    }
    if (kind === "moov" || kind === "moof") {
      if (size > LONGEST_READ) this.isBroken = true;
      if (view.length < size || this.isBroken) return 0;
      const content = view.subarray(8, size);
      if (kind === "moov") this.#movie(content);
      else this.#fragment(content);
    }
    return size;
  }

  #movie(content: Uint8Array): void {
    for (const track of boxes(content, "trak")) {
      const header = first(track, "tkhd");
      const media = first(track, "mdia");
      const times = media && first(media, "mdhd");
      if (!header || !media || !times) continue;
      const number = u32(header, header[0] === 1 ? 20 : 12);
      this.#scales.set(number, u32(times, times[0] === 1 ? 20 : 12) || 1);
      const handled = first(media, "hdlr");
      if (handled && text(handled, 8) === "vide") this.hasPicture = true;
      if (!first(content, "mvex")) this.lastMs = Math.max(this.lastMs, (u32(times, times[0] === 1 ? 28 : 16) * 1000) / (this.#scales.get(number) ?? 1000));
    }
    this.initEnd = this.#at + content.length + 8;
  }

  #fragment(content: Uint8Array): void {
    const times = [...boxes(content, "traf")].map((one) => this.#startOf(one)).filter((ms) => ms !== undefined);
    if (times.length === 0) return;
    const ms = Math.min(...times);
    this.lastMs = Math.max(this.lastMs, ...times);
    this.entries.push({ at: this.#at, ms, isKey: true });
  }

  #startOf(part: Uint8Array): number | undefined {
    const [header, time] = [first(part, "tfhd"), first(part, "tfdt")];
    if (!header || !time) return undefined;
    const value = time[0] === 1 ? u32(time, 4) * 2 ** 32 + u32(time, 8) : u32(time, 4);
    return (value * 1000) / (this.#scales.get(u32(header, 4)) ?? 1000);
  }
}

function boxAt(view: Uint8Array, at: number): { size: number; kind: string } {
  return { size: u32(view, at), kind: text(view, at + 4) };
}

function* boxes(content: Uint8Array, wanted: string): Generator<Uint8Array> {
  for (let at = 0; at + 8 <= content.length; ) {
    const { size, kind } = boxAt(content, at);
    if (size < 8 || at + size > content.length) return;
    if (kind === wanted) yield content.subarray(at + 8, at + size);
    at += size;
  }
}

function first(content: Uint8Array, wanted: string): Uint8Array | undefined {
  return boxes(content, wanted).next().value ?? undefined;
}

function u32(view: Uint8Array, at: number): number {
  return at + 4 <= view.length ? new DataView(view.buffer, view.byteOffset).getUint32(at) : 0;
}

function text(view: Uint8Array, at: number): string {
  return String.fromCharCode(...view.subarray(at, at + 4));
}
