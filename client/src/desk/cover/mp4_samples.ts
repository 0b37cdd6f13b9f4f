/** Where the samples of an MP4 track lie and when they are shown: of a fragment (`moof`), or of the tables of a file that a camera wrote. */
import type { Bytes } from "../../crypto/bytes.ts";
import { boxAt, boxesIn, Fields } from "./mp4_boxes.ts";
import type { Mp4Track } from "./mp4_tracks.ts";

export interface Sample {
  /** Byte of the file. */
  readonly at: number;
  readonly size: number;
  /** Ticks of the track: when it is decoded, when it is shown, for how long. */
  readonly decoded: number;
  readonly shown: number;
  readonly duration: number;
  readonly isKey: boolean;
}

const [BASE, DURATION, SIZE, FLAGS] = [0x1, 0x8, 0x10, 0x20];
const [RUN_OFFSET, RUN_FIRST, RUN_DURATION, RUN_SIZE, RUN_FLAGS, RUN_SHOWN] = [0x1, 0x4, 0x100, 0x200, 0x400, 0x800];
const NO_KEY = 0x10000;
const DESCRIBED = 0x2;

/** Samples of `track` in a fragment that begins at `at`. */
export function samplesIn(fragment: Bytes, at: number, track: Mp4Track): Sample[] {
  const found: Sample[] = [];
  for (const { kind, content } of boxesIn(fragment)) {
    const head = kind === "traf" ? boxAt(content, "tfhd") : undefined;
    if (head?.u32(4) === track.number) readPart(content, head, at, track, found);
  }
  return found;
}

function readPart(part: Bytes, head: Fields, fragmentAt: number, track: Mp4Track, found: Sample[]): void {
  let next = 8;
  const take = (flag: number, wide: number, usual: number): number => {
    if (!(head.flags & flag)) return usual;
    next += wide;
    return wide === 8 ? head.u64(next - 8) : head.u32(next - 4);
  };
  const origin = take(BASE, 8, fragmentAt);
  take(DESCRIBED, 4, 0);
  const usual = { duration: take(DURATION, 4, track.usual.duration), size: take(SIZE, 4, track.usual.size), flags: take(FLAGS, 4, track.usual.flags) };
  const time = boxAt(part, "tfdt");
  let decoded = time ? (time.version === 1 ? time.u64(4) : time.u32(4)) : 0;
  let at = origin;
  for (const { kind, content } of boxesIn(part)) {
    if (kind !== "trun") continue;
    [at, decoded] = readRun(new Fields(content), origin, at, decoded, usual, track.shift, found);
  }
}

function readRun(run: Fields, origin: number, from: number, time: number, usual: Mp4Track["usual"], shift: number, found: Sample[]): [number, number] {
  const { flags } = run;
  let place = 8;
  const take = (flag: number, otherwise: number): number => {
    if (!(flags & flag)) return otherwise;
    place += 4;
    return run.u32(place - 4);
  };
  let at = flags & RUN_OFFSET ? origin + run.i32(place) : from;
  if (flags & RUN_OFFSET) place += 4;
  const first = take(RUN_FIRST, usual.flags);
  let decoded = time;
  for (let i = 0; i < run.u32(4) && place <= run.length; i++) {
    const duration = take(RUN_DURATION, usual.duration);
    const size = take(RUN_SIZE, usual.size);
    const told = take(RUN_FLAGS, i === 0 ? first : usual.flags);
    const later = flags & RUN_SHOWN ? run.i32(place) : 0;
    take(RUN_SHOWN, 0);
    found.push({ at, size, decoded: decoded + shift, shown: decoded + later + shift, duration, isKey: (told & NO_KEY) === 0 });
    at += size;
    decoded += duration;
  }
  return [at, decoded];
}

/** Every sample that the tables of a file without fragments name. */
export function samplesOf({ tables, shift }: Mp4Track): Sample[] {
  const [sizes, chunks, wide, keys] = [boxAt(tables, "stsz"), boxAt(tables, "stco"), boxAt(tables, "co64"), boxAt(tables, "stss")];
  if (!sizes || !(chunks ?? wide)) return [];
  const count = sizes.u32(8);
  const one = sizes.u32(4);
  const durations = runs(boxAt(tables, "stts"));
  const later = runs(boxAt(tables, "ctts"));
  const groups = groupsOf(boxAt(tables, "stsc"));
  const keyed = keys && new Set(Array.from({ length: keys.u32(4) }, (_, i) => keys.u32(8 + 4 * i) - 1));
  const found: Sample[] = [];
  let decoded = 0;
  for (let chunk = 0; found.length < count && chunk < (chunks ?? wide)!.u32(4); chunk++) {
    let at = chunks ? chunks.u32(8 + 4 * chunk) : wide!.u64(8 + 8 * chunk);
    for (let left = groups(chunk + 1); left > 0 && found.length < count; left--) {
      const i = found.length;
      const [size, duration] = [one || sizes.u32(12 + 4 * i), durations()];
      found.push({ at, size, decoded: decoded + shift, shown: decoded + later() + shift, duration, isKey: !keyed || keyed.has(i) });
      at += size;
      decoded += duration;
    }
  }
  return found;
}

/** One value after the other of a table of (how many, value). */
function runs(table: Fields | undefined): () => number {
  let [row, left] = [0, table?.u32(8) ?? 0];
  return () => {
    while (table && left === 0 && row + 1 < table.u32(4)) left = table.u32(8 + 8 * (row += 1));
    if (!table || left === 0) return 0;
    left -= 1;
    return table.i32(12 + 8 * row);
  };
}

/** How many samples a chunk has, asked in order. */
function groupsOf(table: Fields | undefined): (chunk: number) => number {
  let row = 0;
  return (chunk) => {
    while (table && row + 1 < table.u32(4) && table.u32(8 + 12 * (row + 1)) <= chunk) row += 1;
    return table?.u32(12 + 12 * row) ?? 0;
  };
}
