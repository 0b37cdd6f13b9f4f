/**
 * What an MP4 file says of its film and its sound (ISO/IEC 14496-12, -14, -15): how a decoder is told, how it lies in time, which way up it was held. Read of
 * films in H.264, VP9 and AV1, and of sound in AAC and Opus; of anything else there is nothing here.
 */
import { join, utf8, type Bytes } from "../../crypto/bytes.ts";
import type { Voice } from "./tracks.ts";
import { boxAt, boxesIn, Fields } from "./mp4_boxes.ts";
import type { Sample } from "./mp4_samples.ts";

export type Turn = 0 | 90 | 180 | 270;

export interface Mp4Track {
  readonly number: number;
  readonly isFilm: boolean;
  /** Ticks in a second. */
  readonly scale: number;
  /** What is added to a time of the file's own, ticks: an edit list says so. */
  readonly shift: number;
  /** WebCodecs' name of it. */
  readonly codec: string;
  readonly description: Bytes | undefined;
  readonly turn: Turn;
  readonly voice: Voice | undefined;
  /** The tables of a file without fragments, still unread. */
  readonly tables: Bytes;
  /** Duration, size and flags of a sample that says none (`trex`). */
  readonly usual: Pick<Sample, "duration" | "size"> & { readonly flags: number };
}

const [FILM, SOUND] = ["vide", "soun"];
const FILM_HEAD = 78;
const SOUND_HEAD = 28;
/** QuickTime's own heads of a sound, by their version, are longer by so much. */
const OLDER: Readonly<Record<number, number>> = { 1: 16, 2: 36 };
const OPUS_RATE = 48_000;

/** The tracks that can be read, of a `moov` box. */
export function tracksIn(movie: Bytes): Mp4Track[] {
  const scale = timeScale(boxAt(movie, "mvhd"));
  return [...boxesIn(movie)].filter(({ kind }) => kind === "trak").map(({ content }) => trackIn(content, movie, scale)).filter((one) => one !== undefined);
}

function trackIn(track: Bytes, movie: Bytes, movieScale: number): Mp4Track | undefined {
  const [head, tables, description] = [boxAt(track, "tkhd"), boxAt(track, "mdia", "minf", "stbl"), boxAt(track, "mdia", "minf", "stbl", "stsd")];
  const kind = boxAt(track, "mdia", "hdlr")?.name(8);
  const entry = description && [...boxesIn(description.bytes, 8)][0];
  if (!head || !tables || !entry || (kind !== FILM && kind !== SOUND)) return undefined;
  const told = kind === FILM ? filmIn(entry.kind, entry.content) : soundIn(entry.kind, entry.content);
  if (!told) return undefined;
  const number = head.u32(head.version === 1 ? 20 : 12);
  const scale = timeScale(boxAt(track, "mdia", "mdhd"));
  return {
    number, isFilm: kind === FILM, scale, shift: shiftOf(boxAt(track, "edts", "elst"), scale / movieScale), turn: turnOf(head), tables: tables.bytes,
    usual: usualOf(movie, number), description: undefined, voice: undefined, ...told,
  }; // prettier-ignore
}

function timeScale(fields: Fields | undefined): number {
  return (fields && fields.u32(fields.version === 1 ? 20 : 12)) || 1000;
}

/** An empty edit waits; what then begins in the middle of its media goes back to the beginning (14496-12, 8.6.6). */
function shiftOf(list: Fields | undefined, ticks: number): number {
  let shift = 0;
  for (let i = 0; list && i < list.u32(4); i++) {
    const at = 8 + i * (list.version === 1 ? 20 : 12);
    const time = list.version === 1 ? (list.u32(at + 8) === 0xffffffff ? -1 : list.u64(at + 8)) : list.i32(at + 4);
    if (time >= 0) return shift - time;
    shift += (list.version === 1 ? list.u64(at) : list.u32(at)) * ticks;
  }
  return shift;
}

/** A phone that is held upright films on its side, and says so in a matrix. */
function turnOf(head: Fields): Turn {
  const at = head.version === 1 ? 52 : 40;
  const [a, b] = [Math.sign(head.i32(at)), Math.sign(head.i32(at + 4))];
  if (a > 0 || (a === 0 && b === 0)) return 0;
  return a < 0 ? 180 : b > 0 ? 90 : 270;
}

