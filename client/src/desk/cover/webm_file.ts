/** Writes a WebM file (Matroska, RFC 9559) of one film in VP8 and perhaps one sound in Opus, with its length and an index of its clusters. */
import { join, utf8, type Bytes } from "../../crypto/bytes.ts";
import type { Voice } from "./tracks.ts";

export interface Block {
  readonly isFilm: boolean;
  readonly isKey: boolean;
  readonly atMs: number;
  readonly content: Bytes;
}

const [FILM, SOUND] = [1, 2];
const SCALE_NS = 1_000_000;
/** RFC 7845: what a decoder needs to hear before it is right. */
const OPUS_PREROLL_NS = 80_000_000;
const WIDE = 8;

/** Takes blocks in order of time, film first where two are of one moment. Each picture from which one can begin starts a cluster. */
export class WebmFile {
  readonly #head: Bytes;
  readonly #clusters: { atMs: number; parts: Blob[]; size: number }[] = [];
  #lastMs = 0;

  constructor(width: number, height: number, voice: Voice | undefined) {
    const film = element(0xae, number(0xd7, FILM), number(0x73c5, FILM), number(0x83, 1), text(0x86, "V_VP8"), element(0xe0, number(0xb0, width), number(0xba, height)));
    const sound = voice && element(
      0xae, number(0xd7, SOUND), number(0x73c5, SOUND), number(0x83, 2), text(0x86, "A_OPUS"), element(0x63a2, voice.head), number(0x56bb, OPUS_PREROLL_NS),
      element(0xe1, float(0xb5, voice.rate), number(0x9f, voice.channels)),
    ); // prettier-ignore
    this.#head = element(0x1654ae6b, film, ...(sound ? [sound] : []));
  }

  add({ isFilm, isKey, atMs, content }: Block): void {
    if (this.#clusters.length === 0 || (isFilm && isKey)) this.#clusters.push({ atMs, parts: [], size: 0 });
    const cluster = this.#clusters.at(-1)!;
    const place = new Uint8Array(4);
    const view = new DataView(place.buffer);
    view.setUint8(0, 0x80 | (isFilm ? FILM : SOUND));
    view.setInt16(1, atMs - cluster.atMs);
    view.setUint8(3, isKey ? 0x80 : 0);
    const block = element(0xa3, place, content);
    cluster.parts.push(new Blob([block]));
    cluster.size += block.length;
    this.#lastMs = Math.max(this.#lastMs, atMs);
  }

  end(lengthMs: number): Blob {
    const heads = this.#clusters.map(({ atMs, size }) => {
      const time = number(0xe7, atMs);
      return join(identifier(0x1f43b675), wide(time.length + size), time);
    });
    const heading = element(0x1549a966, number(0x2ad7b1, SCALE_NS), float(0x4489, Math.max(lengthMs, this.#lastMs)), text(0x4d80, "tocsin"), text(0x5741, "tocsin"));
    const index = (first: number): Bytes => {
      let at = first;
      const points = this.#clusters.map(({ atMs, size }, i) => {
        const point = element(0xbb, number(0xb3, atMs), element(0xb7, number(0xf7, FILM), number(0xf1, at, WIDE)));
        at += heads[i]!.length + size;
        return point;
      });
      return element(0x1c53bb6b, ...points);
    };
    const before = heading.length + this.#head.length;
    const cues = index(before + index(0).length);
    const body = before + cues.length + this.#clusters.reduce((sum, { size }, i) => sum + heads[i]!.length + size, 0);
    const type = element(0x1a45dfa3, number(0x4286, 1), number(0x42f7, 1), number(0x42f2, 4), number(0x42f3, 8), text(0x4282, "webm"), number(0x4287, 4), number(0x4285, 2));
    const opening = join(type, identifier(0x18538067), wide(body), heading, this.#head, cues);
    return new Blob([opening, ...this.#clusters.flatMap(({ parts }, i) => [heads[i]!, ...parts])], { type: "video/webm" });
  }
}

function element(id: number, ...content: Bytes[]): Bytes {
  const inner = join(...content);
  return join(identifier(id), wide(inner.length), inner);
}

function number(id: number, value: number, least = 1): Bytes {
  const bytes: number[] = [];
  for (let left = value; left > 0 || bytes.length < least; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return element(id, Uint8Array.from(bytes));
}

function float(id: number, value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return element(id, bytes);
}

function text(id: number, value: string): Bytes {
  return element(id, utf8(value));
}

function identifier(id: number): Bytes {
  const bytes: number[] = [];
  for (let left = id; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return Uint8Array.from(bytes);
}

/** A length in eight bytes, whatever it is: so that an index is as long before it is known as after. */
function wide(length: number): Bytes {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x01000000 + Math.floor(length / 2 ** 32));
  view.setUint32(4, length % 2 ** 32);
  return bytes;
}
