/** What the screens draw. Every number here is true at the instant it is read; none promises more than a verified receipt. */
import type { Refusal } from "../crypto/desk.ts";
import type { RecipientsNote } from "../phone/desk_list.ts";

export type Phase = "idle" | "starting" | "recording" | "paused" | "finishing" | "words" | "stopped" | "failed";
export type Network = "ok" | "slow" | "lost";

export type StopReason = "person" | "prompt_unanswered" | "track_ended" | "leave_now" | "too_long";
/**
 * Why nothing is recorded any more: a stop reason of the format, `hidden` when the tracks ended behind a locked screen or another app,
 * or what kept it from going on.
 */
export type StoppedBecause = StopReason | "hidden" | "permission_refused" | "no_device" | "not_supported" | "setup_failed" | `refused_${string}`;

export interface RecorderState {
  readonly phase: Phase;
  readonly mode: "video" | "audio";
  /** What the phone gives now of what it is to record. */
  readonly takes: { readonly picture: boolean; readonly sound: boolean };
  /** The phone holds camera or microphone back for now: another app, or a telephone call. */
  readonly isHeldBack: boolean;
  /** Time recorded, pauses left out. */
  readonly recordedMs: number;
  /** The node has proven by signed receipts that it holds everything before this point of `recordedMs`. */
  readonly safeMs: number;
  /** Recorded, but only on this phone. */
  readonly onlyHereMs: number;
  readonly bytesSent: number;
  /** Bits a second the recorder makes now: the rung of the ladder. */
  readonly bitsPerSecond: number;
  readonly network: Network;
  readonly wakeLock: boolean;
  /** False when ciphertext could not be kept on the phone: what is not yet sent would be lost with this tab. */
  readonly isStored: boolean;
  readonly stoppedBecause?: StoppedBecause;
  /** `recordedMs` at which it stopped. */
  readonly stoppedAtMs?: number;
  readonly recipients: RecipientsNote;
  /** Why the legal desk is not among the recipients. */
  readonly deskReason?: Refusal;
  /** When an outside witness last saw the list by which it is, Unix s. */
  readonly deskSeenAt?: number;
  readonly rehearsal: boolean;
  /** While "are you still there?" waits for an answer: milliseconds left to answer. */
  readonly promptDueMs?: number;
  /** Only in phase "words", and only until `wordsCopied`. */
  readonly words?: readonly string[];
  /** The recording's id, for screens that link to it; it opens nothing. */
  readonly recording?: string;
}

export const IDLE: RecorderState = Object.freeze({
  phase: "idle",
  mode: "video",
  takes: { picture: false, sound: false },
  isHeldBack: false,
  recordedMs: 0,
  safeMs: 0,
  onlyHereMs: 0,
  bytesSent: 0,
  bitsPerSecond: 0,
  network: "ok",
  wakeLock: false,
  isStored: true,
  recipients: "self",
  rehearsal: false,
});

/** The format says that a track ended; a person wants to know that the phone took it away while the page was not seen. */
export function asSeen(reason: StopReason): StoppedBecause {
  return reason === "track_ended" && globalThis.document?.visibilityState === "hidden" ? "hidden" : reason;
}
