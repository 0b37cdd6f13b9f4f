/**
 * Feeds one media file to a media element: opens seconds just before they are shown and lets go of them just after, so that what is in clear in memory
 * is less than a minute, whatever the length of the recording.
 */
import type { Bytes } from "../crypto/bytes.ts";
import { entryBefore } from "./media_index.ts";
import type { Reel } from "./reel.ts";

const STEP_BYTES = 256 * 1024;
const AHEAD_S = 20;
const BEHIND_S = 15;
/** A hole between two pieces that a player passes without stopping. */
const SEAM_S = 0.25;

export class Feeder {
  readonly reel: Reel;
  /** Why the place that is shown could not be fed; undefined while it can. */
  fault: unknown;
  readonly #element: HTMLMediaElement;
  readonly #source = new MediaSource();
  readonly #address: string;
  #buffer: SourceBuffer | undefined;
  #nextByte = Infinity;
  /** Whether somebody went elsewhere: what is fed now need not lead on from there. */
  #isLost = false;
  /** Where somebody goes now, as far as it was seen. */
  #soughtAt: number | undefined;
  /** Where the run of bytes that is fed now began. */
  #aimedAt = -1;
  #isDropped = false;
  #turn: Promise<void> = Promise.resolve();
  readonly #pump = (): void => this.pump();
  readonly #sought = (): void => {
    this.#isLost = true;
    this.pump();
  };

  private constructor(element: HTMLMediaElement, reel: Reel) {
    this.#element = element;
    this.reel = reel;
    this.#address = URL.createObjectURL(this.#source);
  }

  /** Whether this browser plays such a file in pieces. */
  static plays(reel: Reel): boolean {
    return reel.index !== undefined && reel.index.entries.length > 0 && "MediaSource" in globalThis && MediaSource.isTypeSupported(reel.index.type);
  }

  /** Give `element` the file. Resolves when its beginning is known to the browser. */
  static async attach(element: HTMLMediaElement, reel: Reel): Promise<Feeder> {
    const feeder = new Feeder(element, reel);
    const isOpen = new Promise((resolve) => feeder.#source.addEventListener("sourceopen", resolve, { once: true }));
    element.src = feeder.#address;
    await isOpen;
    URL.revokeObjectURL(feeder.#address);
    feeder.#buffer = feeder.#source.addSourceBuffer(reel.index!.type);
    await feeder.#append(await reel.bytes(0, reel.index!.initEnd));
    for (const name of ["timeupdate", "waiting"]) element.addEventListener(name, feeder.#pump);
    element.addEventListener("seeking", feeder.#sought);
    feeder.pump();
    return feeder;
  }

  /** Let go of the file; nothing of it stays in the element. */
  drop(): void {
    this.#isDropped = true;
    for (const name of ["timeupdate", "waiting"]) this.#element.removeEventListener(name, this.#pump);
    this.#element.removeEventListener("seeking", this.#sought);
  }

  /** Bring what is near the place that is shown. Called again when the file has grown. */
  pump(): void {
    const told = (fault?: unknown): void => {
      this.fault = fault;
    };
    this.#turn = this.#turn.then(() => this.#fill()).then(() => told(), told);
  }

  async #fill(): Promise<void> {
    while (!this.#isDropped && this.#source.readyState !== "closed") {
      this.#stretch();
      const at = this.#lookWhere();
      const until = this.#bufferedUntil(at);
      if (until === undefined || this.#isLost) this.#aim(until ?? at);
      this.#passHole();
      if (this.#nextByte >= this.reel.size || (until !== undefined && until - at > AHEAD_S)) break;
      await this.#letGo(at);
      const bytes = await this.reel.bytes(this.#nextByte, STEP_BYTES);
      if (this.#isDropped || bytes.length === 0) break;
      await this.#append(bytes);
      this.#nextByte += bytes.length;
    }
    if (!this.#isDropped && this.#isAllFed() && this.#source.readyState === "open") this.#source.endOfStream();
  }

  #isAllFed(): boolean {
    return this.reel.isClosed && this.#nextByte >= this.reel.size;
  }

  /** A stream that tells no length can only be sought in where it was fed: tell the length that is known. */
  #stretch(): void {
    const { buffered } = this.#buffer!;
    const fed = buffered.length > 0 ? buffered.end(buffered.length - 1) : 0;
    const known = Math.max(fed, this.reel.index!.lastMs / 1000 + 1);
    const { duration, readyState } = this.#source;
    if (readyState === "open" && (!Number.isFinite(duration) || duration < known)) this.#source.duration = known;
  }

  /** The place that is shown, or that somebody goes to: the browser tells of that later than it does it. */
  #lookWhere(): number {
    const { currentTime, seeking } = this.#element;
    this.#isLost ||= seeking && currentTime !== this.#soughtAt;
    this.#soughtAt = seeking ? currentTime : undefined;
    return currentTime;
  }

  /** Go on from the place at which a decoder can begin to show `at`, unless what is fed now leads there. */
  #aim(at: number): void {
    const entry = entryBefore(this.reel.index!, at * 1000);
    if (!entry || (entry.at === this.#aimedAt && !this.#isLost)) return;
    this.#isLost = false;
    if (this.#source.readyState === "open") this.#buffer!.abort();
    this.#nextByte = this.#aimedAt = entry.at;
  }

  /**
   * Where the file has nothing to show for a time, go on at what it shows next: a player would wait there for ever, even just before such a place. Called
   * right after `#aim`, so that what is missing where somebody has just gone is not taken for a hole: it was not fed yet.
   */
  #passHole(): void {
    const { currentTime: at, paused, readyState } = this.#element;
    if (readyState >= (paused ? HTMLMediaElement.HAVE_CURRENT_DATA : HTMLMediaElement.HAVE_FUTURE_DATA)) return;
    const ranges = this.#ranges();
    const end = ranges.find(([from, until]) => from <= at && at < until)?.[1];
    if (end !== undefined && end - at > SEAM_S) return;
    const from = end ?? at;
    const starts = ranges.map(([start]) => start).filter((start) => start > from);
    // Only once more was fed than what leads to this place: before, it may still come.
    const beyond = this.reel.index!.entries.find((entry) => entry.ms > from * 1000 + 500)?.at ?? this.reel.size;
    if (starts.length > 0 && (this.#nextByte > beyond || this.#isAllFed())) this.#element.currentTime = Math.min(...starts) + 0.01;
  }

  #ranges(): (readonly [number, number])[] {
    const { buffered } = this.#buffer!;
    return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)] as const);
  }

  #bufferedUntil(at: number): number | undefined {
    let until: number | undefined;
    for (const [from, end] of this.#ranges()) if (from - SEAM_S <= (until ?? at) && end > at) until = end;
    return until;
  }

  async #letGo(at: number): Promise<void> {
    const { buffered } = this.#buffer!;
    if (buffered.length > 0 && buffered.start(0) < at - 2 * BEHIND_S) await this.#change(() => this.#buffer!.remove(0, at - BEHIND_S));
    const last = buffered.length - 1;
    if (last > 0 && buffered.start(last) > at + 2 * AHEAD_S) await this.#change(() => this.#buffer!.remove(at + 2 * AHEAD_S, Infinity));
  }

  async #append(bytes: Bytes): Promise<void> {
    try {
      await this.#change(() => this.#buffer!.appendBuffer(bytes));
    } catch (error) {
      if ((error as Error).name !== "QuotaExceededError") throw error;
      await this.#change(() => this.#buffer!.remove(0, Math.max(0.1, this.#element.currentTime - 2)));
      await this.#change(() => this.#buffer!.appendBuffer(bytes));
    }
  }

  #change(act: () => void): Promise<void> {
    const buffer = this.#buffer!;
    const over = new AbortController();
    const { signal } = over;
    return new Promise<void>((resolve, reject) => {
      buffer.addEventListener("updateend", () => resolve(), { signal });
      buffer.addEventListener("error", () => reject(new Error("the browser could not read it")), { signal });
      act();
    }).finally(() => over.abort());
  }
}
