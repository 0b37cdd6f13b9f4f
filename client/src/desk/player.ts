/**
 * Plays a recording as one thing, though it lies in several media files: one clock, that of the recording; the files follow each other, and what is between
 * them is passed over. Tells its `changed` of every step; draws nothing.
 */
import { countsWhile } from "../staff/going_on.ts";
import { Feeder } from "./feeder.ts";
import type { Opened } from "./opened.ts";
import type { Reel } from "./reel.ts";

/** A recording that grows is watched this far behind its end. */
const BEHIND_MS = 4_000;

/** A film that should move is looked at this often. */
const LOOK_MS = 1_000;
/** So near to the end of what has come, who waits waits for what comes next. */
const NEWEST_MS = 2_000;

export type Mode = "picture" | "sound" | "none";

/** `waiting`: more may come, and nothing has yet. `loading`: it is there, and being opened. `broken`: this browser cannot show it. */
export type State = "playing" | "paused" | "waiting" | "loading" | "ended" | "broken";

export class Player {
  readonly element: HTMLVideoElement;
  readonly #opened: Opened;
  readonly #changed: () => void;
  #reel: Reel | undefined;
  #feeder: Feeder | undefined;
  #whole: string | undefined;
  #standsAtMs = 0;
  #turn: Promise<void> = Promise.resolve();
  /** Turns that were begun and are not over. */
  #pending = 0;
  #wants = false;
  #hasEnded = false;
  /** Whether it should move and did not when it was last looked at. */
  #isStill = false;
  #lookedMs = -1;
  #watchedMs = 0;
  readonly #endWatch = countsWhile(() => this.#isWatched());
  readonly #looking = setInterval(() => this.#look(), LOOK_MS);
  rate = 1;

