/**
 * When a week's tokens are fetched: at a moment drawn at random, so that it tells nobody why the passport was opened
 * (docs/spec/passport.md, Issuing). It begins anew with each page, because only the passphrase opens what has to be sent.
 */

/** The least and the most that is waited for. More, and a phone in a hand would lock before. */
export const SOONEST_MS = 6_000;
export const LATEST_MS = 90_000;

export function drawnMs(): number {
  const [drawn] = crypto.getRandomValues(new Uint32Array(1));
  return SOONEST_MS + (drawn! / 2 ** 32) * (LATEST_MS - SOONEST_MS);
}

/** One thing that is to be done at a drawn moment. Another one takes its place. */
export class Moment {
  #timer: ReturnType<typeof setTimeout> | undefined;

  get isAhead(): boolean {
    return this.#timer !== undefined;
  }

  set(act: () => void): void {
    this.drop();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      act();
    }, drawnMs());
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
