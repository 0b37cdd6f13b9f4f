/** What a player must know of a media file to begin in its middle. */
import type { Bytes } from "../crypto/bytes.ts";
import { Mp4Index } from "./mp4.ts";
import { WebmIndex } from "./webm.ts";

/** A place at which a decoder can begin: byte in the file, milliseconds since the file's beginning. */
export interface Entry {
  readonly at: number;
  readonly ms: number;
  readonly isKey: boolean;
}

export interface MediaIndex {
  readonly entries: readonly Entry[];
  /** The bytes before it describe the file and come before everything else; 0 while they are not known. */
  readonly initEnd: number;
  /** The newest time seen, milliseconds since the file's beginning. */
  readonly lastMs: number;
  readonly hasPicture: boolean;
  /** For `MediaSource.isTypeSupported`. */
  readonly type: string;
  /** Whether something in it could not be read. What came before can. */
  readonly isBroken: boolean;
  /** Take in the next bytes of the file. Nothing of them is kept. */
  push(bytes: Bytes): void;
}

/** The index for files of this MIME type; undefined for one that is only played as a whole. */
export function indexFor(mime: string): MediaIndex | undefined {
  const kind = mime.split(";")[0]!;
  if (kind === "video/webm" || kind === "audio/webm") return new WebmIndex();
  return ["video/mp4", "audio/mp4", "video/quicktime"].includes(kind) ? new Mp4Index(mime) : undefined;
}

/** The last place at or before `ms` from which a decoder can begin. */
export function entryBefore(index: MediaIndex, ms: number): Entry | undefined {
  let found: Entry | undefined;
  for (const entry of index.entries) {
    if (entry.ms > ms) break;
    if (entry.isKey) found = entry;
  }
  return found ?? index.entries.find((entry) => entry.isKey);
}
