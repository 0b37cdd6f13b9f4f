/**
 * Finds faces in a picture, on this machine: CenterFace (MIT) under onnxruntime. What it misses a person has to find; `boxesIn` is apart from it so that
 * its arithmetic can be held to known answers.
 */
import model from "centerface.onnx";
import runtime from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import * as ort from "onnxruntime-web/wasm";
import type { Box } from "./boxes.ts";

/** The longest side of the picture that is looked at, pixels: more finds smaller faces and takes longer. */
const LONGEST = 640;
const GRAIN = 32;
/** A point of the answer stands for so many pixels of the picture. */
const STRIDE = 4;
/** Likeness from which a place counts as a face. Low: a cover too much is seen by who reviews. */
export const LIKELY = 0.2;
const SAME = 0.3;

export class FaceFinder {
  readonly #session: ort.InferenceSession;
  readonly #canvas = document.createElement("canvas");

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /** Fetches the model from this node. Rejects when it, or what runs it, cannot be had. */
  static async load(): Promise<FaceFinder> {
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = "error";
    ort.env.wasm.wasmBinary = await bytesAt(runtime);
    const session = await ort.InferenceSession.create(new Uint8Array(await bytesAt(model)), { executionProviders: ["wasm"], logSeverityLevel: 3 });
    return new FaceFinder(session);
  }

  async find(picture: HTMLCanvasElement): Promise<Box[]> {
    const [width, height] = sizeFor(picture.width, picture.height);
    Object.assign(this.#canvas, { width, height });
    const pen = this.#canvas.getContext("2d", { willReadFrequently: true })!;
    pen.drawImage(picture, 0, 0, width, height);
    const input = new ort.Tensor("float32", planes(pen.getImageData(0, 0, width, height).data), [1, 3, height, width]);
    const told = await this.#session.run({ "input.1": input });
    const [likeness, size, offset] = ["537", "538", "539"].map((name) => told[name]!.data as Float32Array);
    return boxesIn(likeness!, size!, offset!, width, height);
  }

  async drop(): Promise<void> {
    await this.#session.release();
  }
}

async function bytesAt(name: string): Promise<ArrayBuffer> {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error("the node does not have it");
  return answer.arrayBuffer();
}

/** Width and height to look at a picture in. */
export function sizeFor(width: number, height: number): readonly [number, number] {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const fit = (side: number): number => Math.max(GRAIN, Math.ceil((side * scale) / GRAIN) * GRAIN);
  return [fit(width), fit(height)];
}

/** All red, all green, all blue, as the model wants it. */
function planes(pixels: Uint8ClampedArray): Float32Array {
  const count = pixels.length / 4;
  const found = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) for (let colour = 0; colour < 3; colour++) found[colour * count + i] = pixels[4 * i + colour]!;
  return found;
}

/** Faces in the model's answer, the likeliest first; of two that are mostly the same, one. */
export function boxesIn(likeness: Float32Array, size: Float32Array, offset: Float32Array, width: number, height: number): Box[] {
  const [across, count] = [width / STRIDE, likeness.length];
  const places = [...likeness.keys()].filter((i) => likeness[i]! > LIKELY).sort((a, b) => likeness[b]! - likeness[a]!);
  const kept: Box[] = [];
  for (const i of places) {
    const [high, wide] = [Math.exp(size[i]!) * STRIDE, Math.exp(size[count + i]!) * STRIDE];
    const y = (Math.floor(i / across) + offset[i]! + 0.5) * STRIDE - high / 2;
    const x = ((i % across) + offset[count + i]! + 0.5) * STRIDE - wide / 2;
    const box = { x: x / width, y: y / height, width: wide / width, height: high / height };
    if (kept.every((one) => overlap(one, box) < SAME)) kept.push(box);
  }
  return kept;
}

/** Share that two boxes have in common, of what they cover together. */
function overlap(a: Box, b: Box): number {
  const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const both = Math.max(0, wide) * Math.max(0, high);
  return both / (a.width * a.height + b.width * b.height - both);
}
