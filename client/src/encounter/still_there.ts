/** "Are you still there?": asked after each hour of recording, so that a forgotten phone does not record for ever. */

const EVERY_MS = 60 * 60 * 1000;
/** How long the question waits for an answer. */
const LASTS_MS = 2 * 60 * 1000;

export class StillThere {
  #nextAt = EVERY_MS;
  #until: number | undefined;

  /** Ask when it is time. True when the question has waited too long. */
  isUnanswered(recordedMs: number, now: number): boolean {
    if (this.#until === undefined && recordedMs >= this.#nextAt) this.#until = now + LASTS_MS;
    return this.#until !== undefined && now >= this.#until;
  }

  /** True when there was a question to answer. */
  answer(recordedMs: number): boolean {
    if (this.#until === undefined) return false;
    this.#until = undefined;
    this.#nextAt = recordedMs + EVERY_MS;
    return true;
  }

  /** Milliseconds left to answer; nothing while nothing is asked. */
  left(now: number): { promptDueMs?: number } {
    return this.#until === undefined ? {} : { promptDueMs: Math.max(0, this.#until - now) };
  }
}