function usualOf(movie: Bytes, number: number): Mp4Track["usual"] {
  const extends_ = boxAt(movie, "mvex");
  const found = extends_ && [...boxesIn(extends_.bytes)].map(({ kind, content }) => ({ kind, fields: new Fields(content) })).find(({ kind, fields }) => kind === "trex" && fields.u32(4) === number);
  return { duration: found?.fields.u32(12) ?? 0, size: found?.fields.u32(16) ?? 0, flags: found?.fields.u32(20) ?? 0 };
}

type Told = Pick<Mp4Track, "codec"> & Partial<Pick<Mp4Track, "description" | "voice">>;

function filmIn(kind: string, entry: Bytes): Told | undefined {
  const inner = entry.subarray(FILM_HEAD) as Bytes;
  const [avc, vp9, av1] = [boxAt(inner, "avcC"), boxAt(inner, "vpcC"), boxAt(inner, "av1C")];
  const two = (value: number): string => String(value).padStart(2, "0");
  if ((kind === "avc1" || kind === "avc3") && avc) {
    return { codec: `avc1.${[1, 2, 3].map((at) => avc.u8(at).toString(16).padStart(2, "0")).join("")}`, description: avc.bytes.slice() };
  }
  if (kind === "vp09" && vp9) return { codec: `vp09.${two(vp9.u8(4))}.${two(vp9.u8(5))}.${two(vp9.u8(6) >> 4)}` };
  if (kind !== "av01" || !av1) return undefined;
  const bits = av1.u8(2) & 0x40 ? (av1.u8(2) & 0x20 ? 12 : 10) : 8;
  return { codec: `av01.${av1.u8(1) >> 5}.${two(av1.u8(1) & 0x1f)}${av1.u8(2) & 0x80 ? "H" : "M"}.${two(bits)}` };
}

function soundIn(kind: string, entry: Bytes): Told | undefined {
  const fields = new Fields(entry);
  const [channels, rate] = [fields.u16(16), fields.u16(24)];
  const inner = entry.subarray(SOUND_HEAD + (OLDER[fields.u16(8)] ?? 0)) as Bytes;
  const opus = boxAt(inner, "dOps");
  if (kind === "Opus" && opus) {
    return { codec: "opus", voice: { head: opusHead(opus.u8(1), opus.u16(2), opus.u32(4), opus.bytes.subarray(10) as Bytes), rate: OPUS_RATE, channels: opus.u8(1) } };
  }
  const descriptors = boxAt(inner, "esds") ?? boxAt(inner, "wave", "esds");
  const config = descriptors && audioConfig(descriptors.bytes);
  if (kind !== "mp4a" || !config) return undefined;
  return { codec: `mp4a.40.${config[0]! >> 3}`, description: config, voice: { head: opusHead(channels, 0, rate), rate, channels } };
}

/** How Opus is told where it lies in no MP4 (RFC 7845, 5.1): numbers the other way round. `rest`: the table of channels, where there is one. */
export function opusHead(channels: number, skip: number, rate: number, rest: Bytes = Uint8Array.of(0)): Bytes {
  const numbers = new DataView(new ArrayBuffer(8));
  numbers.setUint16(0, skip, true);
  numbers.setUint32(2, rate, true);
  return join(utf8("OpusHead"), Uint8Array.of(1, channels), new Uint8Array(numbers.buffer), rest.length > 0 ? rest.slice() : Uint8Array.of(0));
}

/** AAC's own description, from the descriptors around it (ISO/IEC 14496-1, 7.2.6): tag, length in sevens, content. */
function audioConfig(descriptors: Bytes): Bytes | undefined {
  const heads: Readonly<Record<number, number>> = { 3: 3, 4: 13 };
  for (let at = 4; at < descriptors.length; ) {
    const tag = descriptors[at++]!;
    let length = 0;
    for (let more = true; more && at < descriptors.length; at++) {
      length = length * 128 + (descriptors[at]! & 0x7f);
      more = (descriptors[at]! & 0x80) !== 0;
    }
    if (tag === 5) return length > 1 ? descriptors.slice(at, at + length) : undefined;
    at += heads[tag] ?? length;
  }
  return undefined;
}
