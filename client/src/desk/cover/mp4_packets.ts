/**
 * What lies in an MP4 file of a recording, packet by packet, opened as it is read: as a browser records one, in fragments, or as a camera writes one, with all
 * its tables in one place.
 */
import type { Bytes } from "../../crypto/bytes.ts";
import { entryBefore } from "../media_index.ts";
import type { Reel } from "../reel.ts";
import { Fields } from "./mp4_boxes.ts";
import { samplesIn, samplesOf, type Sample } from "./mp4_samples.ts";
import { tracksIn, type Mp4Track } from "./mp4_tracks.ts";
import type { Film, Packet, Sound } from "./tracks.ts";

/** The tables of a film of some hours, and far more than those of a fragment. */
const LONGEST_BOX = 32 * 1024 * 1024;
const STEP_BYTES = 256 * 1024;
/** A picture from which a decoder can begin comes at least this often. */
const BEFORE_MS = 10_000;

export async function mp4Film(reel: Reel): Promise<Film | undefined> {
  const track = await trackOf(reel, true);
  return track && { codec: track.codec, description: track.description, turn: track.turn, packets: (fromMs, untilMs) => packets(reel, track, fromMs, untilMs) };
}

export async function mp4Sound(reel: Reel): Promise<Sound | undefined> {
  const track = await trackOf(reel, false);
  const voice = track?.voice;
  return track && voice && { codec: track.codec, description: track.description, voice, packets: (fromMs, untilMs) => packets(reel, track, fromMs, untilMs) };
}

async function trackOf(reel: Reel, isFilm: boolean): Promise<Mp4Track | undefined> {
  for await (const { kind, content } of topBoxes(reel, 0, ["moov"])) if (kind === "moov") return tracksIn(await content()).find((one) => one.isFilm === isFilm);
  return undefined;
}

async function* packets(reel: Reel, track: Mp4Track, fromMs: number, untilMs: number): AsyncGenerator<Packet> {
  const window = new Window(reel);
  const ms = (ticks: number): number => (ticks * 1000) / track.scale;
  for await (const sample of samples(reel, track, reel.toFile(Math.max(fromMs, reel.startMs)))) {
    if (reel.toRecording(ms(sample.decoded)) >= untilMs) return;
    const [fileMs, content] = [ms(sample.shown), await window.bytes(sample.at, sample.size)];
    if (content.length < sample.size) return; // cut in the middle
    yield { atMs: reel.toRecording(fileMs), fileMs, isKey: sample.isKey, content };
  }
}

/** Samples in the order in which they are decoded, from one at or before `fileMs` at which a decoder can begin. */
async function* samples(reel: Reel, track: Mp4Track, fileMs: number): AsyncGenerator<Sample> {
  const whole = samplesOf(track);
  const ticks = (fileMs * track.scale) / 1000;
  if (whole.length > 0) {
    const begin = whole.reduce((last, { isKey, shown }, i) => (isKey && shown <= ticks ? i : last), 0);
    return yield* whole.slice(begin);
  }
  const entry = reel.index && entryBefore(reel.index, fileMs - BEFORE_MS);
  for await (const { at, content } of topBoxes(reel, entry?.at ?? 0, ["moof"])) yield* samplesIn(await content(), at, track);
}

interface TopBox {
  readonly kind: string;
  /** Byte of the file. */
  readonly at: number;
  content(): Promise<Bytes>;
}

/** The boxes of a file from `from` on that are of these kinds; the others are stepped over, unread. */
async function* topBoxes(reel: Reel, from: number, kinds: readonly string[]): AsyncGenerator<TopBox> {
  for (let at = from; at + 8 <= reel.size; ) {
    const head = new Fields(await reel.bytes(at, 16));
    const isWide = head.u32(0) === 1;
    const size = isWide ? head.u64(8) : head.u32(0) || reel.size - at;
    const begin = isWide ? 16 : 8;
    if (size < begin) return;
    const [kind, place] = [head.name(4), at];
    if (kinds.includes(kind) && size <= LONGEST_BOX && place + size <= reel.size) {
      yield { kind, at: place, content: () => reel.bytes(place + begin, size - begin) };
    }
    at += size;
  }
}

/** Reads a file in large steps: each step opens the seconds it touches. */
class Window {
  readonly #reel: Reel;
  #at = 0;
  #held: Bytes = new Uint8Array(0);

  constructor(reel: Reel) {
    this.#reel = reel;
  }

  async bytes(at: number, length: number): Promise<Bytes> {
    if (at < this.#at || at + length > this.#at + this.#held.length) {
      this.#held = await this.#reel.bytes(at, Math.max(STEP_BYTES, length));
      this.#at = at;
    }
    return this.#held.slice(at - this.#at, at - this.#at + length);
  }
}
