/**
 * What is covered when: pure arithmetic. Boxes are in shares of the picture, 0 to 1. A face that was found reaches beyond its own moment, and a hand's
 * cover beyond its second: what is covered too much costs a picture of a wall, what is covered too little costs somebody's face.
 */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Faces that were found in the picture of one moment. */
export interface Look {
  readonly atMs: number;
  readonly faces: readonly Box[];
}

/** One second of the recording, as whoever reviews it left it. */
export interface Reviewed {
  readonly fromMs: number;
  isSeen: boolean;
  /** The whole picture is black. */
  isWhole: boolean;
  /** Covers that a person drew. */
  readonly drawn: Box[];
}

/** Looks a second. */
export const LOOKS = 4;
/** A face is covered for so long before and after the moment at which it was found. */
export const REACH_MS = 500;
/** A cover is larger than its face by so much of its size, on each side: hair, ears, a beard, a turn of the head. */
export const GROWN = 0.35;
const SECOND_MS = 1000;
/** A face is the same as one in the next look when it moved by less than so many of its own sizes. */
const STRIDE = 2;

export function grown({ x, y, width, height }: Box, by = GROWN): Box {
  return clipped({ x: x - by * width, y: y - by * height, width: width * (1 + 2 * by), height: height * (1 + 2 * by) });
}

export function clipped({ x, y, width, height }: Box): Box {
  const [left, top] = [Math.min(Math.max(0, x), 1), Math.min(Math.max(0, y), 1)];
  return { x: left, y: top, width: Math.min(Math.max(0, x + width), 1) - left, height: Math.min(Math.max(0, y + height), 1) - top };
}

/** The smallest box around both. */
export function around(a: Box, b: Box): Box {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

export function doMeet(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Boxes that meet, as one. */
export function apart(boxes: readonly Box[]): Box[] {
  const found: Box[] = [];
  for (const box of boxes) {
    let whole = box;
    for (let met = found.findIndex((one) => doMeet(one, whole)); met >= 0; met = found.findIndex((one) => doMeet(one, whole))) {
      whole = around(found.splice(met, 1)[0]!, whole);
    }
    found.push(whole);
  }
  return found;
}

/** Where the same face was in the next look, if it is there. */
function next(face: Box, faces: readonly Box[]): Box | undefined {
  const far = (one: Box): number =>
    Math.max(Math.abs(middle(one).x - middle(face).x) / face.width, Math.abs(middle(one).y - middle(face).y) / face.height);
  const nearest = [...faces].sort((a, b) => far(a) - far(b))[0];
  return nearest && far(nearest) <= STRIDE ? nearest : undefined;
}

function middle({ x, y, width, height }: Box): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}

export class Covers {
  readonly seconds: Reviewed[] = [];
  readonly fromMs: number;
  readonly untilMs: number;
  #looks: Look[] = [];

  constructor(fromMs: number, untilMs: number) {
    this.fromMs = fromMs;
    this.untilMs = untilMs;
    for (let at = fromMs; at < untilMs; at += SECOND_MS) this.seconds.push({ fromMs: at, isSeen: false, isWhole: false, drawn: [] });
  }

  /** Looks come in order of time. */
  add(look: Look): void {
    this.#looks.push(look);
  }

  /** Faces that were found, in all. */
  get count(): number {
    return this.#looks.reduce((sum, { faces }) => sum + faces.length, 0);
  }

  get unseen(): number {
    return this.seconds.filter(({ isSeen }) => !isSeen).length;
  }

  /** What is found at one place of a second is no face: it is covered no longer in that second. Its neighbours keep theirs. */
  uncover(second: Reviewed, cover: Box): void {
    this.#looks = this.#looks.map((look) =>
      isIn(second, look.atMs) ? { ...look, faces: look.faces.filter((face) => !doMeet(grown(face), cover)) } : look);
  }

  /** Covers of a second for whoever reviews it: those found in it, one for each face, and those drawn. */
  found(second: Reviewed): Box[] {
    const faces = this.#looks.filter(({ atMs }) => isIn(second, atMs)).flatMap((look) => look.faces.map((face) => grown(face)));
    return apart(faces);
  }

  /** What is black in the picture at `atMs`: "all" of it, or these boxes. */
  at(atMs: number): readonly Box[] | "all" {
    const reached = this.seconds.filter(({ fromMs }) => atMs >= fromMs - REACH_MS && atMs < fromMs + SECOND_MS + REACH_MS);
    if (reached.some((second) => second.isWhole && isIn(second, atMs))) return "all";
    return [...reached.flatMap(({ drawn }) => drawn), ...this.#reaching(atMs)];
  }

  #reaching(atMs: number): Box[] {
    const covers: Box[] = [];
    this.#looks.forEach((look, i) => {
      if (Math.abs(look.atMs - atMs) > REACH_MS) return;
      const after = this.#looks[i + 1];
      const isBetween = after !== undefined && look.atMs <= atMs && after.atMs >= atMs;
      for (const face of look.faces) {
        covers.push(grown(face));
        const moved = isBetween ? next(face, after.faces) : undefined;
        if (moved) covers.push(grown(around(face, moved)));
      }
    });
    return covers;
  }
}

function isIn({ fromMs }: Reviewed, atMs: number): boolean {
  return atMs >= fromMs && atMs < fromMs + SECOND_MS;
}
