/** What lies in a WebM file of a recording, packet by packet, opened as it is read. */
import { join, type Bytes } from "../../crypto/bytes.ts";
import { entryBefore } from "../media_index.ts";
import type { Reel } from "../reel.ts";
import { children, headOf, ID, numberOf, type Head } from "../webm.ts";
import type { Film, Packet, Sound, Voice } from "./tracks.ts";

interface Track {
  readonly number: number;
  /** Matroska's name, `V_VP8`. */
  readonly codec: string;
  /** What the track says, by identifier. */
  readonly parts: ReadonlyMap<number, Bytes>;
}

const [FILM, SOUND] = [1, 2];
const STEP_BYTES = 256 * 1024;
const [LACED, KEY] = [0x06, 0x80];
const IN_MS = 1e6;
const CODECS: Readonly<Record<string, string>> = { V_VP8: "vp8", V_VP9: "vp09.00.10.08", V_AV1: "av01.0.04M.08" };
/** A cluster may begin in the middle between two pictures from which one can begin: one is within this time. */
const BEFORE_MS = 2500;
/** First bit of a picture in VP8 (RFC 6386, 9.1): whether it needs the one before. A block in a group does not say. */
const VP8_DELTA = 1;
const [PRIVATE, AUDIO, RATE, CHANNELS] = [0x63a2, 0xe1, 0xb5, 0x9f];
const USUAL_RATE = 48_000;

export async function webmFilm(reel: Reel): Promise<Film | undefined> {
  const track = await trackOf(reel, FILM);
  const codec = track && CODECS[track.codec];
  if (!codec) return undefined;
  return {
    codec, description: undefined, turn: 0,
    async *packets(fromMs, untilMs) {
      for await (const packet of packetsOf(reel, track.number, Math.max(reel.startMs, fromMs - BEFORE_MS), untilMs)) {
        yield track.codec === "V_VP8" ? { ...packet, isKey: (packet.content[0]! & VP8_DELTA) === 0 } : packet;
      }
    },
  }; // prettier-ignore
}

export async function webmSound(reel: Reel): Promise<Sound | undefined> {
  const track = await trackOf(reel, SOUND);
  if (track?.codec !== "A_OPUS") return undefined;
  return { codec: "opus", description: undefined, voice: voiceIn(track), packets: (fromMs, untilMs) => packetsOf(reel, track.number, fromMs, untilMs) };
}

function voiceIn({ parts }: Track): Voice {
  const audio = new Map([...children(parts.get(AUDIO)!)].map((one) => [one.id, one.content]));
  const rate = audio.get(RATE);
  const view = rate && new DataView(rate.buffer, rate.byteOffset);
  const told = view ? (rate.length === 4 ? view.getFloat32(0) : view.getFloat64(0)) : USUAL_RATE;
  return { head: parts.get(PRIVATE)!, rate: told, channels: numberOf(audio.get(CHANNELS) ?? Uint8Array.of(1)) };
}

/** The first track of a kind; undefined where there is none that can be read here. */
async function trackOf(reel: Reel, kind: number): Promise<Track | undefined> {
  if (!reel.index || reel.index.entries.length === 0) return undefined;
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
async function* packetsOf(reel: Reel, track: number, fromMs: number, untilMs: number): AsyncGenerator<Packet> {
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
