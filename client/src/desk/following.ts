/** A recording that this lawyer has, opened here and followed while it goes on, a second or two behind. */
import { type Bytes } from "../crypto/bytes.ts";
import { acts, type Act } from "../recover/notes.ts";
import type { Sentences } from "../ui/sentences.ts";
import { open, read } from "./ask_desk.ts";
import { Opened } from "./opened.ts";
import { PlayerView } from "./player_view.ts";
import { Growing } from "./source.ts";

const AGAIN_MS = 1000;

export class Following {
  readonly opened: Opened;
  readonly recording: string;
  /** The owner's envelope or a colleague's copy of it, as it was opened: for handing over. */
  readonly wraps: Bytes;
  readonly #capability: Bytes;
  readonly #source: Growing;
  readonly #leaving = new AbortController();
  #view: PlayerView | undefined;
  #next = 0;

  private constructor(recording: string, capability: Bytes, wraps: Bytes, opened: Opened, source: Growing) {
    this.recording = recording;
    this.wraps = wraps;
    this.opened = opened;
    this.#capability = capability;
    this.#source = source;
  }

  /** The node notes that it was opened, where the owner sees it. Rejects with `Refused`, or where this identity opens nothing here. */
  static async begin(recording: string, capability: Bytes, identity: string): Promise<Following> {
    const { header, wraps } = await open(recording, capability);
    const source = new Growing();
    return new Following(recording, capability, wraps, await Opened.begin(header, wraps, identity, source), source);
  }

  /** Play into `place` and go on reading until the recording is whole, or `drop`. `isOpen` says whether more may come. */
  async follow(place: HTMLElement, words: Sentences, isOpen: () => boolean): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted) {
      const isLast = !isOpen();
      const came = await read(this.recording, `chunks/${this.#next}`, this.#capability);
      if (signal.aborted) return;
      if (came.length > 0) await this.#take(came, place, words);
      else if (isLast || this.opened.isStopped) break;
      else await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    this.#source.end();
    this.#view?.grown();
  }

  /** What happened to it so far, without its seconds. */
  async history(): Promise<Act[]> {
    const notes = await read(this.recording, "acts", this.#capability);
    return acts(new Blob([notes]), this.opened.keys.custodySeed, this.opened.header.recordingId);
  }

  drop(): void {
    this.#leaving.abort();
    this.#view?.drop();
    this.opened.forget();
  }

  async #take(came: Bytes, place: HTMLElement, words: Sentences): Promise<void> {
    this.#next += countItems(came);
    this.#source.append(came);
    await this.opened.readOn(undefined, this.#leaving.signal);
    if (this.#leaving.signal.aborted) return;
    if (this.#view) this.#view.grown();
    else if (this.opened.reels.length > 0) this.#view = new PlayerView(place, this.opened, words);
  }
}

/** How many items stand in `bytes`, each behind its length (u32). */
export function countItems(bytes: Bytes): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4 + view.getUint32(at)) count += 1;
  return count;
}
