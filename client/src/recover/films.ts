/** Opens the seconds of a recording on this device and puts its films together, as captured. */
import type { Bytes } from "../crypto/bytes.ts";
import { loads } from "../crypto/canonical.ts";
import { parseChunk, type Reader, TYPE } from "../crypto/stream.ts";
import { items } from "../evidence/items.ts";

export interface Film {
  readonly mime: string;
  readonly content: Blob;
}

export interface Opened {
  readonly films: readonly Film[];
  /** What the phone said at the start (docs/spec/recording.md). */
  readonly start: Readonly<Record<string, unknown>>;
  /** False when the copy ended before what it holds, or a second did not open: everything before is here. */
  readonly isWhole: boolean;
}

/** A film in the making: each second becomes a part of its own, so that hours need not lie in memory. */
interface Reel {
  readonly mime: string;
  readonly parts: Blob[];
}

/** Every film of `chunks`. `told` hears the share that is done, 0 to 1. Never rejects for a bad second: it stops there and says so. */
export async function open(chunks: Blob, reader: Reader, told: (share: number) => void): Promise<Opened> {
  const reels: Reel[] = [];
  let start: Record<string, unknown> = {};
  let isWhole = true;
  try {
    for await (const { item, done } of items(chunks)) {
      const { type, body } = await reader.open(await parseChunk(item));
      const event = type === TYPE.event ? (loads(body) as Record<string, unknown>) : {};
      if (event["event"] === "start") start = event;
      if (event["event"] === "start" || event["event"] === "restarted_media") reels.push(reelOf(event));
      if (type === TYPE.media || type === TYPE.import) keep(reels, body);
      told(done / chunks.size);
    }
  } catch {
    isWhole = false;
  }
  const films = reels.filter((reel) => reel.parts.length > 0).map(({ mime, parts }) => ({ mime, content: new Blob(parts, { type: mime }) }));
  return { films, start, isWhole };
}

function reelOf(event: Record<string, unknown>): Reel {
  const mime = String(event["mime"] ?? "");
  // Only a film or a sound becomes an object of the page: a mime of any other kind could make the browser show a document.
  return { mime: /^(video|audio)\//.test(mime) ? mime : "video/webm", parts: [] };
}

function keep(reels: Reel[], body: Bytes): void {
  reels.at(-1)?.parts.push(new Blob([body]));
}

/** A name to save a film under: says nothing of who, where or when. */
export function fileName(film: Film, place: number): string {
  const ending = /^(?:video|audio)\/(webm|mp4|quicktime|ogg|mpeg|3gpp)/.exec(film.mime)?.[1] ?? "webm";
  return `recording-${place + 1}.${ending === "quicktime" ? "mov" : ending}`;
}
