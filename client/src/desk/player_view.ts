/**
 * Draws a player that needs no mouse and no eye: every control is a button with its name, the place is a slider that says its time, everything on the bar is in a
 * list that can be read and leads there, and what a key did is said once.
 */
import { make } from "../ui/make.ts";
import type { Sentences } from "../ui/sentences.ts";
import { marksOf, type Mark } from "./marks.ts";
import type { Opened } from "./opened.ts";
import { Player, type State } from "./player.ts";
import { clock } from "./times.ts";

const SMALL_MS = 5_000;
const LARGE_MS = 10_000;
const RATES = [1, 1.5, 2, 0.5];
/** Where letters and spaces are typed, keys of the player are not ours. */
const TYPED_IN = "textarea, select, input:not([type=range])";

type Words = Sentences;

export class PlayerView {
  readonly player: Player;
  readonly #opened: Opened;
  readonly #words: Words;
  readonly #place: HTMLElement;
  #marks: readonly Mark[] = [];
  #toldState: State = "paused";
  readonly #video = make("video", { className: "film", playsInline: true, tabIndex: -1 });
  readonly #toggle = make("button", { type: "button", className: "button primary" });
  readonly #rate = make("button", { type: "button", className: "button" });
  readonly #slider = make("input", { type: "range", min: "0", step: "1", value: "0" });
  readonly #now = make("p", { className: "clock" });
  readonly #said = make("p", { className: "unseen", role: "status" });
  readonly #bar = make("div", { className: "bar", ariaHidden: "true" });
  readonly #list = make("ol", { className: "marks", role: "list" });
  readonly #keys = (event: KeyboardEvent): void => this.#key(event);

