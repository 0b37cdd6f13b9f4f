/**
 * One encounter or rehearsal, from the tap to the words.
 *
 * The camera starts first and waits for nothing: keys, storage, network and desk list come beside it, and slices wait for the keys. `state`
 * is a frozen snapshot, `change` is dispatched with each new one. Nothing is shown as safe that the node has not signed for.
 */
import { type Bytes } from "../crypto/bytes.ts";
import { dumps, type Value } from "../crypto/canonical.ts";
import { TYPE } from "../crypto/stream.ts";
import type { ClientConfig } from "../phone/config.ts";
import { chooseRecipients, refreshDeskList } from "../phone/desk_list.ts";
import { thisPhone, type Device } from "../phone/device.ts";
import { tellChoice } from "../phone/leaving.ts";
import { Unsent } from "../phone/unsent.ts";
import { begin, sealedFor, type Begun } from "./begin.ts";
import { Capture, CaptureError, missing, openMedia, type Mode, type Opened } from "./capture.ts";
import { Elapsed, type Gap } from "./elapsed.ts";
import { bitsOf, BACKLOG_MS, chooseRung, LADDER, possible, startRung, Trying } from "./ladder.ts";
import { interrupted, type Interrupted } from "./resume.ts";
import { drawWords } from "./return_share.ts";
import { Session } from "./session.ts";
import { startEvent } from "./start_event.ts";
import { asSeen, IDLE, type RecorderState, type StopReason, type StoppedBecause } from "./state.ts";
import { StillThere } from "./still_there.ts";
import type { Created } from "./upload.ts";
import { Wakefulness } from "./wakefulness.ts";

/** What the encoder may still hold when it hands over a slice: the slice is taken to end this much earlier. */
const ENCODER_MS = 300;
const TICK_MS = 250;
const REHEARSAL_MS = 10_000;
/** Kept free of the node's limits, so that the end still fits. */
const RESERVE = { seconds: 10, bytes: 2 * 1024 * 1024 };

export interface RecorderOptions {
  readonly config: ClientConfig;
  readonly kind: "encounter" | "rehearsal";
  readonly lang: string;
  /** A stream the page has already opened. */
  readonly stream?: MediaStream;
  readonly device?: Device;
}

/** Have ready what a tap should not wait for: the desk's keys with their proofs, also for a tap without network. Call when a page opens. */
export const prepare = (config: ClientConfig, device: Device = thisPhone): Promise<unknown> => refreshDeskList(config, device);

export class Recorder extends EventTarget {
  state: RecorderState;
  #options: RecorderOptions;
  #device: Device;
  #capture: Capture | undefined;
  #session: Session;
  #begun: Begun | undefined;
  #interrupted: Promise<Interrupted | undefined>;
  #wake: Wakefulness;
  #elapsed = new Elapsed();
  #pausing: Promise<unknown> = Promise.resolve();
  #rung = 0;
  #steppedAt = 0;
  #trying = new Trying();
  #busyAt = 0;
  #limits: Created["limits"] = {};
  #stillThere = new StillThere();
  #stopTicking: () => void = () => undefined;
  #leaving = new AbortController();
  #isLeft = false;

  constructor(options: RecorderOptions) {
    super();
    this.#options = options;
    this.#device = options.device ?? thisPhone;
    this.state = Object.freeze({ ...IDLE, rehearsal: options.kind === "rehearsal" });
    this.#wake = new Wakefulness((isHeld) => this.#onWake(isHeld));
    const unsent = Unsent.open().catch(() => undefined);
    this.#interrupted = unsent.then((store) => store && interrupted(store, options.kind, this.#device.wall())).catch(() => undefined);
    this.#session = this.#newSession(unsent);
  }

  /** What the camera sees, for a preview on this phone. */
  get stream(): MediaStream | undefined {
    return this.#capture?.stream;
  }

