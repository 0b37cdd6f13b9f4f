/**
 * Where the clusters of a WebM file begin and at what time, found while its bytes pass (Matroska, RFC 9559; unknown sizes as MediaRecorder
 * writes them). Keeps no media. What it cannot read it leaves: the list then ends there, and `isBroken` says so.
 */
import { join, type Bytes } from "../crypto/bytes.ts";
import type { Entry, MediaIndex } from "./media_index.ts";

export const ID = {
  segment: 0x18538067, cluster: 0x1f43b675, tracks: 0x1654ae6b, info: 0x1549a966, scale: 0x2ad7b1, timecode: 0xe7,
  simpleBlock: 0xa3, blockGroup: 0xa0, block: 0xa1, trackEntry: 0xae, trackNumber: 0xd7, trackType: 0x83, codec: 0x86,
} as const; // prettier-ignore
const ENTERED: ReadonlySet<number> = new Set([ID.segment, ID.cluster, ID.blockGroup]);
const READ_WHOLE: ReadonlySet<number> = new Set([ID.tracks, ID.info, ID.timecode]);
const LONGEST_READ = 1024 * 1024;
const VIDEO = 1;
const CODECS: Record<string, string> = { V_VP8: "vp8", V_VP9: "vp09.00.10.08", V_AV1: "av01.0.04M.08", A_OPUS: "opus", A_VORBIS: "vorbis", "V_MPEG4/ISO/AVC": "avc1.42E01E" };
const BLOCK_HEAD = 4;

export interface Head {
  readonly id: number;
  /** Undefined: until its parent ends. */
  readonly size: number | undefined;
  readonly length: number;
}

export class WebmIndex implements MediaIndex {
  readonly entries: Entry[] = [];
  initEnd = 0;
  lastMs = 0;
  isBroken = false;
  #codecs: string[] = [];
  #videoTrack = -1;
  #scale = 1_000_000;
  #clusterMs = 0;
  #rest: Bytes = new Uint8Array(0);
  #at = 0;
  #skip = 0;

  get hasPicture(): boolean {
    return this.#videoTrack >= 0;
  }

  get type(): string {
    return `${this.hasPicture ? "video" : "audio"}/webm; codecs="${this.#codecs.join(",")}"`;
  }

  push(bytes: Bytes): void {
    if (this.isBroken) return;
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    this.#at += skipped;
    let view = this.#rest.length > 0 ? join(this.#rest, bytes.subarray(skipped)) : bytes.subarray(skipped);
    let taken = this.#element(view);
    while (taken > 0) {
      this.#at += Math.min(taken, view.length);
      this.#skip = Math.max(0, taken - view.length);
      view = view.subarray(taken);
      taken = this.#element(view);
    }
    this.#rest = view.slice();
  }

  /** Take in the element that `view` begins with: how many bytes are done with, 0 where more are needed first. */
  #element(view: Bytes): number {
    const head = headOf(view);
    if (head === "broken") return this.#break();
    if (!head) return 0;
    if (ENTERED.has(head.id)) return this.#enter(head);
    if (head.size === undefined) return this.#break();
    const whole = head.length + head.size;
    if (READ_WHOLE.has(head.id)) {
      if (head.size > LONGEST_READ) return this.#break();
      if (view.length < whole) return 0;
      this.#read(head.id, view.subarray(head.length, whole));
    } else if (head.id === ID.simpleBlock || head.id === ID.block) {
      if (view.length < head.length + BLOCK_HEAD) return 0;
      this.#block(view.subarray(head.length, head.length + BLOCK_HEAD), head.id === ID.simpleBlock);
    }
    return whole;
  }

  #break(): number {
    this.isBroken = true;
    return 0;
  }

  #enter(head: Head): number {
    if (head.id === ID.cluster) {
      if (this.entries.length === 0) this.initEnd = this.#at;
      this.entries.push({ at: this.#at, ms: this.#clusterMs, isKey: !this.hasPicture });
    }
    return head.length;
  }

  #read(id: number, content: Bytes): void {
    if (id === ID.info) this.#scale = [...children(content)].find((one) => one.id === ID.scale)?.number ?? this.#scale;
    if (id === ID.tracks) for (const one of children(content)) if (one.id === ID.trackEntry) this.#track(one.content);
    if (id !== ID.timecode) return;
    this.#clusterMs = (numberOf(content) * this.#scale) / 1e6;
    this.lastMs = Math.max(this.lastMs, this.#clusterMs);
    const last = this.entries.at(-1);
    if (last) this.entries[this.entries.length - 1] = { ...last, ms: this.#clusterMs };
  }

  #track(content: Bytes): void {
    const parts = new Map([...children(content)].map((one) => [one.id, one]));
    if (parts.get(ID.trackType)?.number === VIDEO) this.#videoTrack = parts.get(ID.trackNumber)?.number ?? 0;
    const name = new TextDecoder().decode(parts.get(ID.codec)?.content);
    this.#codecs.push(CODECS[name] ?? name.toLowerCase());
  }

  #block(head: Bytes, isSimple: boolean): void {
    const track = head[0]! & 0x7f;
    const relative = new DataView(head.buffer, head.byteOffset).getInt16(1);
    this.lastMs = Math.max(this.lastMs, this.#clusterMs + (relative * this.#scale) / 1e6);
    const last = this.entries.at(-1);
    if (last && !last.isKey && track === this.#videoTrack && isSimple && (head[3]! & 0x80) !== 0) {
      this.entries[this.entries.length - 1] = { ...last, isKey: true };
    }
  }
}

export function headOf(view: Bytes): Head | "broken" | undefined {
  const id = vint(view, 0, true);
  if (id === "broken" || !id) return id;
  if (id.length > 4) return "broken";
  const size = vint(view, id.length, false);
  if (size === "broken" || !size) return size;
  const isUnknown = size.value === 2 ** (7 * size.length) - 1;
  return { id: id.value, size: isUnknown ? undefined : size.value, length: id.length + size.length };
}

/** A number with its length in its leading zeros (RFC 8794 section 4). An identifier keeps the mark. */
function vint(view: Bytes, at: number, isId: boolean): { value: number; length: number } | "broken" | undefined {
  const first = view[at];
  if (first === undefined) return undefined;
  if (first === 0) return "broken";
  const length = Math.clz32(first) - 23;
  if (view.length < at + length) return undefined;
  let value = isId ? first : first & (0xff >> length);
  for (let i = 1; i < length; i++) value = value * 256 + view[at + i]!;
  return { value, length };
}

export function* children(content: Bytes): Generator<{ id: number; content: Bytes; number: number }> {
  for (let at = 0; at < content.length; ) {
    const head = headOf(content.subarray(at));
    if (!head || head === "broken" || head.size === undefined) return;
    const inner = content.subarray(at + head.length, at + head.length + head.size);
    yield { id: head.id, content: inner, number: numberOf(inner) };
    at += head.length + head.size;
  }
}

export function numberOf(content: Bytes): number {
  return content.length > 8 ? 0 : content.reduce((sum, byte) => sum * 256 + byte, 0);
}
