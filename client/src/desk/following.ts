/** A recording that this lawyer has, opened here and followed while it goes on, a second or two behind. */
import { type Bytes } from "../crypto/bytes.ts";
import { acts, type Act } from "../evidence/notes.ts";
import { Refused } from "../staff/ask.ts";
import type { Sentences } from "../ui/sentences.ts";
import { open, read } from "./ask_desk.ts";
import { Opened } from "./opened.ts";
import { PlayerView } from "./player_view.ts";
import { Growing } from "./source.ts";

const AGAIN_MS = 1000;
/** What was cut is asked for so often: its phone may come back. */
const SELDOM_MS = 10_000;
const TROUBLED_MS = 3_000;
/** Refusals that pass: the node is not reached or in trouble, or whoever watches is asked to sign in again in front of the film. */
const PASSING: ReadonlySet<string> = new Set(["absent", "unexpected", "not_signed_in"]);

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
  #isTroubled = false;

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

  /**
   * Play into `place` and go on reading until the recording is whole, or `drop`. `isOpen` says whether more is expected; of what was cut some may come all the
   * same. A node that is not reached, or a session that is over, ends nothing: `told` hears of it, and of undefined when it goes on. Rejects with
   * `Refused` where it is no longer to be had.
   */
  async follow(place: HTMLElement, words: Sentences, isOpen: () => boolean, told: (trouble: Refused | undefined) => void): Promise<void> {
    const { signal } = this.#leaving;
    while (!signal.aborted && !this.opened.isStopped && this.opened.seconds.fault === undefined) {
      const isLast = !isOpen();
      const came = await this.#more(told);
      if (signal.aborted) return;
      if (came && came.length > 0) await this.#take(came, place, words);
      else if (came && isLast) await this.#rest();
      if (came?.length === 0) await pause(isLast ? SELDOM_MS : AGAIN_MS);
    }
    if (!signal.aborted) await this.#rest();
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

  /** What came since; undefined where the node was not to be asked, after a while. */
  async #more(told: (trouble: Refused | undefined) => void): Promise<Bytes | undefined> {
    try {
      const came = await read(this.recording, `chunks/${this.#next}`, this.#capability);
      if (this.#isTroubled) told(undefined);
      this.#isTroubled = false;
      return came;
    } catch (error) {
      if (this.#leaving.signal.aborted) return undefined;
      if (!(error instanceof Refused) || !PASSING.has(error.code)) throw error;
      this.#isTroubled = true;
      told(error);
      await pause(TROUBLED_MS);
      return undefined;
    }
  }

  /** Nothing more is expected: what is there is all. */
  async #rest(): Promise<void> {
    if (this.#source.isWhole) return;
    this.#source.end();
    await this.opened.readOn(undefined, this.#leaving.signal);
    this.#view?.grown();
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How many items stand in `bytes`, each behind its length (u32). */
export function countItems(bytes: Bytes): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4 + view.getUint32(at)) count += 1;
  return count;
}