  /** Record. Resolves when the recorder runs, or when it cannot (phase "failed"). */
  async start(): Promise<void> {
    if (this.state.phase !== "idle") return;
    this.#set({ phase: "starting" });
    try {
      const { stream } = this.#options;
      const opened = stream ? { stream, refused: missing(stream) } : await openMedia(this.#device);
      if (this.#leaving.signal.aborted) return opened.stream.getTracks().forEach((track) => track.stop());
      this.#run(opened);
    } catch (error) {
      this.#fail(error instanceof CaptureError ? error.code : "not_supported");
    }
  }

  /** Declare a gap: nothing is taken in until `resume`. */
  pause(): void {
    if (this.state.phase !== "recording") return;
    this.#elapsed.pause(this.#device.now());
    this.#pausing = this.#capture!.pause().then(() => this.#event("paused"));
    this.#set({ phase: "paused" });
  }

  resume(): void {
    const gap = this.state.phase === "paused" ? this.#elapsed.endPause(this.#device.now()) : undefined;
    if (!gap) return;
    this.#capture!.resume();
    void this.#pausing.then(() => this.#capture!.inOrder(() => this.#addGap(gap))).then(() => this.#event("resumed"));
    this.#set({ phase: "recording" });
  }

  /** A talk with a lawyer or helper begins or ends here: a package cannot hold it before somebody decided on it (rule 18). */
  markCall(mark: "begin" | "end"): void {
    const at = this.#device.wall();
    if (!this.#elapsed.hasStopped) this.#capture?.inOrder(() => this.#add(TYPE.call, { call: mark, at }));
  }

  /** End it: the last second, then what is not yet sent, then the words. Resolves in phase "words" or "stopped". */
  async stop(reason: StopReason = "person"): Promise<void> {
    if (this.state.phase === "starting") return this.leaveNow(false);
    if (this.state.phase !== "recording" && this.state.phase !== "paused") return;
    const gap = this.#elapsed.stop(this.#device.now());
    this.#set({ phase: "finishing", stoppedBecause: asSeen(reason), stoppedAtMs: this.#recordedMs() });
    await this.#capture!.stop();
    this.#addEnd(reason, gap);
    await this.#finish();
  }

  /** The words were copied: they are dropped. */
  wordsCopied(): void {
    if (this.state.phase === "words") this.#end();
  }

  /** Answer to "are you still there?". */
  stillThere(): void {
    if (!this.#stillThere.answer(this.#recordedMs())) return;
    this.#event("still_there");
    this.#set({});
  }

  /** Keys are dropped at once. Sealed seconds go on by themselves (`keepUnsent`), or are dropped. No words are ever shown for it. */
  leaveNow(keepUnsent: boolean): void {
    if (["stopped", "failed"].includes(this.state.phase)) return;
    const wasRecording = !this.#elapsed.hasStopped;
    const gap = this.#elapsed.stop(this.#device.now());
    this.#leaving.abort();
    this.#capture?.release();
    if (keepUnsent && this.#elapsed.hasStarted) {
      // The last chunk is sealed with the last key: the writer drops itself with it, some milliseconds from now.
      if (wasRecording) this.#addEnd("leave_now", gap);
      this.#session.dropHalf();
    } else {
      void this.#session.drop();
    }
    if (this.#begun) tellChoice(this.#begun.consignment.id, keepUnsent ? "send" : "drop");
    this.#set({ stoppedBecause: this.state.stoppedBecause ?? "leave_now", stoppedAtMs: this.#recordedMs() });
    this.#end();
    // Sending may go on; the page that was left has nothing more to draw.
    this.#isLeft = true;
  }

  // --- beginning ----------------------------------------------------------------------------------------------------------

  #newSession(unsent: Promise<Unsent | undefined>): Session {
    const { config, kind } = this.#options;
    const begun = chooseRecipients(kind, config, this.#device).then((to) => begin(kind, to, config.share_recipient));
    begun
      .then((made) => {
        this.#begun = made;
        this.#set({ ...sealedFor(made), recording: made.consignment.id });
      })
      .catch(() => undefined); // told by #run: without a tap there is nobody to tell
    return new Session(begun, unsent, this.#device, {
      changed: () => this.#onProgress(),
      created: (created) => this.#onCreated(created),
      network: (network) => this.#event(network === "lost" ? "network_lost" : "network_back"),
      storageFull: () => this.#event("storage_full"),
    });
  }

  #run({ stream, refused }: Opened): void {
    this.#capture = new Capture(stream, this.#device, {
      slice: (bytes, deliveredAt) => this.#onSlice(bytes, deliveredAt),
      restarted: (mime) => this.#addEvent("restarted_media", { mime }),
      ended: (kind) => this.#onEnded(kind),
      muted: (kind, isMuted) => this.#event(isMuted ? "held_back" : "given_again", { track: kind }),
      failed: () => void this.stop("track_ended"),
    });
    this.#rung = startRung(this.#capture.hasCamera ? "video" : "audio", this.#device.line());
    this.#steppedAt = this.#busyAt = this.#device.now();
    this.#elapsed.start(this.#steppedAt);
    this.#capture.start(LADDER[this.#rung]!);
    this.#addStart(this.#capture);
    if (refused) this.#event(`${refused}_refused`);
    this.#session.begun.catch(() => this.#fail("setup_failed"));
    this.#stopTicking = this.#device.every(TICK_MS, () => this.#tick());
    globalThis.document?.addEventListener("visibilitychange", this.#onVisibility);
    globalThis.addEventListener?.("online", this.#onOnline);
    void this.#wake.hold();
    this.#set({ phase: "recording", mode: this.#mode, bitsPerSecond: bitsOf(LADDER[this.#rung]!) });
  }

  #addStart({ size, mime }: Capture): void {
    const { config, kind } = this.#options;
    let before: Interrupted | undefined;
    this.#session.after(this.#interrupted.then((found) => void (before = found)));
    this.#session.add(startEvent({ at: this.#device.wall(), kind, mime, ...size, build: config.build ?? "" }, () => before));
  }

  // --- while it runs ------------------------------------------------------------------------------------------------------

  #onSlice(bytes: Bytes, deliveredAt: number): void {
    const covers = Math.max(0, this.#recordedMs(deliveredAt) - ENCODER_MS);
    this.#session.add({ type: TYPE.media, at: this.#elapsed.since(deliveredAt), body: bytes, covers });
  }

  #onEnded(kind: Mode): void {
    if (this.#elapsed.hasStopped) return;
    this.#event("permission_withdrawn", { track: kind });
    const { hasCamera, hasMicrophone } = this.#capture!;
    if (!hasCamera && !hasMicrophone) return void this.stop("track_ended");
    this.#stepTo(possible(this.#rung, this.#capture!));
  }

  #tick(): void {
    const now = this.#device.now();
    if (this.state.phase === "recording") {
      this.#judgeRung(now);
      if (this.#stillThere.isUnanswered(this.#recordedMs(), now)) void this.stop("prompt_unanswered");
      this.#judgeLimits();
    }
    this.#set({});
  }

  #judgeRung(now: number): void {
    const { uploader } = this.#session;
    const backlogMs = this.#recordedMs() - this.#session.safeAt - (uploader?.onTheWayMs ?? 0);
    if (backlogMs > BACKLOG_MS) this.#busyAt = now;
    const measures = {
      backlogMs,
      achieved: uploader?.achieved,
      isLost: uploader?.network === "lost",
      sinceStepMs: now - this.#steppedAt,
      calmMs: now - this.#busyAt,
      tryAfterMs: this.#trying.afterMs,
    };
    const rung = possible(chooseRung(this.#rung, possible(0, this.#capture!), measures), this.#capture!);
    if (rung !== this.#rung) this.#stepTo(rung);
  }

  #stepTo(rung: number): void {
    this.#steppedAt = this.#device.now();
    this.#trying.stepped(this.#rung, rung, this.#steppedAt);
    this.#rung = rung;
    const chosen = LADDER[rung]!;
    this.#event("bitrate", { bits_per_second: bitsOf(chosen), mode: this.#mode });
    this.#capture!.switchTo(chosen);
    this.#set({ mode: this.#mode, bitsPerSecond: bitsOf(chosen) });
  }

  #judgeLimits(): void {
    const { max_seconds: seconds = Infinity, max_bytes: bytes = Infinity } = this.#limits;
    const isLong = this.#elapsed.since(this.#device.now()) >= (seconds - RESERVE.seconds) * 1000 || this.#session.bytesSealed >= bytes - RESERVE.bytes;
    if (isLong) void this.stop("too_long");
    else if (this.state.rehearsal && this.#recordedMs() >= REHEARSAL_MS) void this.stop("person");
  }

  #onCreated(created: Created): void {
    this.#limits = created.limits;
    this.#event("clock", { node_ms: created.nodeMs, at: created.at, round_trip_ms: created.roundTripMs });
  }

  #onProgress(): void {
    const refusal = this.#session.uploader?.refusedBecause;
    const isRunning = this.state.phase === "recording" || this.state.phase === "paused";
    if (refusal !== undefined && isRunning) void this.#refused(refusal);
    else this.#set({});
  }

  /** The node will take nothing more of this recording. Going on would only pretend. */
  async #refused(code: string): Promise<void> {
    if (code === "recording_full") return this.stop("too_long");
    this.#elapsed.stop(this.#device.now());
    this.#capture?.release();
    this.#session.dropKeys();
    this.#set({ stoppedBecause: `refused_${code}`, stoppedAtMs: this.#recordedMs() });
    this.#end();
  }