  constructor(place: HTMLElement, opened: Opened, words: Words) {
    this.#place = place;
    this.#opened = opened;
    this.#words = words;
    this.player = new Player(this.#video, opened, () => this.#draw());
    this.#compose();
    document.addEventListener("keydown", this.#keys);
    this.grown();
  }

  /** More of the recording is there: longer bar, more marks. */
  grown(): void {
    this.#marks = marksOf(this.#opened);
    this.#slider.max = String(Math.ceil(this.player.lengthMs / 1000));
    this.#drawBar();
    this.#drawList();
    this.player.grown();
    this.#draw();
  }

  drop(): void {
    document.removeEventListener("keydown", this.#keys);
    this.player.drop();
    this.#place.replaceChildren();
  }

  #say(key: string, values: Record<string, string | number> = {}): string {
    return this.#words.say(`play.${key}`, values);
  }

  #button(key: string, act: () => void): HTMLButtonElement {
    const button = make("button", { type: "button", className: "button" }, this.#say(key));
    button.addEventListener("click", act);
    return button;
  }

  #compose(): void {
    this.#video.setAttribute("aria-label", this.#say("film"));
    this.#slider.setAttribute("aria-label", this.#say("place"));
    this.#slider.addEventListener("input", () => this.player.seek(Number(this.#slider.value) * 1000));
    this.#toggle.addEventListener("click", () => this.player.toggle());
    this.#rate.addEventListener("click", () => this.#nextRate());
    const buttons = [
      this.#toggle, this.#button("back", () => this.#by(-LARGE_MS)), this.#button("on", () => this.#by(LARGE_MS)),
      this.#button("event_before", () => this.#toMark(-1)), this.#button("event_next", () => this.#toMark(1)), this.#rate,
    ]; // prettier-ignore
    this.#place.replaceChildren(
      make("h2", {}, this.#say("title")),
      this.#video,
      this.#now,
      this.#said,
      make("div", { className: "line" }, this.#slider, this.#bar),
      make("div", { className: "transport", role: "group", ariaLabel: this.#say("controls") }, ...buttons),
      make("p", {}, this.#say("captions_none")),
      make("details", {}, make("summary", {}, this.#say("keys")), make("p", {}, this.#say("keys_list"))),
      make("h3", {}, this.#say("line")),
      this.#list,
    );
  }

  #draw(): void {
    const { player } = this;
    const at = Math.min(player.atMs, player.lengthMs);
    put(this.#toggle, this.#say(player.isPlaying ? "pause" : "start"));
    put(this.#rate, this.#say("rate", { rate: this.#words.number(player.rate, player.rate % 1 ? 1 : 0) }));
    const place = this.#say("at", { at: clock(at), length: clock(player.lengthMs) });
    const inside = this.#marks.filter((mark) => mark.untilMs !== undefined && mark.atMs <= at && at < mark.untilMs).map((mark) => this.#tell(mark));
    this.#tellEnd(player.state);
    put(this.#now, [place, this.#say(`state_${player.state}`), this.#say(`mode_${player.mode}`), ...inside].join(" "));
    if (document.activeElement !== this.#slider || player.isPlaying) this.#slider.value = String(Math.floor(at / 1000));
    this.#slider.setAttribute("aria-valuetext", place);
  }

  /** That it ends, or cannot be shown, is heard too. That it waits is not: a film that is followed while it is made does so each few seconds. */
  #tellEnd(state: State): void {
    if (state !== this.#toldState && (state === "ended" || state === "broken")) this.#announce(this.#say(`state_${state}`));
    this.#toldState = state;
  }

  #drawBar(): void {
    const length = Math.max(1, this.player.lengthMs);
    const drawn = this.#marks.map((mark) => {
      const piece = make("span", { className: mark.kind });
      piece.style.insetInlineStart = `${(100 * mark.atMs) / length}%`;
      if (mark.untilMs !== undefined) piece.style.inlineSize = `${(100 * Math.max(0, mark.untilMs - mark.atMs)) / length}%`;
      return piece;
    });
    this.#bar.replaceChildren(...drawn);
  }

  #drawList(): void {
    const drawn = this.#marks.map((mark) => {
      const span = mark.untilMs === undefined ? clock(mark.atMs) : this.#say("span", { from: clock(mark.atMs), until: clock(mark.untilMs) });
      const button = make("button", { type: "button", className: "button" }, make("span", { className: "clock" }, span), ` ${this.#tell(mark)}`);
      button.addEventListener("click", () => this.#go(mark));
      return make("li", {}, button);
    });
    // A list that is drawn anew under somebody's finger or reading place would throw them back to its beginning.
    const same = drawn.findIndex((item, i) => this.#list.children[i]?.textContent !== item.textContent);
    const from = same < 0 ? drawn.length : same;
    [...this.#list.children].slice(from).forEach((old) => old.remove());
    this.#list.append(...drawn.slice(from));
  }

  #tell(mark: Mark): string {
    return this.#words.say(mark.key, mark.number === undefined ? {} : { number: this.#words.number(mark.number) });
  }

  #go(mark: Mark): void {
    this.player.seek(mark.atMs);
    this.#announce(`${clock(mark.atMs)} ${this.#tell(mark)}`);
  }

  #toMark(step: 1 | -1): void {
    const at = this.player.atMs;
    const ahead = this.#marks.find((mark) => mark.atMs > at + 500);
    const behind = [...this.#marks].reverse().find((mark) => mark.atMs < at - 1500);
    const mark = step > 0 ? ahead : behind;
    if (mark) this.#go(mark);
    else this.#announce(this.#say(step > 0 ? "no_next" : "no_before"));
  }

  #by(ms: number): void {
    this.player.seek(this.player.atMs + ms);
    this.#announce(clock(Math.min(Math.max(0, this.player.atMs + ms), this.player.lengthMs)));
  }

  #nextRate(): void {
    this.player.setRate(RATES[(RATES.indexOf(this.player.rate) + 1) % RATES.length]!);
  }

  #announce(text: string): void {
    put(this.#said, text);
  }

  #key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || target.matches(TYPED_IN)) return;
    const isPressed = target.matches("button, a, summary") && (event.key === " " || event.key === "Enter");
    const act = this.#acts()[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || isPressed || (target.matches("input") && /^Arrow|Home|End/.test(event.key))) return;
    event.preventDefault();
    act();
  }

  #acts(): Record<string, () => void> {
    const isMirrored = getComputedStyle(this.#place).direction === "rtl";
    const [on, back] = [() => this.#by(SMALL_MS), () => this.#by(-SMALL_MS)];
    return {
      " ": () => this.#toggleAloud(),
      k: () => this.#toggleAloud(),
      j: () => this.#by(-LARGE_MS),
      l: () => this.#by(LARGE_MS),
      ArrowRight: isMirrored ? back : on,
      ArrowLeft: isMirrored ? on : back,
      n: () => this.#toMark(1),
      p: () => this.#toMark(-1),
    };
  }

  #toggleAloud(): void {
    this.player.toggle();
    this.#announce(this.#say(this.player.isPlaying ? "state_playing" : "state_paused"));
  }
}

/** Touch the page only when it changes: a screen reader must hear each change once. */
function put(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}
