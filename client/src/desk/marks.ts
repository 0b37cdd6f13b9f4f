/**
 * What stands on a recording's time line, in order: its beginning and end, declared gaps, time of which nothing is there, talks, events, new
 * media files. The same list draws the bar and is read aloud, so that neither says more than the other.
 */
import { TYPE } from "../crypto/stream.ts";
import type { Opened, Told } from "./opened.ts";

export interface Mark {
  readonly kind: "begin" | "end" | "live" | "cut" | "broken" | "gap" | "absent" | "call" | "event";
  /** Milliseconds since the recording began. */
  readonly atMs: number;
  /** Where it lasts: until when. A call that nobody ended lasts to the end. */
  readonly untilMs?: number;
  /** Which sentence tells it, under `play.`. */
  readonly key: string;
  readonly number?: number;
}

export interface Call {
  /** From 1. */
  readonly number: number;
  readonly beginSeq: number;
  readonly endSeq: number | undefined;
  readonly fromMs: number;
  readonly untilMs: number | undefined;
}

/** Media that come this much later than the ones before leave time of which nothing is there. */
const ABSENT_MS = 5_000;
/** Told by a mark of their own, or of no use to who watches. */
const UNTOLD: ReadonlySet<string> = new Set(["start", "stop", "paused", "resumed", "clock"]);
const KNOWN: ReadonlySet<string> = new Set([
  "hidden", "visible", "permission_withdrawn", "camera_refused", "microphone_refused", "held_back", "given_again", "storage_full", "network_lost",
  "network_back", "bitrate", "wake_lock_lost", "wake_lock_held", "still_there", "restarted_media",
]); // prettier-ignore

/** Every mark, by time. Right at each moment of a recording that still grows. */
export function marksOf(opened: Opened): Mark[] {
  const talks = callsOf(opened.told).map((call) => markOf(call, opened.lengthMs));
  const found = [...opened.told.flatMap(told), ...talks, ...absences(opened), ...ends(opened)];
  return found.sort((a, b) => a.atMs - b.atMs);
}

/** The talks, in order. One that begins while another goes on ends that one. */
export function callsOf(told: readonly Told[]): Call[] {
  const calls: Call[] = [];
  for (const { type, seq, atMs, said } of told) {
    if (type !== TYPE.call) continue;
    const last = calls.at(-1);
    if (last && last.endSeq === undefined) calls[calls.length - 1] = { ...last, endSeq: seq, untilMs: atMs };
    if (said["call"] !== "end") calls.push({ number: calls.length + 1, beginSeq: seq, endSeq: undefined, fromMs: atMs, untilMs: undefined });
  }
  return calls;
}

function markOf(call: Call, lengthMs: number): Mark {
  const key = call.untilMs === undefined ? "play.call_open" : "play.call";
  return { kind: "call", atMs: call.fromMs, untilMs: call.untilMs ?? lengthMs, key, number: call.number };
}

function told({ type, atMs, said }: Told): Mark[] {
  if (type === TYPE.gap) {
    const key = said["reason"] === "paused" ? "play.gap_paused" : "play.gap";
    return [{ kind: "gap", atMs: Number(said["from_ms"]) || 0, untilMs: Number(said["until_ms"]) || 0, key }];
  }
  const event = String(said["event"]);
  if (type !== TYPE.event || UNTOLD.has(event)) return [];
  const key = event === "bitrate" ? `play.event_bitrate_${said["mode"] === "audio" ? "audio" : "video"}` : `play.event_${event}`;
  return [{ kind: "event", atMs, key: KNOWN.has(event) ? key : "play.event_other" }];
}

/** Time of which the media have nothing and no gap tells. */
function absences({ reels, told, seconds }: Opened): Mark[] {
  const gaps = told.filter((one) => one.type === TYPE.gap).map(({ said }) => [Number(said["from_ms"]), Number(said["until_ms"])] as const);
  const found: Mark[] = [];
  let last = reels[0]?.startMs ?? 0;
  for (const { type, monotonicMs } of seconds.places) {
    if (type !== TYPE.media) continue;
    const declared = gaps.reduce((sum, [from, until]) => sum + Math.max(0, Math.min(until, monotonicMs) - Math.max(from, last)), 0);
    if (monotonicMs - last - declared > ABSENT_MS) found.push({ kind: "absent", atMs: last, untilMs: monotonicMs, key: "play.absent" });
    last = monotonicMs;
  }
  return found;
}

function ends({ start, seconds, isStopped, lengthMs, told }: Opened): Mark[] {
  if (seconds.places.length === 0) return [];
  const kind = ["rehearsal", "import"].includes(String(start["kind"])) ? String(start["kind"]) : "encounter";
  const begin: Mark = { kind: "begin", atMs: 0, key: `play.begin_${kind}` };
  if (seconds.fault !== undefined) return [begin, { kind: "broken", atMs: lengthMs, key: "play.broken" }];
  if (!isStopped && seconds.mayGrow) return [begin, { kind: "live", atMs: lengthMs, key: "play.live" }];
  if (!isStopped) return [begin, { kind: "cut", atMs: lengthMs, key: "play.cut" }];
  const reason = String(told.at(-1)?.said["reason"]);
  const isKnown = ["person", "prompt_unanswered", "track_ended", "leave_now", "too_long"].includes(reason);
  return [begin, { kind: "end", atMs: lengthMs, key: isKnown ? `play.end_${reason}` : "play.end_other" }];
}
