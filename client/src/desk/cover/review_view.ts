/**
 * A person looks at every second: its pictures as the copy will have them, what is covered as a list, and what they missed or wrongly found put right by
 * pointer or by keyboard. Draws into its place and keeps no picture.
 */
import { apart, clipped, LOOKS, type Box, type Covers, type Reviewed } from "../../faces/boxes.ts";
import { make } from "../../ui/make.ts";
import type { Sentences } from "../../ui/sentences.ts";
import type { Opened } from "../opened.ts";
import { clock } from "../times.ts";
import { black } from "./film.ts";
import { paint, pictures } from "./pictures.ts";

const SMALLEST = 0.02;
/** What the keyboard draws first: the middle. */
const MIDDLE: Box = { x: 0.375, y: 0.25, width: 0.25, height: 0.35 };
const STEP = 0.02;
const MOVES: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

export class ReviewView {
  readonly #place: HTMLElement;
  readonly #covers: Covers;
  readonly #opened: Opened;
  readonly #words: Sentences;
  readonly #changed: () => void;
  readonly #title = make("h4", { tabIndex: -1 });
  readonly #canvases: readonly HTMLCanvasElement[];
  readonly #list = make("ul", { className: "group plain" });
  readonly #left = make("p", {});
  readonly #said = make("p", { className: "unseen" });
  #at = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(place: HTMLElement, covers: Covers, opened: Opened, size: readonly [number, number], words: Sentences, changed: () => void) {
    this.#place = place;
    this.#covers = covers;
    this.#opened = opened;
    this.#words = words;
    this.#changed = changed;
    this.#canvases = Array.from({ length: LOOKS }, () => Object.assign(make("canvas", { className: "still" }), { width: size[0], height: size[1] }));
    for (const canvas of this.#canvases) this.#drawnBy(canvas);
    this.#compose();
    void this.show(0);
  }

  /** Show a second. Resolves when its pictures are drawn. */
  async show(number: number): Promise<void> {
    this.#at = Math.min(Math.max(0, number), this.#covers.seconds.length - 1);
    this.#drawList(this.#second);
    await this.#draw();
    this.#title.focus();
  }

