/**
 * A photo for the alert desk: drawn anew on a canvas, covered, and written as a fresh JPEG. Nothing of the file that was chosen is in it but the
 * pixels that are seen: no place, no hour, no name of a phone, no thumbnail.
 */
import { Cover } from "./cover.ts";

const LONGEST_SIDE = 1280;
const QUALITIES = [0.8, 0.65, 0.5, 0.35];
const CURSOR = "#ffbf1f";
const COVERED = "#16181d";

export class Photo {
  readonly cover: Cover;
  readonly #picture: CanvasImageSource;
  readonly #canvas: HTMLCanvasElement;
  #cursor: [number, number] | undefined;

  /** Draw `file` on `canvas`, all of it covered. Rejects for what this browser cannot show. */
  static async open(file: Blob, canvas: HTMLCanvasElement): Promise<Photo> {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    return new Photo(picture, canvas);
  }

  private constructor(picture: CanvasImageSource, canvas: HTMLCanvasElement) {
    this.#picture = picture;
    this.#canvas = canvas;
    this.cover = new Cover(canvas.width, canvas.height);
    this.draw();
  }

  /** A finger, a pen, a mouse, or arrow keys and the space bar. Everything ends with `signal`. */
  listen(signal: AbortSignal): void {
    const canvas = this.#canvas;
    let last: [number, number] | undefined;
    // A stroke that begins on what is seen covers; one that begins on what is covered shows.
    let isCovering = false;
    const wipe = (event: PointerEvent): void => {
      const at = this.#pointOf(event);
      this.cover.wipe(...(last ?? at), ...at, isCovering);
      last = at;
      this.draw();
    };
    canvas.addEventListener("pointerdown", (event) => (canvas.setPointerCapture(event.pointerId), (last = undefined), (isCovering = !this.cover.isCoveredAt(...this.#pointOf(event))), wipe(event)), { signal });
    canvas.addEventListener("pointermove", (event) => event.buttons > 0 && wipe(event), { signal });
    canvas.addEventListener("keydown", (event) => this.#key(event), { signal });
    canvas.addEventListener("blur", () => ((this.#cursor = undefined), this.draw()), { signal });
  }

  draw(): void {
    this.#paint(true);
  }

  /** The picture with nothing covered, for who looks for faces on this phone. It is on no page. */
  bare(): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [this.#canvas.width, this.#canvas.height];
    canvas.getContext("2d")!.drawImage(this.#picture, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  /** The JPEG of at most `most` bytes, as it is seen. Rejects when no quality is small enough. */
  async encode(most: number): Promise<Uint8Array> {
    this.#paint(false);
    for (const quality of QUALITIES) {
      const blob = await new Promise<Blob | null>((made) => this.#canvas.toBlob(made, "image/jpeg", quality));
      if (blob && blob.size <= most) return new Uint8Array(await blob.arrayBuffer());
    }
    throw new RangeError("the picture stays too large");
  }

  /** Nothing of it is left on the canvas. */
  drop(): void {
    this.#canvas.width = this.#canvas.height = 1;
  }

  #paint(withCursor: boolean): void {
    const { width, height } = this.#canvas;
    const pen = this.#canvas.getContext("2d")!;
    pen.drawImage(this.#picture, 0, 0, width, height);
    const across = width / this.cover.columns;
    const down = height / this.cover.rows;
    pen.fillStyle = COVERED;
    for (const [column, row] of this.cover.covered()) pen.fillRect(Math.floor(column * across), Math.floor(row * down), Math.ceil(across) + 1, Math.ceil(down) + 1);
    if (!withCursor || !this.#cursor) return;
    pen.strokeStyle = CURSOR;
    pen.lineWidth = 4;
    pen.strokeRect(this.#cursor[0] * across + 2, this.#cursor[1] * down + 2, across - 4, down - 4);
  }

  #pointOf(event: PointerEvent): [number, number] {
    const box = this.#canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  #key(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move && event.key !== " ") return;
    event.preventDefault();
    const [column, row] = this.#cursor ?? [0, 0];
    const [right, down] = this.#cursor ? (move ?? [0, 0]) : [0, 0];
    this.#cursor = [within(column + right, this.cover.columns), within(row + down, this.cover.rows)];
    if (event.key === " ") this.cover.toggle(...this.#cursor);
    this.draw();
  }
}

function within(value: number, count: number): number {
  return Math.min(Math.max(value, 0), count - 1);
}
