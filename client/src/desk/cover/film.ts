/**
 * Makes the covered film: each picture drawn anew with black over what is covered, and encoded; nothing is under a cover. Of talks that are muted there is
 * neither picture nor sound.
 */
import type { Box, Covers } from "../../faces/boxes.ts";
import type { Opened } from "../opened.ts";
import { paint, pictures } from "./pictures.ts";
import { sounds, voiceOf } from "./sound.ts";
import { WebmFile, type Block } from "./webm_file.ts";

/** A picture from which one can begin comes this often. */
const KEY_MS = 1000;
/** What a phone records of pictures in a second, about: for the encoder to plan with. */
const RATE = 15;
/** Bits for a pixel of a picture. */
const FINE = 0.15;
const LEAST_BITS = 250_000;
const MOST_WAITING = 8;

/** Milliseconds of the recording in which nothing is shown or heard. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Wanted {
  readonly opened: Opened;
  readonly covers: Covers;
  readonly size: readonly [number, number];
  readonly hasSound: boolean;
  readonly muted: readonly Span[];
  /** Share that is done, 0 to 1. */
  readonly told: (share: number) => void;
  readonly signal: AbortSignal;
}

/** The film as a file. Rejects when the browser cannot, and when `signal` says so. */
export async function coveredFilm(wanted: Wanted): Promise<Blob> {
  const { covers, size } = wanted;
  const voice = wanted.hasSound ? await voiceOf(wanted.opened) : undefined;
  const file = new WebmFile(size[0], size[1], voice);
  const sound = voice ? heard(wanted) : none();
  let waiting = await sound.next();
  for await (const picture of covered(wanted)) {
    while (!waiting.done && waiting.value.atMs < picture.atMs) {
      file.add(waiting.value);
      waiting = await sound.next();
    }
    file.add(picture);
  }
  for (; !waiting.done; waiting = await sound.next()) file.add(waiting.value);
  return file.end(covers.untilMs - covers.fromMs);
}

async function* none(): AsyncGenerator<Block> {
  // A film without sound.
}

/** Sound from the beginning of what is wanted, where no muted talk is. */
async function* heard({ opened, covers: { fromMs, untilMs }, muted }: Wanted): AsyncGenerator<Block> {
  for await (const { atMs, content } of sounds(opened, fromMs, untilMs)) {
    if (!isWithin(muted, atMs)) yield { isFilm: false, isKey: true, atMs: Math.round(atMs - fromMs), content };
  }
}

async function* covered({ opened, covers, size, muted, told, signal }: Wanted): AsyncGenerator<Block> {
  const { fromMs, untilMs } = covers;
  const canvas = Object.assign(document.createElement("canvas"), { width: size[0], height: size[1] });
  const encoding = new Encoding(size);
  let keyMs = -Infinity;
  try {
    for await (const picture of pictures(opened, fromMs, untilMs)) {
      const { atMs } = picture;
      paint(canvas, picture);
      if (signal.aborted) throw new DOMException("left", "AbortError");
      black(canvas, isWithin(muted, atMs) ? "all" : covers.at(atMs));
      const isKey = atMs - keyMs >= KEY_MS;
      if (isKey) keyMs = atMs;
      await encoding.put(canvas, atMs - fromMs, isKey);
      told((atMs - fromMs) / (untilMs - fromMs));
      yield* encoding.taken();
    }
    yield* await encoding.end();
  } finally {
    encoding.drop();
  }
}

/** Black over `covers`, in place. */
export function black(canvas: HTMLCanvasElement, covers: readonly Box[] | "all"): void {
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = "black";
  for (const { x, y, width, height } of covers === "all" ? [{ x: 0, y: 0, width: 1, height: 1 }] : covers) {
    const [left, top] = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)];
    pen.fillRect(left, top, Math.ceil((x + width) * canvas.width) - left, Math.ceil((y + height) * canvas.height) - top);
  }
}

class Encoding {
  readonly #ready: Block[] = [];
  readonly #encoder: VideoEncoder;
  #failed: unknown;

  constructor([width, height]: readonly [number, number]) {
    this.#encoder = new VideoEncoder({
      output: (chunk) => {
        const content = new Uint8Array(chunk.byteLength);
        chunk.copyTo(content);
        this.#ready.push({ isFilm: true, isKey: chunk.type === "key", atMs: Math.round(chunk.timestamp / 1000), content });
      },
      error: (error) => (this.#failed = error),
    });
    const bitrate = Math.max(LEAST_BITS, Math.round(width * height * RATE * FINE));
    this.#encoder.configure({ codec: "vp8", width, height, bitrate, framerate: RATE, latencyMode: "quality" });
  }

  async put(canvas: HTMLCanvasElement, atMs: number, isKey: boolean): Promise<void> {
    const frame = new VideoFrame(canvas, { timestamp: Math.round(atMs * 1000) });
    this.#encoder.encode(frame, { keyFrame: isKey });
    frame.close();
    while (this.#encoder.encodeQueueSize > MOST_WAITING) await new Promise((resolve) => this.#encoder.addEventListener("dequeue", resolve, { once: true }));
  }

  taken(): Block[] {
    if (this.#failed) throw this.#failed;
    return this.#ready.splice(0);
  }

  async end(): Promise<Block[]> {
    await this.#encoder.flush();
    return this.taken();
  }

  drop(): void {
    if (this.#encoder.state !== "closed") this.#encoder.close();
  }
}

function isWithin(spans: readonly Span[], atMs: number): boolean {
  return spans.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs);
}
