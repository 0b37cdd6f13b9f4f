/**
 * What requests tell of the line. Pure: sizes and times in, figures out.
 *
 * A request takes the way there and back, and beside it what its bytes need. The way is the least that one of the last took; it is told by
 * requests and not by time, so that a line which became slow is not taken for one that is long.
 */

/** So many of the last requests are looked at. */
const KEPT = 8;
/** A request under way this long says something about the line. */
const TELLING_MS = 1_000;
/** A smaller request that took that long says nothing of the rate of a line of which nothing is known yet: it tells the way. */
const TELLING_BYTES = 4 * 1024;
/** So long may the bytes of several seconds in one request need beside the way, or as long as the way. */
const BYTES_MS = 1_000;
const MOST_BYTES = 512 * 1024;
/** And so many times what the largest of the last requests carried: a small one says nothing of the line's rate. */
const GROWTH = 4;

export class Line {
  #went: { bytes: number; took: number }[] = [];
  #achieved: number | undefined;
  #underWay: { bytes: number; since: number } | undefined;

  /** A request with so many bytes leaves at `now` (ms). */
  leaves(bytes: number, now: number): void {
    this.#underWay = { bytes, since: now };
  }

  /** It came to its end; `took` where it was answered. */
  ended(took?: number): void {
    const { bytes } = this.#underWay!;
    this.#underWay = undefined;
    if (took !== undefined) this.went(bytes, took);
  }

  /** A request was answered. Small ones measure the way rather than the line's rate, so they weigh less there. */
  went(bytes: number, took: number): void {
    this.#went = [...this.#went.slice(1 - KEPT), { bytes, took }];
    const rate = rateOf(bytes, took);
    const weight = Math.min(0.5, bytes / 200_000 + 0.1);
    if (this.#achieved !== undefined) this.#achieved = this.#achieved * (1 - weight) + rate * weight;
    else if (bytes >= TELLING_BYTES || took < TELLING_MS) this.#achieved = rate;
  }

  /** Milliseconds there and back, as far as is known. */
  get wayMs(): number {
    return Math.min(...this.#went.map(({ took }) => took), this.#went.length > 0 ? Infinity : 0);
  }

  /** Bytes of several seconds that may leave together: more would delay what is told of the first. */
  get load(): number {
    const way = this.wayMs;
    const bytes = this.#went.reduce((sum, one) => sum + one.bytes, 0);
    const largest = Math.max(0, ...this.#went.map((one) => one.bytes));
    const beside = this.#went.reduce((sum, one) => sum + one.took - way, 0);
    return Math.min(MOST_BYTES, GROWTH * largest, (Math.max(BYTES_MS, way) * bytes) / Math.max(beside, 1));
  }

  /** Bits a second that requests lately achieved, and no more than what the one under way at `now` can still achieve. */
  achieved(now: number): number | undefined {
    const took = this.#underWay ? now - this.#underWay.since : 0;
    if (took < TELLING_MS) return this.#achieved;
    return Math.min(this.#achieved ?? Infinity, rateOf(this.#underWay!.bytes, took));
  }
}

function rateOf(bytes: number, tookMs: number): number {
  return (bytes * 8 * 1000) / Math.max(tookMs, 1);
}
