/**
 * A scoped copy for co-counsel or the other side: which part, with or without sound; faces are found here, a person looks at every second, and only then
 * can it be made. Nothing of it leaves this machine.
 */
import { Covers, LOOKS } from "../../faces/boxes.ts";
import type { FaceFinder } from "../../faces/faces.ts";
import { counted } from "../../staff/going_on.ts";
import { make } from "../../ui/make.ts";
import type { Sentences } from "../../ui/sentences.ts";
import { callsOf } from "../marks.ts";
import type { Copy } from "../package/make.ts";
import { Refusal } from "../package/refusal.ts";
import type { Decisions } from "../package/withholding.ts";
import type { Packaged } from "../package_view.ts";
import { clock } from "../times.ts";
import { coveredFilm, type Span } from "./film.ts";
import { canMake, paint, pictures, sizeOf } from "./pictures.ts";
import { ReviewView } from "./review_view.ts";
import { isMadeAnew } from "./sound.ts";
import { reelsOf } from "./tracks.ts";

/** The longest part that one copy covers: it is made in memory. */
const LONGEST_MS = 10 * 60_000;
const NAME = "covered-001.webm";

/** Writes the copy as a package; false where the person changed their mind. */
export type Write = (copy: () => Promise<Copy>, decisions: Decisions, said: (share: number) => void, signal: AbortSignal) => Promise<boolean>;

export class CoverView {
  readonly #place: HTMLElement;
  readonly #packaged: Packaged;
  readonly #words: Sentences;
  readonly #decided: () => Decisions | undefined;
  readonly #write: Write;
  readonly #from = make("input", { type: "text", id: "cover-from", autocomplete: "off", inputMode: "numeric" });
  readonly #until = make("input", { type: "text", id: "cover-until", autocomplete: "off", inputMode: "numeric" });
  readonly #sound = make("input", { type: "checkbox", id: "cover-sound" });
  readonly #problem = make("p", { className: "problem", role: "alert", hidden: true });
  readonly #find = make("button", { type: "submit", className: "button wide" });
  readonly #stop = make("button", { type: "button", className: "button wide", hidden: true });
  readonly #progress = make("progress", { max: 1, value: 0, hidden: true });
  readonly #said = make("p", { role: "status", tabIndex: -1 });
  readonly #review = make("div", { className: "group" });
  readonly #make = make("button", { type: "button", className: "button primary wide", hidden: true });
  #covers: Covers | undefined;
  #size: readonly [number, number] = [0, 0];
  #leaving = new AbortController();
  #isDropped = false;

  /** `decided`: what was decided on each talk; undefined where a decision is missing, which it has then asked for. */
  constructor(place: HTMLElement, packaged: Packaged, words: Sentences, decided: () => Decisions | undefined, write: Write) {
    this.#place = place;
    this.#packaged = packaged;
    this.#words = words;
    this.#decided = decided;
    this.#write = write;
    this.#compose();
  }

  drop(): void {
    this.#isDropped = true;
    this.#leaving.abort();
    this.#place.replaceChildren();
  }

