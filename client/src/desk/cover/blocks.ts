/** What lies in a WebM file of a recording, packet by packet, opened as it is read. Of what is no WebM there is nothing. */
import { join, type Bytes } from "../../crypto/bytes.ts";
import { entryBefore } from "../media_index.ts";
import type { Opened } from "../opened.ts";
import type { Reel } from "../reel.ts";
import { children, headOf, ID, numberOf, type Head } from "../webm.ts";

export interface Packet {
  /** Milliseconds since the recording began. */
  readonly atMs: number;
  /** Milliseconds since the file began. */
  readonly fileMs: number;
  readonly isKey: boolean;
  readonly content: Bytes;
}

export interface Track {
  readonly number: number;
  /** Matroska's name, `V_VP8`. */
  readonly codec: string;
  /** What the track says, by identifier. */
  readonly parts: ReadonlyMap<number, Bytes>;
}

export const [FILM, SOUND] = [1, 2];
const STEP_BYTES = 256 * 1024;
const [LACED, KEY] = [0x06, 0x80];
const IN_MS = 1e6;

/** The files and when each is shown: where one begins, the one before is over. */
export function reelsOf({ reels }: Opened): { reel: Reel; fromMs: number; untilMs: number }[] {
  const all = reels.filter(({ size }) => size > 0);
  return all.map((reel, i) => ({ reel, fromMs: reel.startMs, untilMs: Math.min(reel.endMs + 1, all[i + 1]?.startMs ?? Infinity) }));
}

/** The first track of a kind; undefined where there is none that can be read here. */
export async function trackOf(reel: Reel, kind: number): Promise<Track | undefined> {
  if (!reel.index || !/^(audio|video)\/webm/.test(reel.mime) || reel.index.entries.length === 0) return undefined;
  for await (const { id, content } of elements(reel, 0)) {
    if (id === ID.cluster || id === ID.timecode) return undefined;
    if (id !== ID.tracks) continue;
    for (const entry of [...children(content)].filter((one) => one.id === ID.trackEntry)) {
      const all = [...children(entry.content)];
      const parts = new Map(all.map((one) => [one.id, one.content.slice()]));
      const told = (wanted: number): number => numberOf(parts.get(wanted) ?? new Uint8Array(0));
      if (told(ID.trackType) === kind) return { number: told(ID.trackNumber), codec: new TextDecoder().decode(parts.get(ID.codec)), parts };
    }
  }
  return undefined;
}

/** Packets of a track in order, from the last place before `fromMs` at which a decoder can begin, to the first at or after `untilMs`. */
export async function* packetsOf(reel: Reel, track: number, fromMs: number, untilMs: number): AsyncGenerator<Packet> {
  const entry = entryBefore(reel.index!, reel.toFile(Math.max(fromMs, reel.startMs)));
  let clusterMs = 0;
  for await (const { id, content } of elements(reel, entry?.at ?? reel.index!.initEnd)) {
    if (id === ID.timecode) clusterMs = numberOf(content);
    if ((id !== ID.simpleBlock && id !== ID.block) || (content[0]! & 0x7f) !== track || (content[3]! & LACED) !== 0) continue;
    const fileMs = clusterMs + new DataView(content.buffer, content.byteOffset).getInt16(1);
    const atMs = reel.toRecording(fileMs);
    if (atMs >= untilMs) return;
    yield { atMs, fileMs, isKey: (content[3]! & KEY) !== 0, content: content.slice(4) };
  }
}

/** Elements of a file from `at` on; what holds others is entered. A scale other than milliseconds is none that we record: it ends there. */
async function* elements(reel: Reel, at: number): AsyncGenerator<{ id: number; content: Bytes }> {
  let rest: Bytes = new Uint8Array(0);
  let from = at;
  for (;;) {
    const head = headOf(rest);
    if (head === "broken") return;
    if (!head || (isWhole(head) && rest.length < head.length + head.size!)) {
      const more = await reel.bytes(from, STEP_BYTES);
      if (more.length === 0) return;
      from += more.length;
      rest = join(rest, more);
      continue;
    }
    const content = isWhole(head) ? rest.subarray(head.length, head.length + head.size!) : new Uint8Array(0);
    if (head.id === ID.info && ![...children(content)].every((one) => one.id !== ID.scale || one.number === IN_MS)) return;
    yield { id: head.id, content };
    rest = rest.subarray(head.length + content.length);
  }
}

function isWhole({ id, size }: Head): boolean {
  return size !== undefined && id !== ID.segment && id !== ID.cluster && id !== ID.blockGroup;
}
