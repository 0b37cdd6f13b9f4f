/** The pictures of a recording, decoded one after the other at their own times. Whoever takes one closes it. */
import type { Opened } from "../opened.ts";
import type { Reel } from "../reel.ts";
import type { Turn } from "./mp4_tracks.ts";
import { filmOf, reelsOf, type Film } from "./tracks.ts";

export interface Picture {
  /** Milliseconds since the recording began. */
  readonly atMs: number;
  readonly frame: VideoFrame;
  readonly turn: Turn;
}

const MOST_WAITING = 4;
/** Longest side of a covered film, pixels. */
const LONGEST = 1280;

/** Whether this browser can take a film apart and make one. */
export function canMake(): boolean {
  return "VideoEncoder" in globalThis && "VideoDecoder" in globalThis;
}

/** Every picture from `fromMs` to `untilMs`, in order. Of a film that this browser cannot decode, none. */
export async function* pictures(opened: Opened, fromMs: number, untilMs: number): AsyncGenerator<Picture> {
  for (const { reel, ...span } of reelsOf(opened)) {
    if (span.fromMs < untilMs && span.untilMs > fromMs) yield* picturesIn(reel, Math.max(fromMs, span.fromMs), Math.min(untilMs, span.untilMs));
  }
}

async function* picturesIn(reel: Reel, fromMs: number, untilMs: number): AsyncGenerator<Picture> {
  const film = await filmOf(reel);
  if (!film || !(await VideoDecoder.isConfigSupported(configOf(film))).supported) return;
  const decoding = new Decoding(film);
  const at = ({ timestamp }: VideoFrame): number => reel.toRecording(timestamp / 1000);
  const isWanted = (frame: VideoFrame): boolean => at(frame) >= fromMs && at(frame) < untilMs;
  let hasBegun = false;
  try {
    for await (const { isKey, fileMs, content } of film.packets(fromMs, untilMs)) {
      hasBegun ||= isKey;
      if (!hasBegun) continue;
      await decoding.put(new EncodedVideoChunk({ type: isKey ? "key" : "delta", timestamp: Math.round(fileMs * 1000), data: content }));
      for (const frame of decoding.taken(isWanted)) yield { atMs: at(frame), frame, turn: film.turn };
    }
    await decoding.end();
    for (const frame of decoding.taken(isWanted)) yield { atMs: at(frame), frame, turn: film.turn };
  } finally {
    decoding.drop();
  }
}

function configOf({ codec, description }: Film): VideoDecoderConfig {
  return { codec, ...(description && { description }) };
}

class Decoding {
  #ready: VideoFrame[] = [];
  readonly #decoder: VideoDecoder;
  #failed: unknown;

  constructor(film: Film) {
    this.#decoder = new VideoDecoder({ output: (frame) => this.#ready.push(frame), error: (error) => (this.#failed = error) });
    this.#decoder.configure(configOf(film));
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
  for await (const picture of pictures(opened, fromMs, untilMs)) {
    const [width, height] = uprightOf(picture);
    picture.frame.close();
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    const even = (side: number): number => Math.max(2, Math.round((side * scale) / 2) * 2);
    return [even(width), even(height)];
  }
  return undefined;
}

function uprightOf({ frame: { displayWidth, displayHeight }, turn }: Picture): readonly [number, number] {
  return turn % 180 === 0 ? [displayWidth, displayHeight] : [displayHeight, displayWidth];
}

/** Draw a picture upright over all of `canvas`, black around it where its shape differs, and close it. */
export function paint(canvas: HTMLCanvasElement, picture: Picture): void {
  const pen = canvas.getContext("2d")!;
  const { frame, turn } = picture;
  const [upWidth, upHeight] = uprightOf(picture);
  const scale = Math.min(canvas.width / upWidth, canvas.height / upHeight);
  const [width, height] = [frame.displayWidth * scale, frame.displayHeight * scale];
  pen.fillStyle = "black";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.save();
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate((turn * Math.PI) / 180);
  pen.drawImage(frame, -width / 2, -height / 2, width, height);
  pen.restore();
  frame.close();
}
