/**
 * Camera and microphone to slices of bytes, in order. Knows nothing of keys or network, so that neither can hold the camera up.
 *
 * A slice is what MediaRecorder gave, unchanged. The recorder is started again for another bitrate or mode; what follows is then a new media
 * file, and `restarted` is called between the last slice of the old and the first of the new, whatever order the browser delivers them in.
 */
import type { Bytes } from "../crypto/bytes.ts";
import type { Device } from "../phone/device.ts";
import type { Rung } from "./ladder.ts";

/** MediaRecorder option of Chromium: a key frame a second, so that a cut file plays up to its last second. */
interface RecorderOptions extends MediaRecorderOptions {
  videoKeyFrameIntervalDuration?: number;
}

const SLICE_MS = 1000;
const KEY_FRAME_MS = 1000;
/** How long a browser may take to hand over what it has. */
const PATIENCE_MS = 2000;
const MOST_REVIVALS = 10;

const MIMES = {
  video: ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4;codecs=avc1.42E01E,mp4a.40.2", "video/mp4"],
  audio: ["audio/webm;codecs=opus", "audio/mp4;codecs=mp4a.40.2", "audio/mp4", "audio/ogg;codecs=opus"],
} as const;

export type Mode = "video" | "audio";
export type OpenFault = "permission_refused" | "no_device" | "not_supported";

export class CaptureError extends Error {
  readonly code: OpenFault;
  constructor(code: OpenFault) {
    super(code);
    this.code = code;
  }
}

export interface Opened {
  readonly stream: MediaStream;
  readonly refused: "camera" | "microphone" | undefined;
}

export interface Told {
  /** `deliveredAt`: by the device's clock, when the browser handed it over. */
  slice(bytes: Bytes, deliveredAt: number): void;
  restarted(mime: string): void;
  /** A track ended by itself: permission withdrawn, device gone, or taken by the system. */
  ended(kind: Mode): void;
  /** The system gives nothing of a track for now, or gives it again: another app or a telephone call has it (W3C Media Capture, "muted"). */
  muted(kind: Mode, isMuted: boolean): void;
  /** The recorder failed and could not be started again. */
  failed(): void;
}

/** The first type of a mode that this browser records; "" lets it choose; undefined where it records nothing. */
export function mimeFor(device: Device, mode: Mode): string | undefined {
  const found = MIMES[mode].find((mime) => device.supports(mime));
  return found ?? (device.supports("") ? "" : undefined);
}

/** Camera and microphone; the microphone alone, or the camera alone, where the other is `refused`. Rejects with `CaptureError`. */
export async function openMedia(device: Device): Promise<Opened> {
  const video = { facingMode: "environment", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } };
  const tries: [MediaStreamConstraints, Opened["refused"]][] = [
    [{ audio: true, video }, undefined],
    [{ audio: true }, "camera"],
    [{ video }, "microphone"],
  ];
  let fault: OpenFault = "no_device";
  for (const [constraints, refused] of tries) {
    try {
      return { stream: await device.getUserMedia(constraints), refused };
    } catch (error) {
      if (["NotAllowedError", "SecurityError"].includes((error as Error).name)) fault = "permission_refused";
    }
  }
  throw new CaptureError(fault);
}

/** What was not given of a stream that somebody else asked for. */
export function missing(stream: MediaStream): Opened["refused"] {
  if (stream.getVideoTracks().length === 0) return "camera";
  return stream.getAudioTracks().length === 0 ? "microphone" : undefined;
}

/** Acts one after the other, the first when `after` has resolved. */
class Lane {
  #last: Promise<unknown>;

  constructor(after: Promise<unknown>) {
    this.#last = after;
  }

  add(act: () => unknown): void {
    this.#last = this.#last.then(act).catch(() => undefined);
  }

  get end(): Promise<unknown> {
    return this.#last;
  }
}

/** One run of the browser's recorder: one media file. */
interface Run {
  readonly recorder: MediaRecorder;
  readonly lane: Lane;
}

export class Capture {
  readonly stream: MediaStream;
  mime = "";
  #device: Device;
  #told: Told;
  #run: Run | undefined;
  #rung: Rung | undefined;
  #isReleased = false;
  #revivals = 0;

