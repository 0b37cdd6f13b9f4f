/** The screen wake lock, where the browser has one. It is lost whenever the page is hidden, so it is asked for again each time. */

export class Wakefulness {
  #lock: WakeLockSentinel | undefined;
  #told: (isHeld: boolean) => void;
  #isWanted = false;

  constructor(told: (isHeld: boolean) => void) {
    this.#told = told;
  }

  async hold(): Promise<void> {
    this.#isWanted = true;
    if (this.#lock || !globalThis.navigator?.wakeLock) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (!this.#isWanted) return void lock.release();
      this.#lock = lock;
      lock.addEventListener("release", () => this.#lost());
      this.#told(true);
    } catch {
      // Battery saver, or the page is hidden: there is none to be had now.
    }
  }

  release(): void {
    this.#isWanted = false;
    const lock = this.#lock;
    this.#lock = undefined;
    void lock?.release().catch(() => undefined);
  }

  #lost(): void {
    if (!this.#lock) return;
    this.#lock = undefined;
    this.#told(false);
  }
}
