/** The pictures of a recording, decoded one after the other at their own times. Whoever takes one closes it. */
import type { Opened } from "../opened.ts";
import type { Reel } from "../reel.ts";
import { FILM, packetsOf, reelsOf, trackOf } from "./blocks.ts";

export interface Picture {
  /** Milliseconds since the recording began. */
  readonly atMs: number;
  readonly frame: VideoFrame;
}

const CODECS: Readonly<Record<string, string>> = { V_VP8: "vp8", V_VP9: "vp09.00.10.08", V_AV1: "av01.0.04M.08" };
const MOST_WAITING = 4;
/** A decoder begins at a key picture, and a cluster may begin in the middle between two: one is within this time. */
const BEFORE_MS = 2500;
/** First bit of a picture in VP8 (RFC 6386, 9.1): whether it needs the one before. A block in a group does not say. */
const VP8_DELTA = 1;
/** Longest side of a covered film, pixels. */
const LONGEST = 1280;

/** Whether this browser can take a film apart and make one. */
export function canMake(): boolean {
  return "VideoEncoder" in globalThis && "VideoDecoder" in globalThis;
}

/** Every picture from `fromMs` to `untilMs`, in order. Of files that are no WebM, none. */
export async function* pictures(opened: Opened, fromMs: number, untilMs: number): AsyncGenerator<Picture> {
  for (const { reel, ...span } of reelsOf(opened)) {
    if (span.fromMs < untilMs && span.untilMs > fromMs) yield* picturesIn(reel, Math.max(fromMs, span.fromMs), Math.min(untilMs, span.untilMs));
  }
}

async function* picturesIn(reel: Reel, fromMs: number, untilMs: number): AsyncGenerator<Picture> {
  const track = await trackOf(reel, FILM);
  const codec = track && CODECS[track.codec];
  if (!codec) return;
  const decoding = new Decoding(codec);
  const isWanted = ({ timestamp }: VideoFrame): boolean => reel.toRecording(timestamp / 1000) >= fromMs;
  let hasBegun = false;
  try {
    for await (const packet of packetsOf(reel, track.number, Math.max(reel.startMs, fromMs - BEFORE_MS), untilMs)) {
      const isKey = track.codec === "V_VP8" ? (packet.content[0]! & VP8_DELTA) === 0 : packet.isKey;
      hasBegun ||= isKey;
      if (!hasBegun) continue;
      await decoding.put(new EncodedVideoChunk({ type: isKey ? "key" : "delta", timestamp: packet.fileMs * 1000, data: packet.content }));
      for (const frame of decoding.taken(isWanted)) yield { atMs: reel.toRecording(frame.timestamp / 1000), frame };
    }
    await decoding.end();
    for (const frame of decoding.taken(isWanted)) yield { atMs: reel.toRecording(frame.timestamp / 1000), frame };
  } finally {
    decoding.drop();
  }
}

class Decoding {
  #ready: VideoFrame[] = [];
  readonly #decoder: VideoDecoder;
  #failed: unknown;

  constructor(codec: string) {
    this.#decoder = new VideoDecoder({ output: (frame) => this.#ready.push(frame), error: (error) => (this.#failed = error) });
    this.#decoder.configure({ codec });
  }

  async put(chunk: EncodedVideoChunk): Promise<void> {
    this.#decoder.decode(chunk);
    while (this.#decoder.decodeQueueSize > MOST_WAITING) await new Promise((resolve) => this.#decoder.addEventListener("dequeue", resolve, { once: true }));
  }

  async end(): Promise<void> {
    await this.#decoder.flush();
  }

  *taken(isWanted: (frame: VideoFrame) => boolean): Generator<VideoFrame> {
    if (this.#failed) throw this.#failed;
    for (let frame = this.#ready.shift(); frame; frame = this.#ready.shift()) {
      if (isWanted(frame)) yield frame;
      else frame.close();
    }
  }

  drop(): void {
    for (const frame of this.#ready) frame.close();
    this.#ready = [];
    if (this.#decoder.state !== "closed") this.#decoder.close();
  }
}

/** Width and height of the first picture, even, at most `LONGEST`; undefined where there is no picture. */
export async function sizeOf(opened: Opened, fromMs: number, untilMs: number): Promise<readonly [number, number] | undefined> {
  for await (const { frame } of pictures(opened, fromMs, untilMs)) {
    const { displayWidth, displayHeight } = frame;
    frame.close();
    const scale = Math.min(1, LONGEST / Math.max(displayWidth, displayHeight));
    const even = (side: number): number => Math.max(2, Math.round((side * scale) / 2) * 2);
    return [even(displayWidth), even(displayHeight)];
  }
  return undefined;
}

/** Draw a picture over all of `canvas`, black around it where its shape differs, and close it. */
export function paint(canvas: HTMLCanvasElement, { frame }: Picture): void {
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = "black";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const { displayWidth, displayHeight } = frame;
  const scale = Math.min(canvas.width / displayWidth, canvas.height / displayHeight);
  const [width, height] = [displayWidth * scale, displayHeight * scale];
  pen.drawImage(frame, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  frame.close();
}