  constructor(element: HTMLVideoElement, opened: Opened, changed: () => void) {
    this.element = element;
    this.#opened = opened;
    this.#changed = changed;
    for (const name of ["timeupdate", "play", "pause", "seeked"]) element.addEventListener(name, changed);
    element.addEventListener("ended", () => void this.#goOn());
  }

  get isPlaying(): boolean {
    return this.#wants;
  }

  /** What it does, as somebody may be told: a film that stands is never said to play. */
  get state(): State {
    if (this.element.error || (this.#isStill && this.#feeder?.fault !== undefined)) return "broken";
    if (!this.#wants) return this.#hasEnded ? "ended" : "paused";
    if (!this.#isStill) return "playing";
    return !this.#opened.isOver && this.atMs > this.#newestMs - NEWEST_MS ? "waiting" : "loading";
  }

  get #newestMs(): number {
    return Math.max(0, ...this.#opened.reels.map((reel) => reel.endMs));
  }

  /** Time of the recording that is shown, milliseconds. */
  get atMs(): number {
    return this.#reel ? Math.round(this.#reel.toRecording(this.element.currentTime * 1000)) : this.#standsAtMs;
  }

  get lengthMs(): number {
    return this.#opened.lengthMs;
  }

  /** What there is to see or hear at the place that is shown. */
  get mode(): Mode {
    if (!this.#reel) return "none";
    return this.#reel.index ? (this.#reel.index.hasPicture ? "picture" : "sound") : this.#reel.mime.startsWith("audio/") ? "sound" : "picture";
  }

  play(): void {
    if (this.#hasEnded) this.seek(0);
    this.#wants = true;
    this.#isStill = false;
    void this.#then(async () => {
      if (!this.#reel) await this.#show(this.#standsAtMs);
      this.#start();
    });
    this.#changed();
  }

  pause(): void {
    this.#wants = false;
    this.element.pause();
    this.#changed();
  }

  toggle(): void {
    if (this.#wants) this.pause();
    else this.play();
  }

  seek(atMs: number): void {
    const wanted = Math.min(Math.max(0, atMs), this.lengthMs);
    this.#standsAtMs = wanted;
    this.#hasEnded = this.#isStill = false;
    void this.#then(async () => {
      if (wanted === this.#standsAtMs) await this.#show(wanted); // else somebody has gone on since
    });
  }

  /** Watch a recording that grows, some seconds behind. */
  toNewest(): void {
    this.seek(this.lengthMs - BEHIND_MS);
    this.play();
  }

  setRate(rate: number): void {
    this.rate = this.element.playbackRate = rate;
    this.#changed();
  }

  /** More of the recording has come. */
  grown(): void {
    this.#feeder?.pump();
    if (this.#wants && this.element.ended) void this.#goOn();
    this.#changed();
  }

  drop(): void {
    clearInterval(this.#looking);
    this.#endWatch();
    this.pause();
    this.#let();
    this.element.removeAttribute("src");
    this.element.load();
  }

  /** Whether the film has moved since it was last asked: one that waits for more is a page left open. */
  #isWatched(): boolean {
    const before = this.#watchedMs;
    this.#watchedMs = this.atMs;
    return this.#wants && this.atMs !== before;
  }

  /**
   * A browser need not tell why a film stands, and may tell it before there is anything to do about it. So who should move and does not is helped on: fed,
   * begun anew, led to the next file, or to a file that was not there yet.
   */
  #look(): void {
    const before = this.#lookedMs;
    this.#lookedMs = this.atMs;
    if (!this.#wants || this.#pending > 0) return;
    this.#isStill = this.atMs === before;
    if (this.#isStill) this.#help();
    this.#changed();
  }

  #help(): void {
    this.#feeder?.pump();
    if (!this.#reel) void this.#then(() => this.#show(this.#standsAtMs));
    else if (this.element.ended) void this.#goOn();
    else if (this.element.paused) this.#start();
  }

  #then(act: () => Promise<void>): Promise<void> {
    this.#pending += 1;
    const failed = (): void => {
      this.#wants = false;
    };
    this.#turn = this.#turn.then(act).catch(failed).then(() => {
      this.#pending -= 1;
      this.#changed();
    });
    return this.#turn;
  }

  /** The file that `atMs` is in; between two, the next; after the last, the last. Where one begins, the one before is over. */
  #reelAt(atMs: number): Reel | undefined {
    const reels = this.#opened.reels.filter((reel) => reel.size > 0);
    const begun = reels.filter((reel) => reel.startMs <= atMs).length - 1;
    const found = reels[Math.max(0, begun)];
    return found && atMs >= found.endMs ? (reels[begun + 1] ?? found) : found;
  }

  async #show(atMs: number): Promise<void> {
    const reel = this.#reelAt(atMs);
    if (reel) await this.#showIn(reel, atMs);
  }

  async #showIn(reel: Reel, atMs: number): Promise<void> {
    if (!reel.isReady) return; // its beginning is on its way
    if (reel !== this.#reel || this.element.error) await this.#load(reel);
    this.element.currentTime = Math.min(reel.toFile(Math.max(atMs, reel.startMs)), Math.max(0, reel.toFile(reel.endMs) - 100)) / 1000;
    this.#start();
    this.#changed();
  }

  /** Not waited for: it is told only once there is something to show, and until then somebody may want to go elsewhere. */
  #start(): void {
    if (!this.#wants) return;
    void this.element.play().catch((error: unknown) => {
      if ((error as Error).name === "AbortError") return; // it was paused, or given another file
      this.#wants = false;
      this.#changed();
    });
  }

  async #load(reel: Reel): Promise<void> {
    this.#let();
    this.#reel = reel;
    if (Feeder.plays(reel)) this.#feeder = await Feeder.attach(this.element, reel);
    else await this.#loadWhole(reel);
    this.element.playbackRate = this.rate;
  }

  /** A file that is no stream, filmed earlier: it is opened as a whole, piece by piece into the browser's own keeping, while this page is open. */
  async #loadWhole(reel: Reel): Promise<void> {
    const parts: Blob[] = [];
    for await (const body of reel.whole()) parts.push(new Blob([body]));
    this.#whole = this.element.src = URL.createObjectURL(new Blob(parts, { type: reel.mime }));
    await new Promise((resolve) => {
      for (const name of ["loadedmetadata", "error"]) this.element.addEventListener(name, resolve, { once: true });
    });
  }

  #let(): void {
    this.#feeder?.drop();
    if (this.#whole) URL.revokeObjectURL(this.#whole);
    this.#feeder = this.#whole = this.#reel = undefined;
  }

  /** A file has ended: the next, or the end. */
  async #goOn(): Promise<void> {
    const reels = this.#opened.reels.filter((reel) => reel.size > 0);
    const next = reels[reels.indexOf(this.#reel!) + 1];
    if (next && this.#wants) return this.#then(() => this.#showIn(next, next.startMs));
    if (!next && this.#opened.isOver) {
      this.#wants = false;
      this.#hasEnded = true;
    }
    this.#changed();
  }
}
