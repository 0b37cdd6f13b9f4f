/** A phone whose time, camera and recorder are moved by hand. Time stands still between `pass` calls, except for cryptography. */
import "fake-indexeddb/auto";
import type { Device, LineHint } from "../../client/src/phone/device.ts";

interface Timer {
  at: number;
  every: number | undefined;
  act: () => void;
}

export class FakeTrack extends EventTarget {
  readonly kind: "audio" | "video";
  readyState: "live" | "ended" = "live";
  enabled = true;
  muted = false;

  constructor(kind: "audio" | "video") {
    super();
    this.kind = kind;
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** The system or the person takes it away. */
  end(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }

  /** The system holds back what it gives, as in a telephone call, or gives it again. */
  mute(isMuted: boolean): void {
    this.muted = isMuted;
    this.dispatchEvent(new Event(isMuted ? "mute" : "unmute"));
  }

  getSettings(): { width?: number; height?: number } {
    return this.kind === "video" ? { width: 640, height: 480 } : {};
  }
}

export class FakeStream {
  readonly tracks: FakeTrack[];

  constructor(tracks: FakeTrack[]) {
    this.tracks = tracks;
  }

  getTracks = (): FakeTrack[] => this.tracks;
  getVideoTracks = (): FakeTrack[] => this.tracks.filter((track) => track.kind === "video");
  getAudioTracks = (): FakeTrack[] => this.tracks.filter((track) => track.kind === "audio");
}

(globalThis as { MediaStream?: unknown }).MediaStream ??= FakeStream;

/** Makes slices "<name of the file>:<count>;" padded to what the bitrate asks for. */
export class FakeRecorder extends EventTarget {
  state: "inactive" | "recording" | "paused" = "inactive";
  readonly mimeType: string;
  readonly options: MediaRecorderOptions & { videoKeyFrameIntervalDuration?: number };
  /** Milliseconds by which this recorder's last slice and stop are late. */
  static lateness = 0;
  static sliceBytes: number | undefined;
  #phone: FakePhone;
  #count = 0;
  #name: number;
  #cancel: () => void = () => undefined;
  /** As Chromium does: a track that had ended is waited for, and nothing comes before the end. */
  #waits: boolean;

  constructor(phone: FakePhone, options: MediaRecorderOptions, name: number, waits = false) {
    super();
    this.#waits = waits;
    this.#phone = phone;
    this.options = options;
    this.mimeType = options.mimeType ?? "video/x-fake";
    this.#name = name;
  }

  start(slice: number): void {
    this.state = "recording";
    this.#cancel = this.#phone.every(slice, () => this.state === "recording" && !this.#waits && this.#deliver());
  }

  pause(): void {
    this.state = "paused";
  }

  resume(): void {
    this.state = "recording";
  }

  requestData(): void {
    queueMicrotask(() => this.#deliver());
  }

  stop(): void {
    this.state = "inactive";
    this.#cancel();
    void this.#phone.wait(FakeRecorder.lateness).then(() => {
      this.#deliver();
      this.dispatchEvent(new Event("stop"));
    });
  }

  #deliver(): void {
    const text = `${this.#name}:${this.#count++};`;
    const bits = (this.options.videoBitsPerSecond ?? 0) + (this.options.audioBitsPerSecond ?? 0);
    const bytes = new Uint8Array(FakeRecorder.sliceBytes ?? Math.max(text.length, Math.floor(bits / 8)));
    bytes.set(new TextEncoder().encode(text));
    this.#phone.recorded.push(bytes.slice());
    this.dispatchEvent(Object.assign(new Event("dataavailable"), { data: new Blob([bytes]) }));
  }
}

export class FakePhone implements Device {
  clock = 1_000;
  hint: LineHint = { downlink: 10 };
  /** Answers requests; see fake_node.ts. */
  answer: (path: string, init: RequestInit) => Promise<Response> = () => Promise.reject(new TypeError("no network"));
  refuses: ("audio" | "video")[] = [];
  kinds = ["video/webm;codecs=vp8,opus", "audio/webm;codecs=opus"];
  recorders: FakeRecorder[] = [];
  streams: FakeStream[] = [];
  /** Every slice any recorder delivered, in order of delivery. */
  recorded: Uint8Array[] = [];
  #timers = new Set<Timer>();

