/** What the recorder tells of itself (docs/spec/recording.md); the screens draw this and know nothing else of a recording. */
export type Phase = "idle" | "starting" | "recording" | "paused" | "finishing" | "words" | "stopped" | "failed";

export interface RecorderState {
  readonly phase: Phase;
  readonly mode: "video" | "audio";
  readonly recordedMs: number;
  /** Up to here the node has signed a receipt for every second. */
  readonly safeMs: number;
  readonly onlyHereMs: number;
  readonly bytesSent: number;
  readonly bitsPerSecond: number;
  readonly network: "ok" | "slow" | "lost";
  readonly wakeLock: boolean;
  /** False when ciphertext could not be kept on the phone: what is not yet sent would be lost with this tab. */
  readonly isStored: boolean;
  readonly stoppedBecause?: string | undefined;
  readonly stoppedAtMs?: number | undefined;
  readonly recipients: "desk" | "self" | "desk-unproven";
  readonly rehearsal: boolean;
  readonly promptDueMs?: number | undefined;
  /** In phase `words` only, and once. */
  readonly words?: readonly string[] | undefined;
}

/** What a screen needs of a recorder; `encounter/recorder.ts` is one. */
export interface Recording extends EventTarget {
  readonly state: RecorderState;
  readonly stream?: MediaStream | undefined;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
  leaveNow(keepUnsent: boolean): void;
  stillThere(): void;
}