  #say(key: string, values: Record<string, string | number> = {}): string {
    return this.#words.say(`cover.${key}`, values);
  }

  #compose(): void {
    const shown = reelsOf(this.#packaged.opened);
    const begin = Math.floor((shown[0]?.fromMs ?? 0) / 1000) * 1000;
    this.#from.value = clock(begin);
    this.#until.value = clock(Math.min((shown.at(-1)?.untilMs ?? 0) + 999, begin + LONGEST_MS));
    const field = (key: string, input: HTMLInputElement): HTMLElement => make("div", { className: "field" }, make("label", { htmlFor: input.id }, this.#say(key)), input);
    const sound = make("label", { className: "choice" }, this.#sound, this.#say("sound"));
    for (const [button, key] of [[this.#find, "find"], [this.#stop, "stop"], [this.#make, "make"]] as const) button.textContent = this.#say(key);
    this.#progress.setAttribute("aria-label", this.#say("working"));
    const form = make("form", { className: "group" }, this.#problem, field("from", this.#from), field("until", this.#until), sound, make("p", { className: "muted small" }, this.#say("sound_note")), this.#find);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#attempt(() => this.#search());
    });
    this.#stop.addEventListener("click", () => this.#leaving.abort());
    this.#make.addEventListener("click", () => void this.#attempt(() => this.#finish()));
    const title = make("h3", {}, this.#say("title"));
    if (!canMake()) return this.#place.replaceChildren(title, make("p", {}, this.#say("cannot")));
    this.#place.replaceChildren(title, make("p", {}, this.#say("sentence")), form, this.#progress, this.#stop, this.#review, this.#make, this.#said);
  }

  #complain(key: string, focus?: HTMLElement): void {
    this.#problem.textContent = key === "" ? "" : this.#say(key);
    this.#problem.hidden = key === "";
    focus?.focus();
  }

  /** The part that is wanted; undefined where it is none, which is said. */
  #part(): Span | undefined {
    const [fromMs, untilMs] = [millisecondsIn(this.#from.value), millisecondsIn(this.#until.value)];
    for (const [input, value] of [[this.#from, fromMs], [this.#until, untilMs]] as const) {
      input.setAttribute("aria-invalid", String(value === undefined));
      if (value === undefined) return void this.#complain("time_wrong", input);
    }
    if (untilMs! <= fromMs! || fromMs! >= this.#packaged.opened.lengthMs) return void this.#complain("part_wrong", this.#from);
    if (untilMs! - fromMs! > LONGEST_MS) return void this.#complain("part_long", this.#until);
    return { fromMs: fromMs!, untilMs: untilMs! };
  }

  async #attempt(does: () => Promise<void>): Promise<void> {
    this.#complain("");
    this.#leaving = new AbortController();
    try {
      await counted(does());
    } catch (error) {
      if (this.#isDropped) return;
      const code = error instanceof Refusal ? error.code : this.#leaving.signal.aborted ? "stopped" : "other";
      this.#said.textContent = code !== "other" ? this.#words.say(`pack.fault_${code}`) : this.#say("fault");
      this.#said.focus();
    } finally {
      this.#busy(false);
    }
  }

  #busy(isBusy: boolean, key = ""): void {
    this.#find.disabled = this.#make.disabled = isBusy;
    this.#stop.hidden = this.#progress.hidden = !isBusy;
    this.#progress.value = 0;
    if (isBusy) this.#said.textContent = this.#say(key);
  }

  /** Look at each second a few times, and hand all of them to a person. */
  async #search(): Promise<void> {
    const part = this.#part();
    if (!part) return;
    this.#review.replaceChildren();
    this.#make.hidden = true;
    this.#busy(true, "finding");
    const size = await sizeOf(this.#packaged.opened, part.fromMs, part.untilMs);
    if (!size) return void (this.#said.textContent = this.#say("no_picture"));
    this.#size = size;
    const { FaceFinder } = await import("../../faces/faces.ts");
    const finder = await FaceFinder.load();
    const covers = new Covers(part.fromMs, part.untilMs);
    try {
      await this.#look(finder, covers);
    } finally {
      await finder.drop();
    }
    this.#covers = covers;
    this.#said.textContent = this.#words.count("cover.did_find", covers.count);
    new ReviewView(this.#review, covers, this.#packaged.opened, size, this.#words, () => (this.#make.hidden = covers.unseen > 0));
  }

  async #look(finder: FaceFinder, covers: Covers): Promise<void> {
    const canvas = Object.assign(document.createElement("canvas"), { width: this.#size[0], height: this.#size[1] });
    const { fromMs, untilMs } = covers;
    let nextMs = fromMs;
    for await (const picture of pictures(this.#packaged.opened, fromMs, untilMs)) {
      const { atMs } = picture;
      if (atMs < nextMs) {
        picture.frame.close();
        continue;
      }
      paint(canvas, picture);
      if (this.#leaving.signal.aborted) throw new Refusal("stopped");
      covers.add({ atMs, faces: await finder.find(canvas) });
      nextMs = Math.max(atMs + 1, fromMs + (Math.floor(((atMs - fromMs) * LOOKS) / 1000) + 1) * (1000 / LOOKS));
      this.#progress.value = (atMs - fromMs) / (untilMs - fromMs);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  async #finish(): Promise<void> {
    const [covers, decisions] = [this.#covers, this.#decided()];
    if (!covers || covers.unseen > 0 || !decisions) return;
    const { signal } = this.#leaving;
    const told = (share: number): void => void (this.#progress.value = share);
    const film = (): Promise<Copy> => {
      this.#busy(true, "making");
      return this.#film(covers, decisions, told, signal);
    };
    const isDone = await this.#write(film, decisions, told, signal);
    if (isDone) this.#said.textContent = this.#say("done");
    this.#said.focus();
  }

  async #film(covers: Covers, decisions: Decisions, told: (share: number) => void, signal: AbortSignal): Promise<Copy> {
    const { opened } = this.#packaged;
    const muted = callsOf(opened.told)
      .filter(({ number }) => decisions.get(number) === "mute")
      .map(({ fromMs, untilMs }) => ({ fromMs, untilMs: (untilMs ?? opened.lengthMs) + 1000 }));
    const hasSound = this.#sound.checked;
    const sound = !hasSound ? "no sound" : (await isMadeAnew(opened, covers.fromMs, covers.untilMs)) ? "sound decoded and encoded again, in Opus" : "sound as recorded";
    const content = await coveredFilm({ opened, covers, size: this.#size, hasSound, muted, told, signal });
    return { name: NAME, content, changes: changesOf(covers, sound, muted.length), method: METHOD };
  }
}

const METHOD =
  "CenterFace (MIT) under onnxruntime-web, four looks a second; each face covered in black, grown by 35 % on each side, for half a second " +
  "before and after; a person looked at every second; drawn anew and encoded in VP8 by the browser.";

/** For a court, so in English, as all of a package's tables are. */
function changesOf(covers: Covers, sound: string, muted: number): string {
  const drawn = covers.seconds.reduce((sum, second) => sum + second.drawn.length, 0);
  const whole = covers.seconds.filter(({ isWhole }) => isWhole).length;
  const parts = [
    `${clock(covers.fromMs)} to ${clock(covers.untilMs)} of the recording`,
    `faces covered: ${covers.count} found by program, ${drawn} drawn by hand`,
    `seconds covered whole: ${whole}`,
    sound,
    ...(muted > 0 ? [`talks left out: ${muted}`] : []),
  ];
  return `${parts.join("; ")}.`;
}

/** `1:02:03`, `2:03` or `7`, in milliseconds. */
export function millisecondsIn(text: string): number | undefined {
  if (!/^\d{1,3}(:\d{1,2}){0,2}$/.test(text.trim())) return undefined;
  return text.trim().split(":").reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
}
