/** The sound of a recording as its phone recorded it, packet by packet, for a covered film. Only of Opus: nothing is recorded anew. */
import type { Bytes } from "../../crypto/bytes.ts";
import type { Opened } from "../opened.ts";
import { children, numberOf } from "../webm.ts";
import { packetsOf, reelsOf, SOUND, trackOf, type Packet, type Track } from "./blocks.ts";

/** How it is to be told to a decoder. */
export interface Voice {
  readonly head: Bytes;
  readonly rate: number;
  readonly channels: number;
}

const [PRIVATE, AUDIO, RATE, CHANNELS] = [0x63a2, 0xe1, 0xb5, 0x9f];
const USUAL_RATE = 48_000;

/** How the first file that has sound of this kind tells it; undefined where none has. */
export async function voiceOf(opened: Opened): Promise<Voice | undefined> {
  for (const { reel } of reelsOf(opened)) {
    const track = await trackOf(reel, SOUND);
    if (track?.codec === "A_OPUS") return voiceIn(track);
  }
  return undefined;
}

/** Packets from `fromMs` to `untilMs`, in order. */
export async function* sounds(opened: Opened, fromMs: number, untilMs: number): AsyncGenerator<Packet> {
  for (const { reel, ...span } of reelsOf(opened)) {
    if (span.fromMs >= untilMs || span.untilMs <= fromMs) continue;
    const track = await trackOf(reel, SOUND);
    if (track?.codec !== "A_OPUS") continue;
    const begin = Math.max(fromMs, span.fromMs);
    for await (const packet of packetsOf(reel, track.number, begin, Math.min(untilMs, span.untilMs))) if (packet.atMs >= begin) yield packet;
  }
}

function voiceIn({ parts }: Track): Voice {
  const audio = new Map([...children(parts.get(AUDIO)!)].map((one) => [one.id, one.content]));
  const rate = audio.get(RATE);
  const view = rate && new DataView(rate.buffer, rate.byteOffset);
  const told = view ? (rate.length === 4 ? view.getFloat32(0) : view.getFloat64(0)) : USUAL_RATE;
  return { head: parts.get(PRIVATE)!, rate: told, channels: numberOf(audio.get(CHANNELS) ?? Uint8Array.of(1)) };
}