  constructor(stream: MediaStream, device: Device, told: Told) {
    this.stream = stream;
    this.#device = device;
    this.#told = told;
    for (const track of stream.getTracks()) {
      const kind = track.kind === "video" ? "video" : "audio";
      track.addEventListener("ended", () => this.#isReleased || told.ended(kind));
      for (const change of ["mute", "unmute"]) track.addEventListener(change, () => this.#isReleased || told.muted(kind, track.muted));
    }
  }

  get hasCamera(): boolean {
    return this.#isLive(this.stream.getVideoTracks());
  }

  get hasMicrophone(): boolean {
    return this.#isLive(this.stream.getAudioTracks());
  }

  /** What is taken in now: a track may be there and be held back by the system. */
  get takes(): { picture: boolean; sound: boolean } {
    const given = this.#used.filter((track) => !track.muted);
    return { picture: given.some(({ kind }) => kind === "video"), sound: given.some(({ kind }) => kind === "audio") };
  }

  get isHeldBack(): boolean {
    return this.#used.some((track) => track.muted);
  }

  /** Size of the picture as the camera gives it; 0 without one. */
  get size(): { width: number; height: number } {
    const { width = 0, height = 0 } = this.stream.getVideoTracks()[0]?.getSettings() ?? {};
    return { width, height };
  }

  /** Begin recording on a rung. Throws `CaptureError` when the browser cannot record at all. */
  start(rung: Rung): void {
    this.#rung = rung;
    this.#run = this.#begin(rung, new Lane(Promise.resolve()));
  }

  /** Go on at another rung, as a new media file. */
  switchTo(rung: Rung): void {
    const old = this.#run;
    if (!old || this.#isReleased) return;
    this.#rung = rung;
    const isPaused = old.recorder.state === "paused";
    const lane = new Lane(this.#finish(old));
    lane.add(() => this.#told.restarted(this.mime));
    try {
      this.#run = this.#begin(rung, lane);
      if (isPaused) this.#run.recorder.pause();
    } catch {
      this.#told.failed();
    }
  }

  /** `act` runs after every slice delivered so far was told. */
  inOrder(act: () => void): void {
    if (this.#run) this.#run.lane.add(act);
    else act();
  }

  /** Take nothing more in; resolves when what was taken before has been delivered. */
  async pause(): Promise<void> {
    const recorder = this.#run?.recorder;
    if (recorder?.state !== "recording") return;
    const delivered = new Promise((resolve) => recorder.addEventListener("dataavailable", resolve, { once: true }));
    recorder.requestData();
    recorder.pause();
    for (const track of this.stream.getTracks()) track.enabled = false;
    await Promise.race([delivered, this.#device.wait(PATIENCE_MS)]);
  }

  resume(): void {
    for (const track of this.stream.getTracks()) track.enabled = true;
    if (this.#run?.recorder.state === "paused") this.#run.recorder.resume();
  }

  /** Stop; resolves when the last slice was told. The camera is off then. */
  async stop(): Promise<void> {
    if (this.#run) await this.#finish(this.#run);
    this.release();
  }

  /** Camera and microphone off, at once. */
  release(): void {
    this.#isReleased = true;
    for (const track of this.stream.getTracks()) track.stop();
  }

  /** Resolves when the run has delivered its last slice and that was told. A browser that never says so is not waited for. */
  #finish({ recorder, lane }: Run): Promise<unknown> {
    if (recorder.state === "inactive") return lane.end;
    const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
    recorder.stop();
    return Promise.race([stopped, this.#device.wait(PATIENCE_MS)]).then(() => lane.end);
  }

  #begin(rung: Rung, lane: Lane): Run {
    const mode = rung.mode === "video" && this.hasCamera ? "video" : "audio";
    const mime = mimeFor(this.#device, mode);
    if (mime === undefined) throw new CaptureError("not_supported");
    const options: RecorderOptions = {
      ...(mime ? { mimeType: mime } : {}),
      audioBitsPerSecond: rung.audio,
      ...(mode === "video" ? { videoBitsPerSecond: rung.video, videoKeyFrameIntervalDuration: KEY_FRAME_MS } : {}),
    };
    const recorder = this.#device.mediaRecorder(this.#tracksFor(mode), options);
    this.mime = recorder.mimeType || mime;
    recorder.addEventListener("dataavailable", (event) => {
      const read = event.data.arrayBuffer();
      const deliveredAt = this.#device.now();
      lane.add(() => this.#tell(read, deliveredAt));
    });
    recorder.addEventListener("error", () => this.#revive(recorder));
    recorder.start(SLICE_MS);
    return { recorder, lane };
  }

  async #tell(read: Promise<ArrayBuffer>, deliveredAt: number): Promise<void> {
    const bytes = new Uint8Array(await read);
    if (bytes.length > 0) this.#told.slice(bytes, deliveredAt);
  }

  #revive(recorder: MediaRecorder): void {
    if (recorder !== this.#run?.recorder || !this.#rung) return;
    this.#revivals += 1;
    if (this.#revivals > MOST_REVIVALS) this.#told.failed();
    else this.switchTo(this.#rung);
  }

  /** A browser that is given a track that has ended waits for it and hands over nothing before the recorder's end. */
  #tracksFor(mode: Mode): MediaStream {
    const isAll = mode === "video" || this.stream.getVideoTracks().length === 0;
    const live = (isAll ? this.stream.getTracks() : this.stream.getAudioTracks()).filter((track) => track.readyState !== "ended");
    return live.length === this.stream.getTracks().length ? this.stream : new MediaStream(live);
  }

  /** The tracks that the recorder is given and that have not ended. */
  get #used(): MediaStreamTrack[] {
    return this.#rung ? this.#tracksFor(this.#rung.mode).getTracks() : [];
  }

  #isLive(tracks: MediaStreamTrack[]): boolean {
    return tracks.some((track) => track.readyState !== "ended");
  }
}