  now = (): number => this.clock;
  wall = (): number => 1_800_000_000_000 + Math.floor(this.clock);
  fetch = (path: string, init: RequestInit): Promise<Response> => this.answer(path, init);
  line = (): LineHint => this.hint;
  supports = (mime: string): boolean => this.kinds.includes(mime);

  wait = (ms: number, wake?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (wake?.aborted) return resolve();
      const timer = this.#set(ms, undefined, resolve);
      wake?.addEventListener("abort", () => (this.#timers.delete(timer), resolve()), { once: true });
    });

  every = (ms: number, act: () => void): (() => void) => {
    const timer = this.#set(ms, ms, act);
    return () => this.#timers.delete(timer);
  };

  getUserMedia = async ({ audio, video }: MediaStreamConstraints): Promise<MediaStream> => {
    const wanted = [...(audio ? ["audio" as const] : []), ...(video ? ["video" as const] : [])];
    if (wanted.some((kind) => this.refuses.includes(kind))) throw new DOMException("refused", "NotAllowedError");
    const stream = new FakeStream(wanted.map((kind) => new FakeTrack(kind)));
    this.streams.push(stream);
    return stream as unknown as MediaStream;
  };

  mediaRecorder = (stream: MediaStream, options: MediaRecorderOptions): MediaRecorder => {
    if (!stream.getTracks().some((track) => track.readyState === "live")) throw new DOMException("nothing to record", "NotSupportedError");
    const made = new FakeRecorder(this, options, this.recorders.length, stream.getTracks().some((track) => track.readyState === "ended"));
    this.recorders.push(made);
    return made as unknown as MediaRecorder;
  };

  /** Let `ms` go by; what it sets off has settled when this resolves. */
  async pass(ms: number): Promise<void> {
    const end = this.clock + ms;
    await settle();
    for (let due = this.#due(end); due; due = this.#due(end)) {
      this.clock = Math.max(this.clock, due.at);
      if (due.every === undefined) this.#timers.delete(due);
      else due.at += due.every;
      due.act();
      await settle();
    }
    this.clock = end;
  }

  /** Time that nobody saw go by: what repeats has missed its turns. */
  async jump(ms: number): Promise<void> {
    this.clock += ms;
    for (const timer of this.#timers) {
      if (timer.every !== undefined) timer.at = Math.max(timer.at, this.clock);
    }
    await this.pass(300);
  }

  /** The tab is killed: nothing that was running does anything any more. */
  kill(): void {
    this.#timers.clear();
    this.answer = () => new Promise(() => undefined);
    for (const stream of this.streams) stream.tracks.forEach((track) => track.stop());
    for (const recorder of this.recorders) recorder.state = "inactive";
  }

  #due(end: number): Timer | undefined {
    return [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
  }

  #set(ms: number, every: number | undefined, act: () => void): Timer {
    const timer = { at: this.clock + ms, every, act };
    if (ms <= 0) queueMicrotask(() => this.#timers.delete(timer) && act());
    this.#timers.add(timer);
    return timer;
  }
}

/** Operations of the real cryptography that have not answered yet: while there are any, the phone's time stands still. */
let underWay = 0;

for (const name of ["digest", "sign", "verify", "encrypt", "decrypt", "importKey", "exportKey", "deriveBits", "generateKey"] as const) {
  const real = SubtleCrypto.prototype[name] as (...given: unknown[]) => Promise<unknown>;
  const counted = function (this: SubtleCrypto, ...given: unknown[]): Promise<unknown> {
    underWay += 1;
    return real.apply(this, given).finally(() => (underWay -= 1));
  };
  Object.defineProperty(SubtleCrypto.prototype, name, { value: counted });
}

/** Rounds of the event loop in which nothing was under way, before all is taken to be quiet: storage needs some for each step. */
const QUIET_ROUNDS = 25;

/** Give cryptography and storage, which run in real time, the time they need. */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_ROUNDS; quiet = underWay > 0 ? 0 : quiet + 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when `isTrue`; fails after 500 looks. `phone` lets its time pass meanwhile. */
export async function until(isTrue: () => boolean, what: string, phone?: FakePhone): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (isTrue()) return;
    if (phone) await phone.pass(250);
    else await settle();
  }
  throw new Error(`never: ${what}`);
}
