/** Time of one recording by the phone's growing clock: since it began, and recorded (pauses left out). All in milliseconds. */

/** A stretch in which nothing was taken in, in milliseconds since the recording began. */
export interface Gap {
  from_ms: number;
  until_ms: number;
}

export class Elapsed {
  #startedAt: number | undefined;
  #pausedAt: number | undefined;
  #stoppedAt: number | undefined;
  #pausedMs = 0;

  start(now: number): void {
    this.#startedAt = now;
  }

  pause(now: number): void {
    this.#pausedAt = now;
  }

  /** Ends a pause and tells from when until when it lasted, since the recording began; undefined when there was none. */
  endPause(now: number): Gap | undefined {
    if (this.#pausedAt === undefined) return undefined;
    const pause = { from_ms: this.since(this.#pausedAt), until_ms: this.since(now) };
    this.#pausedMs += now - this.#pausedAt;
    this.#pausedAt = undefined;
    return pause;
  }

  /** Nothing is recorded from `now` on; the pause that this ends. Only the first call counts. */
  stop(now: number): Gap | undefined {
    const pause = this.endPause(now);
    this.#stoppedAt ??= now;
    return pause;
  }

  get hasStarted(): boolean {
    return this.#startedAt !== undefined;
  }

  get hasStopped(): boolean {
    return this.#stoppedAt !== undefined;
  }

  /** Whole milliseconds from the beginning to `at`, pauses included. */
  since(at: number): number {
    return this.#startedAt === undefined ? 0 : Math.max(0, Math.floor(at - this.#startedAt));
  }

  /** Whole milliseconds recorded until `at`. */
  recorded(at: number): number {
    if (this.#startedAt === undefined) return 0;
    const until = Math.min(at, this.#stoppedAt ?? at, this.#pausedAt ?? at);
    return Math.max(0, Math.floor(until - this.#startedAt - this.#pausedMs));
  }
}
