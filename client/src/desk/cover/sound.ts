/** The sound of a recording for a covered film, packet by packet: as its phone recorded it where that is Opus, else made into it here. */
import type { Opened } from "../opened.ts";
import { opusHead } from "./mp4_tracks.ts";
import { reelsOf, soundOf, type Packet, type Sound, type Voice } from "./tracks.ts";

/** What Chromium's encoder wants to be skipped: 6.5 ms at 48 kHz (RFC 7845, 4.2). */
const SKIP = 312;
const OPUS = "opus";
const MOST_WAITING = 16;
const BITS = 64_000;

/** How the first file that has sound tells it; undefined where none has. */
export async function voiceOf(opened: Opened): Promise<Voice | undefined> {
  for (const { reel } of reelsOf(opened)) {
    const sound = await soundOf(reel);
    if (sound) return sound.codec === OPUS ? sound.voice : { ...sound.voice, head: opusHead(sound.voice.channels, SKIP, sound.voice.rate) };
  }
  return undefined;
}

/** Whether any file of what is wanted has sound that has to be made anew. */
export async function isMadeAnew(opened: Opened, fromMs: number, untilMs: number): Promise<boolean> {
  for (const { reel, ...span } of reelsOf(opened)) {
    if (span.fromMs < untilMs && span.untilMs > fromMs && ((await soundOf(reel))?.codec ?? OPUS) !== OPUS) return true;
  }
  return false;
}

/** Packets from `fromMs` to `untilMs`, in order. */
export async function* sounds(opened: Opened, fromMs: number, untilMs: number): AsyncGenerator<Packet> {
  for (const { reel, ...span } of reelsOf(opened)) {
    if (span.fromMs >= untilMs || span.untilMs <= fromMs) continue;
    const sound = await soundOf(reel);
    if (!sound) continue;
    const begin = Math.max(fromMs, span.fromMs);
    const found = sound.packets(begin, Math.min(untilMs, span.untilMs));
    for await (const packet of sound.codec === OPUS ? found : madeOpus(sound, found)) if (packet.atMs >= begin) yield packet;
  }
}

/** Decoded and encoded again by the browser; times are those of the recording. */
async function* madeOpus({ codec, description, voice }: Sound, packets: AsyncGenerator<Packet>): AsyncGenerator<Packet> {
  const ready: Packet[] = [];
  let failed: unknown;
  const error = (reason: unknown): void => void (failed = reason);
  const output = (chunk: EncodedAudioChunk): void => {
    const content = new Uint8Array(chunk.byteLength);
    chunk.copyTo(content);
    ready.push({ atMs: chunk.timestamp / 1000, fileMs: 0, isKey: true, content });
  };
  const encoder = new AudioEncoder({ output, error });
  const heard = (sound: AudioData): void => {
    if (encoder.state === "configured") encoder.encode(sound);
    sound.close();
  };
  const decoder = new AudioDecoder({ output: heard, error });
  try {
    encoder.configure({ codec: OPUS, sampleRate: voice.rate, numberOfChannels: voice.channels, bitrate: BITS });
    decoder.configure({ codec, sampleRate: voice.rate, numberOfChannels: voice.channels, ...(description && { description }) });
    for await (const { atMs, content } of packets) {
      decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: Math.round(atMs * 1000), data: content }));
      while (decoder.decodeQueueSize > MOST_WAITING) await new Promise((resolve) => decoder.addEventListener("dequeue", resolve, { once: true }));
      if (failed) throw failed;
      yield* ready.splice(0);
    }
    await decoder.flush();
    await encoder.flush();
    if (failed) throw failed;
    yield* ready.splice(0);
  } finally {
    for (const one of [decoder, encoder]) if (one.state !== "closed") one.close();
  }
}
