/**
 * Reads cards aloud, one after the other: as they were recorded, or with the browser's voice where a recording is not to be had or does not
 * play. A recording is fetched whole when it is to be heard: a phone's browser asks for parts, and its own store has none to give.
 */

import type { Sentences } from "../ui/sentences.ts";
import { firstOf } from "../ui/ending.ts";

interface Line {
  readonly text: string;
  /** Where its recording is; "" for none. */
  readonly heard: string;
  /** What shows it. */
  readonly place?: HTMLElement;
}

interface Labels {
  readonly read: string;
  readonly stop: string;
}

/** A voice that does not come must not keep the next card waiting for ever. */
const LETTER_MS = 150;
const LONGER_MS = 4_000;

export class Reading {
  readonly #button: HTMLButtonElement;
  readonly #lines: readonly Line[];
  readonly #lang: string;
  readonly #labels: Labels;
  /** One for all: a phone lets an element sound that sounded once after a tap. */
  readonly #sound = new Audio();
  #waiting: Line[] = [];
  #now: Line | undefined;
  #over: AbortController | undefined;
  #cut: AbortController | undefined;

  /** `button` reads `lines`, and stops reading. */
  constructor(button: HTMLButtonElement, lines: readonly Line[], lang: string, labels: Labels) {
    [this.#button, this.#lines, this.#lang, this.#labels] = [button, lines, lang, labels];
    button.addEventListener("click", () => (this.#over ? this.silence() : this.start()));
  }

  /** From the first on. */
  start(): void {
    this.silence();
    this.#waiting = [...this.#lines];
    void this.#readOn();
  }

  /** How it stands is said at once, and the newest alone; the card that it interrupts is read again from its beginning. */
  say(text: string): void {
    const cut = this.#now?.place ? this.#now : undefined;
    this.#waiting = [{ text, heard: "" }, ...(cut ? [cut] : []), ...this.#waiting.filter(({ place }) => place)];
    if (!this.#over) return void this.#readOn();
    if (!cut) return;
    this.#turnTo(undefined);
    this.#cut?.abort();
  }

  silence(): void {
    this.#waiting = [];
    this.#over?.abort();
    this.#over = undefined;
    this.#turnTo(undefined);
    this.#button.textContent = this.#labels.read;
  }

  async #readOn(): Promise<void> {
    const { signal } = (this.#over = new AbortController());
    this.#button.textContent = this.#labels.stop;
    while (!signal.aborted) {
      const line = this.#waiting.shift();
      if (!line) return this.silence();
      this.#turnTo(line);
      this.#cut = new AbortController();
      await this.#read(line, firstOf(signal, this.#cut.signal));
      if (!signal.aborted && this.#now === line) this.#turnTo(undefined);
    }
  }

  async #read({ text, heard }: Line, over: AbortSignal): Promise<void> {
    if (!heard || !(await played(this.#sound, heard, over))) await spoken(text, this.#lang, over);
  }

  #turnTo(line: Line | undefined): void {
    this.#now?.place?.removeAttribute("aria-current");
    this.#now = line;
    line?.place?.setAttribute("aria-current", "true");
  }
}

/** `button` reads `items`, each of which may name its recording. */
export function readingOf(button: HTMLButtonElement, items: Iterable<HTMLElement>, words: Sentences): Reading {
  const lines = [...items].map((place) => ({ text: place.textContent ?? "", heard: place.dataset["heard"] ?? "", place }));
  return new Reading(button, lines, words.lang, { read: words.say("call.read"), stop: words.say("call.read_stop") });
}

/** Whether the recording at `address` was heard, to its end or until `over`. */
async function played(sound: HTMLAudioElement, address: string, over: AbortSignal): Promise<boolean> {
  const answer = await fetch(address, { credentials: "omit", signal: over }).catch(() => undefined);
  const raw = answer?.ok ? await answer.blob().catch(() => undefined) : undefined;
  if (!raw || over.aborted) return over.aborted;
  const own = URL.createObjectURL(raw);
  const done = new AbortController();
  try {
    const ended = new Promise<boolean>((resolve) => {
      sound.addEventListener("ended", () => resolve(true), { signal: done.signal });
      sound.addEventListener("error", () => resolve(false), { signal: done.signal });
      over.addEventListener("abort", () => (sound.pause(), resolve(true)), { signal: done.signal });
    });
    sound.src = own;
    await sound.play();
    return await ended;
  } catch {
    return over.aborted;
  } finally {
    done.abort();
    URL.revokeObjectURL(own);
  }
}

function spoken(text: string, lang: string, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const voice = globalThis.speechSynthesis as SpeechSynthesis | undefined;
    if (!voice || over.aborted) return resolve();
    const said = Object.assign(new SpeechSynthesisUtterance(text), { lang });
    const longest = setTimeout(resolve, LONGER_MS + text.length * LETTER_MS);
    const done = (): void => (clearTimeout(longest), resolve());
    for (const event of ["end", "error"]) said.addEventListener(event, done);
    over.addEventListener("abort", () => (voice.cancel(), done()), { once: true });
    voice.speak(said);
  });
}