  get #second(): Reviewed {
    return this.#covers.seconds[this.#at]!;
  }

  #say(key: string, values: Record<string, string | number> = {}): string {
    return this.#words.say(`cover.${key}`, values);
  }

  #compose(): void {
    this.#said.setAttribute("role", "status");
    this.#list.setAttribute("role", "list");
    const act = (key: string, does: () => void, isFirst = false): HTMLButtonElement => {
      const button = make("button", { type: "button", className: isFirst ? "button primary" : "button" }, this.#say(key));
      button.addEventListener("click", does);
      return button;
    };
    const acts = make(
      "div", { className: "acts" },
      act("seen", () => this.#seen(), true), act("back", () => void this.show(this.#at - 1)), act("draw", () => this.#add(MIDDLE)), act("whole", () => this.#cover()),
    ); // prettier-ignore
    this.#place.replaceChildren(
      this.#title, this.#left, make("p", { className: "muted small" }, this.#say("how")), make("div", { className: "stills" }, ...this.#canvases), this.#list, acts, this.#said,
    ); // prettier-ignore
  }

  /** One drawing after the other: two at once would share a film. */
  #draw(): Promise<void> {
    return (this.#turn = this.#turn.then(() => this.#drawNow()));
  }

  async #drawNow(): Promise<void> {
    const { seconds, unseen } = this.#covers;
    const second = this.#second;
    const values = { number: this.#words.number(this.#at + 1), count: this.#words.number(seconds.length), from: clock(second.fromMs), until: clock(second.fromMs + 1000) };
    this.#title.textContent = this.#say("second", values);
    this.#left.textContent = unseen > 0 ? this.#words.count("cover.unseen", unseen) : this.#say("all_seen");
    const waiting = this.#canvases.map((canvas, i) => ({ canvas, fromMs: second.fromMs + (i * 1000) / LOOKS }));
    for await (const picture of pictures(this.#opened, second.fromMs, second.fromMs + 1000)) {
      const { atMs } = picture;
      // A place whose picture did not come stays empty: the next one takes the place of its own time.
      while (waiting[1] && atMs >= waiting[1].fromMs) this.#empty(waiting.shift()!.canvas);
      const here = waiting[0] && atMs >= waiting[0].fromMs ? waiting.shift() : undefined;
      if (here) this.#fill(here.canvas, () => paint(here.canvas, picture), atMs);
      else picture.frame.close();
    }
    for (const { canvas } of waiting) this.#empty(canvas);
  }

  #fill(canvas: HTMLCanvasElement, painted: () => void, atMs: number): void {
    painted();
    const covers = this.#covers.at(atMs);
    black(canvas, covers);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", covers === "all" ? this.#say("still_whole") : this.#words.count("cover.still", apart(covers).length));
  }

  #empty(canvas: HTMLCanvasElement): void {
    black(canvas, "all");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", this.#say("still_none"));
  }

  #drawList(second: Reviewed): void {
    const found = this.#covers.found(second).map((cover) => this.#row(cover, "found", () => this.#covers.uncover(second, cover)));
    const drawn = second.drawn.map((cover) => this.#row(cover, "drawn", () => void second.drawn.splice(second.drawn.indexOf(cover), 1)));
    const whole = second.isWhole ? [make("li", {}, this.#say("still_whole"), " ", this.#button("uncover", () => this.#cover()))] : [];
    this.#list.replaceChildren(...whole, ...found, ...drawn);
  }

  /** One cover. What was drawn is moved and sized from its place in the list. */
  #row(cover: Box, kind: "found" | "drawn", remove: () => void): HTMLElement {
    const percent = (share: number): string => this.#words.number(Math.round(share * 100));
    const told = this.#say(kind, { across: percent(cover.x), down: percent(cover.y), width: percent(cover.width), height: percent(cover.height) });
    const name = kind === "drawn" ? make("button", { type: "button", className: "button drawn" }, told) : make("span", {}, told);
    if (kind === "drawn") name.addEventListener("keydown", (event) => this.#moved(event, cover, remove));
    const away = this.#button("uncover", remove, told);
    return make("li", {}, name, " ", away);
  }

  #button(key: string, does: () => void, what = ""): HTMLButtonElement {
    const button = make("button", { type: "button", className: "button" }, this.#say(key));
    if (what) button.setAttribute("aria-label", this.#words.titled(this.#say(key), what));
    button.addEventListener("click", () => {
      does();
      this.#again(this.#say("did_uncover"));
    });
    return button;
  }

  #moved(event: KeyboardEvent, cover: Box, remove: () => void): void {
    const move = MOVES[event.key];
    if (event.key !== "Delete" && !move) return;
    event.preventDefault();
    event.stopPropagation();
    if (!move) {
      remove();
      return this.#again(this.#say("did_uncover"));
    }
    const [x, y] = move;
    const changed = event.shiftKey ? { ...cover, width: Math.max(SMALLEST, cover.width + x), height: Math.max(SMALLEST, cover.height + y) } : { ...cover, x: cover.x + x, y: cover.y + y };
    const { drawn } = this.#second;
    const at = drawn.indexOf(cover);
    drawn[at] = clipped(changed);
    this.#again("");
    this.#list.querySelectorAll<HTMLElement>(".drawn")[at]?.focus();
  }

  #add(box: Box): void {
    this.#second.drawn.push(clipped(box));
    this.#again(this.#say("did_draw"));
    [...this.#list.querySelectorAll<HTMLElement>(".drawn")].at(-1)?.focus();
  }

  #cover(): void {
    this.#second.isWhole = !this.#second.isWhole;
    this.#again("");
  }

  /** Something changed: this second, and those that its covers reach into, want another look only if they are shown again. */
  #again(told: string): void {
    this.#said.textContent = told;
    this.#drawList(this.#second);
    void this.#draw();
  }

  #seen(): void {
    this.#second.isSeen = true;
    this.#changed();
    const { seconds, unseen } = this.#covers;
    if (unseen === 0) return void this.#draw();
    const next = seconds.findIndex((one, i) => i > this.#at && !one.isSeen);
    void this.show(next >= 0 ? next : seconds.findIndex(({ isSeen }) => !isSeen));
  }

  /** By pointer: a box from where it goes down to where it comes up. */
  #drawnBy(canvas: HTMLCanvasElement): void {
    let from: readonly [number, number] | undefined;
    const at = (event: PointerEvent): readonly [number, number] => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      return [(event.clientX - left) / width, (event.clientY - top) / height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      from = at(event);
    });
    canvas.addEventListener("pointerup", (event) => {
      const [begin, end] = [from, at(event)];
      from = undefined;
      if (!begin) return;
      const box = { x: Math.min(begin[0], end[0]), y: Math.min(begin[1], end[1]), width: Math.abs(end[0] - begin[0]), height: Math.abs(end[1] - begin[1]) };
      if (box.width >= SMALLEST && box.height >= SMALLEST) this.#add(box);
    });
    canvas.addEventListener("pointercancel", () => (from = undefined));
  }
}