  #onVisibility = (): void => {
    const isVisible = globalThis.document.visibilityState === "visible";
    this.#event(isVisible ? "visible" : "hidden");
    if (isVisible && !this.#elapsed.hasStopped) void this.#wake.hold();
  };

  #onOnline = (): void => this.#session.uploader?.hurry();

  #onWake(isHeld: boolean): void {
    this.#event(isHeld ? "wake_lock_held" : "wake_lock_lost");
    this.#set({ wakeLock: isHeld });
  }

  // --- the end ------------------------------------------------------------------------------------------------------------

  #addEnd(reason: StopReason, gap: Gap | undefined): void {
    if (gap) this.#addGap(gap);
    const body = dumps({ event: "stop", at: this.#device.wall(), reason });
    this.#session.add({ type: TYPE.event, at: this.#elapsed.since(this.#device.now()), body, covers: this.#recordedMs(), isFinal: true });
  }

  async #finish(): Promise<void> {
    try {
      await this.#session.sealed();
      await this.#session.drained();
      const refusal = this.#session.uploader?.refusedBecause;
      if (refusal !== undefined) this.#set({ stoppedBecause: `refused_${refusal}` });
      const words = refusal === undefined ? await drawWords(this.#begun!, this.#device, this.#leaving.signal) : undefined;
      if (words && !this.#leaving.signal.aborted) return this.#set({ phase: "words", words: Object.freeze(words) });
    } catch {
      // No words can be had; what was sealed stays sealed to the others.
    }
    this.#end();
  }

  #fail(because: StoppedBecause): void {
    if (["failed", "stopped"].includes(this.state.phase)) return;
    this.#capture?.release();
    void this.#session.drop();
    this.#close();
    this.#set({ phase: "failed", stoppedBecause: because, wakeLock: false });
  }

  #end(): void {
    this.#close();
    this.#session.dropHalf();
    const { words: _dropped, ...rest } = this.state;
    this.state = rest;
    this.#set({ phase: "stopped", wakeLock: false });
  }

  #close(): void {
    this.#stopTicking();
    this.#wake.release();
    globalThis.document?.removeEventListener("visibilitychange", this.#onVisibility);
    globalThis.removeEventListener?.("online", this.#onOnline);
  }

  // --- small things -------------------------------------------------------------------------------------------------------

  get #mode(): Mode {
    return LADDER[this.#rung]!.mode === "video" && this.#capture?.hasCamera ? "video" : "audio";
  }

  #recordedMs(at = this.#device.now()): number {
    return this.#elapsed.recorded(at);
  }

  /** An event in its place among the slices. */
  #event(event: string, more: Record<string, Value> = {}): void {
    if (!this.#capture || this.#elapsed.hasStopped) return;
    const at = this.#device.wall();
    this.#capture.inOrder(() => this.#addEvent(event, { at, ...more }));
  }

  #addEvent(event: string, more: Record<string, Value>): void {
    this.#add(TYPE.event, { event, ...more });
  }

  #addGap(gap: Gap): void {
    this.#add(TYPE.gap, { reason: "paused", ...gap });
  }

  #add(type: typeof TYPE.event | typeof TYPE.gap | typeof TYPE.call, body: Record<string, Value>): void {
    this.#session.add({ type, at: this.#elapsed.since(this.#device.now()), body: dumps(body) });
  }

  #set(changes: Partial<RecorderState>): void {
    const recordedMs = this.#recordedMs();
    const safeMs = Math.min(this.#session?.safeAt ?? 0, recordedMs);
    const { uploader, isStored = true } = this.#session ?? {};
    const { promptDueMs: _old, ...before } = this.state;
    const { takes, isHeldBack } = this.#capture ?? IDLE;
    this.state = Object.freeze({
      ...before,
      recordedMs,
      safeMs,
      onlyHereMs: recordedMs - safeMs,
      bytesSent: uploader?.bytesSent ?? 0,
      network: uploader?.network ?? "ok",
      isStored,
      takes,
      isHeldBack,
      ...this.#stillThere.left(this.#device.now()),
      ...changes,
    });
    if (!this.#isLeft) this.dispatchEvent(new Event("change"));
  }
}
