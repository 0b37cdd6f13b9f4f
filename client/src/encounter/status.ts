/**
 * Status words, computed from the recorder's state and nothing else. They may be late, never early: what is safe is rounded down to a
 * whole second that has its receipt, what is only on this phone is rounded up.
 */
import type { Sentences } from "../ui/sentences.ts";
import type { RecorderState } from "./state.ts";

export interface Told {
  readonly mark: string;
  readonly clock: string;
  readonly safe: string;
  readonly here: string;
  /** Something the person should know at once, or "". */
  readonly trouble: string;
  readonly bits: readonly string[];
}

/** Whole seconds of `ms` as 00:42 or 1:02:03, rounded down. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const pair = (n: number) => String(n).padStart(2, "0");
  const rest = `${pair(Math.floor(total / 60) % 60)}:${pair(total % 60)}`;
  return total < 3600 ? rest : `${Math.floor(total / 3600)}:${rest}`;
}

/** What to show while a recording is under way. */
export function tell(state: RecorderState, words: Sentences): Told {
  const mark = `record.${state.phase}`; // starting, paused, finishing: nothing is taken in
  return {
    mark: words.say(words.has(mark) ? mark : "record.now"),
    clock: clock(state.recordedMs),
    safe: safe(state, words),
    here: onlyHere(state, words),
    trouble: trouble(state, words),
    bits: bits(state, words),
  };
}

/** "Safe on the node up to 00:42", or what is true before the first receipt. */
export function safe(state: RecorderState, words: Sentences): string {
  if (state.phase === "starting") return words.say("status.starting");
  return state.safeMs < 1000 ? words.say("status.nothing_sent") : words.say("status.safe_up_to", { time: clock(state.safeMs) });
}

function onlyHere(state: RecorderState, words: Sentences): string {
  if (state.phase === "starting") return "";
  const seconds = Math.ceil(state.onlyHereMs / 1000);
  return seconds > 0 ? words.count("status.only_here", seconds) : words.say("status.none_here");
}

function trouble(state: RecorderState, words: Sentences): string {
  if (state.phase === "finishing") return words.say(state.network === "lost" ? "status.finishing_lost" : "status.finishing");
  if (state.phase === "paused") return words.say("status.paused");
  if (state.isHeldBack) return words.say("status.held_back");
  if (!state.isStored) return words.say("status.not_stored");
  if (state.network === "lost") return words.say("status.lost");
  if (state.network === "slow") return words.say("status.slow");
  return "";
}

function bits(state: RecorderState, words: Sentences): string[] {
  const told = state.phase === "recording" ? [taken(state.takes, words)] : [];
  told.push(words.say("status.used", { size: words.number(state.bytesSent / 1e6, 1) }));
  if (state.phase === "recording") told.push(words.say(state.wakeLock ? "status.awake" : "status.not_awake"));
  told.push(...sealedFor(state, words));
  return told;
}

function taken({ picture, sound }: RecorderState["takes"], words: Sentences): string {
  if (picture) return words.say(sound ? "status.video" : "status.picture");
  return words.say(sound ? "status.audio" : "status.neither");
}

/** For whom it is sealed, and by how old a list; where the desk was refused, why. Nothing while there are no keys yet. */
function sealedFor(state: RecorderState, words: Sentences): string[] {
  if (state.recording === undefined) return [];
  if (state.recipients !== "desk") {
    const reason = `status.because_${REASONS[state.deskReason ?? ""] ?? "unchecked"}`;
    return [state.recipients === "self" ? words.say("status.self") : words.say("status.desk_unproven", { reason: words.say(reason) })];
  }
  const hours = state.deskSeenAt === undefined ? 0 : Math.floor((Date.now() / 1000 - state.deskSeenAt) / 3600);
  const sealed = words.say("status.desk");
  return hours < 24 ? [sealed] : [sealed, words.count("status.desk_seen", Math.floor(hours / 24))];
}

/** Sentences for what `provenKeys` refuses; several refusals are one thing to a person. */
const REASONS: Readonly<Record<string, string>> = {
  not_signed_by_two: "two",
  too_new: "new",
  removed: "left",
  no_outside_witness: "witness",
  too_old: "old",
  list_incomplete: "partial",
  list_older: "older",
  other_stewards: "stewards",
};

/** Why and when a recording ended or never began; "" while it goes on or when its person stopped it. */
export function ending(state: RecorderState, words: Sentences): string {
  const reason = reasonOf(state.stoppedBecause ?? "unknown", words);
  if (state.phase === "failed") return words.say("status.failed", { reason });
  if (state.stoppedBecause === undefined) return "";
  return words.say("status.stopped", { time: clock(state.stoppedAtMs ?? state.recordedMs), reason });
}

/** Why something ended, in words; a refusal of the node's without words of its own is told as one. */
export function reasonOf(because: string, words: Sentences): string {
  if (words.has(`reason.${because}`)) return words.say(`reason.${because}`);
  return words.say(because.startsWith("refused_") ? "reason.node_refused" : "reason.unknown");
}
