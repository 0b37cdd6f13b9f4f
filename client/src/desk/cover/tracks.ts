/** What can be taken out of the media files of a recording, whatever kind of file each is. */
import type { Bytes } from "../../crypto/bytes.ts";
import type { Opened } from "../opened.ts";
import type { Reel } from "../reel.ts";
import { webmFilm, webmSound } from "./blocks.ts";
import { mp4Film, mp4Sound } from "./mp4_packets.ts";
import type { Turn } from "./mp4_tracks.ts";

export interface Packet {
  /** Milliseconds since the recording began. */
  readonly atMs: number;
  /** Milliseconds since the file began. */
  readonly fileMs: number;
  readonly isKey: boolean;
  readonly content: Bytes;
}

interface Track {
  /** WebCodecs' name. */
  readonly codec: string;
  readonly description: Bytes | undefined;
  /** In the order in which they are decoded, from a place at or before `fromMs` at which a decoder can begin. */
  packets(fromMs: number, untilMs: number): AsyncGenerator<Packet>;
}

export interface Film extends Track {
  /** How far to the right a picture is to be turned to stand upright. */
  readonly turn: Turn;
}

export interface Sound extends Track {
  /** As Opus is told: for a sound of another kind, once it was made into that. */
  readonly voice: Voice;
}

/** How a sound is to be told to a decoder: Opus' own head (RFC 7845). */
export interface Voice {
  readonly head: Bytes;
  readonly rate: number;
  readonly channels: number;
}

/** The files and when each is shown: where one begins, the one before is over. */
export function reelsOf({ reels }: Opened): { reel: Reel; fromMs: number; untilMs: number }[] {
  const all = reels.filter(({ size }) => size > 0);
  return all.map((reel, i) => ({ reel, fromMs: reel.startMs, untilMs: Math.min(reel.endMs + 1, all[i + 1]?.startMs ?? Infinity) }));
}

/** Undefined where there is none that can be read here. */
export function filmOf(reel: Reel): Promise<Film | undefined> {
  return isWebm(reel) ? webmFilm(reel) : mp4Film(reel);
}

/** Undefined where there is none that can be read here. */
export function soundOf(reel: Reel): Promise<Sound | undefined> {
  return isWebm(reel) ? webmSound(reel) : mp4Sound(reel);
}

function isWebm({ mime }: Reel): boolean {
  return /^(audio|video)\/webm/.test(mime);
}
