/**
 * The circle on the phone that records: three seconds to cancel, then everybody is told, then the truth about it, and one tap that takes it
 * back. Loaded when a recording begins on a phone that has a circle. The recording waits for none of it.
 */
import { Refused } from "../staff/ask.ts";
import { make } from "../ui/make.ts";
import { Sentences } from "../ui/sentences.ts";
import { type Reached, takeBack, tell } from "./mine.ts";

const CANCEL_S = 3;
const AGAIN_MS = 2_000;

/** Put it into `place`. `mayGoOn` says whether there still is somebody to tell about. Waits for its sentences as long as it takes. */
export async function begin(place: HTMLElement, lang: string, mayGoOn: () => boolean): Promise<void> {
  for (;;) {
    const answer = await fetch(`/circle/words/${lang}`, { credentials: "omit" }).catch(() => undefined);
    if (!mayGoOn()) return;
    if (answer?.ok) return void new TellView(place, new Sentences(lang, (await answer.json()) as Record<string, string>), mayGoOn);
    await pause();
  }
}

class TellView {
  readonly #words: Sentences;
  readonly #status = make("p", { className: "notice" });
  readonly #act = make("button", { type: "button", className: "button wide" });
  readonly #mayGoOn: () => boolean;
  #next: () => void = () => undefined;
  #tick: ReturnType<typeof setInterval> | undefined;

  constructor(place: HTMLElement, words: Sentences, mayGoOn: () => boolean) {
    this.#words = words;
    this.#mayGoOn = mayGoOn;
    this.#status.setAttribute("role", "status");
    this.#act.addEventListener("click", () => this.#next());
    place.replaceChildren(this.#status, this.#act);
    this.#countDown();
  }

  #countDown(): void {
    let left = CANCEL_S;
    const say = (): void => {
      this.#act.replaceChildren(make("span", {}, this.#words.say("circle.tap_in", { n: this.#words.number(left) }), " ", make("u", {}, this.#words.say("circle.tap_cancel"))));
    };
    this.#show("", say, () => this.#stay());
    this.#tick = setInterval(() => {
      left -= 1;
      if (!this.#mayGoOn()) return this.#stay(); // stopped at once: nobody could cancel what they do not see
      if (left > 0) return say();
      clearInterval(this.#tick);
      void this.#tell();
    }, 1000);
  }

  #stay(): void {
    clearInterval(this.#tick);
    this.#show("circle.tap_stayed", "circle.tap_now", () => void this.#tell());
  }

  async #tell(): Promise<void> {
    this.#show("circle.tap_telling");
    const began = performance.now();
    const reached = await this.#until(() => tell("tell"));
    const seconds = this.#words.number((performance.now() - began) / 1000, 1);
    if (reached === "everybody") return this.#show("circle.tap_told", "circle.tap_back", () => void this.#back(), { time: now(this.#words.lang), seconds });
    if (reached === "some") return this.#show("circle.tap_told_some", "circle.tap_back", () => void this.#back(), { time: now(this.#words.lang) });
    this.#show(this.#words.has(`circle.tap_${reached}`) ? `circle.tap_${reached}` : "circle.tap_failed", "circle.tap_now", () => void this.#tell());
  }

  async #back(): Promise<void> {
    this.#show("circle.tap_backing");
    const reached = await this.#until(takeBack);
    if (reached === "everybody" || reached === "some") return this.#show(reached === "some" ? "circle.tap_backed_some" : "circle.tap_backed", "circle.tap_now", () => void this.#tell(), { time: now(this.#words.lang) });
    this.#show("circle.tap_back_failed", "circle.tap_back", () => void this.#back());
  }

  /** Ask until the node answers. What it refuses is told by its code. */
  async #until(ask: () => Promise<Reached>): Promise<string> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const code = error instanceof Refused ? error.code : "failed";
        if (code !== "absent") return code;
        this.#show("circle.tap_absent");
        await pause();
      }
    }
  }

  #show(status: string, label: string | (() => void) = "", act: () => void = () => undefined, values: Record<string, string> = {}): void {
    this.#status.hidden = status === "";
    this.#status.textContent = status ? this.#words.say(status, values) : "";
    this.#act.hidden = label === "";
    this.#next = act;
    if (typeof label === "function") label();
    else this.#act.textContent = label ? this.#words.say(label) : "";
  }
}

function now(lang: string): string {
  return new Date().toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
}
