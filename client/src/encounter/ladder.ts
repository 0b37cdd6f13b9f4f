/**
 * The bitrate ladder: what is recorded when the network cannot carry it. Pure: measures in, rung out.
 *
 * A step changes what follows, never what was recorded. Down: when what waits to be sent grows beyond `BACKLOG_MS`, to the highest rung that
 * the measured rate carries. Up: after `CALM_MS` without backlog, to the highest rung that the rate carries well. While nothing at all gets
 * through there is no rate to judge by; video then goes down to `LOST_FLOOR` (less to catch up later) but not to sound alone.
 * Seconds of sound are so small that on a line with a long way they measure the way and not the line: then picture is tried (`Trying`).
 */
import type { LineHint } from "../phone/device.ts";

export interface Rung {
  readonly mode: "video" | "audio";
  /** Bits a second of picture, 0 for sound alone. */
  readonly video: number;
  readonly audio: number;
}

export const LADDER: readonly Rung[] = [
  { mode: "video", video: 800_000, audio: 32_000 },
  { mode: "video", video: 400_000, audio: 32_000 },
  { mode: "video", video: 200_000, audio: 32_000 },
  { mode: "video", video: 100_000, audio: 32_000 },
  { mode: "audio", video: 0, audio: 32_000 },
  { mode: "audio", video: 0, audio: 16_000 },
];

export const BACKLOG_MS = 3_000;
export const CALM_MS = 15_000;
/** A rung must have run this long before its backlog says anything about it. */
export const SETTLE_MS = 3_000;
/** Picture is tried after so long without backlog, and twice as late after each try that failed. */
export const TRY_MS = 30_000;
export const LATEST_TRY_MS = 8 * 60_000;
const LOST_FLOOR = 2;
/** Padding, framing and requests around the recorder's own bits. */
const DOWN_MARGIN = 1.25;
const UP_MARGIN = 1.8;

export interface Measures {
  /** Milliseconds recorded and not yet receipted. */
  readonly backlogMs: number;
  /** Bits a second that requests lately achieved; undefined before the first. */
  readonly achieved: number | undefined;
  readonly isLost: boolean;
  /** Milliseconds since the last step. */
  readonly sinceStepMs: number;
  /** Milliseconds since the backlog was last above `BACKLOG_MS`. */
  readonly calmMs: number;
  /** `Trying.afterMs`. */
  readonly tryAfterMs: number;
}

/** How long sound alone has to run calmly before picture is tried without a rate that says so. */
export class Trying {
  afterMs = TRY_MS;
  #since: number | undefined;

  /** Told of each step. A try has failed when sound alone came back within `TRY_MS`. */
  stepped(from: number, to: number, now: number): void {
    const audio = firstRung("audio");
    if (from >= audio && to < audio) this.#since = now;
    if (from >= audio || to < audio || this.#since === undefined) return;
    this.afterMs = now - this.#since < TRY_MS ? Math.min(this.afterMs * 2, LATEST_TRY_MS) : TRY_MS;
  }
}

/** Bits a second of a rung. */
export function bitsOf(rung: Rung): number {
  return rung.video + rung.audio;
}

/** The highest rung of a mode. */
export function firstRung(mode: "video" | "audio"): number {
  return LADDER.findIndex((rung) => rung.mode === mode);
}

/** The nearest rung that can be recorded on: no picture without a camera, no sound alone without a microphone. */
export function possible(rung: number, { hasCamera, hasMicrophone }: { hasCamera: boolean; hasMicrophone: boolean }): number {
  const audio = firstRung("audio");
  if (!hasCamera) return Math.max(rung, audio);
  return hasMicrophone ? rung : Math.min(rung, audio - 1);
}

/**
 * Where to begin. What was recorded must be sent, in order, so a first second that is too large delays every other: without a hint begin in
 * the middle of video, and go up when the line has shown that it carries more.
 */
export function startRung(mode: "video" | "audio", hint: LineHint = {}): number {
  if (mode === "audio") return firstRung("audio");
  if (hint.effectiveType?.endsWith("2g")) return 3;
  if (hint.effectiveType === "3g" || hint.saveData) return 2;
  return (hint.downlink ?? 0) >= 3 ? 0 : 1;
}

/** The rung to be on, given the one we are on and the highest one allowed (audio only when there is no camera). */
export function chooseRung(current: number, highest: number, measures: Measures): number {
  if (measures.sinceStepMs < SETTLE_MS) return current;
  if (measures.backlogMs > BACKLOG_MS) return stepDown(current, measures);
  const { achieved = 0, calmMs, tryAfterMs } = measures;
  const carried = LADDER.findIndex((rung, i) => i >= highest && bitsOf(rung) * UP_MARGIN <= achieved);
  if (calmMs >= CALM_MS && carried >= 0 && carried < current) return carried;
  const least = firstRung("audio") - 1;
  return current > least && highest <= least && calmMs >= tryAfterMs ? least : current;
}

function stepDown(current: number, { achieved, isLost }: Measures): number {
  if (isLost) return Math.max(current, Math.min(current + 1, LOST_FLOOR));
  const last = LADDER.length - 1;
  if (achieved === undefined) return Math.min(current + 1, last);
  // The line carries this rung: what waits is from before, and is being caught up.
  const carried = LADDER.findIndex((rung, i) => i >= current && bitsOf(rung) * DOWN_MARGIN <= achieved);
  return carried < 0 ? last : carried;
}
