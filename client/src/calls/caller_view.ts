/** The call on the phone that records: three seconds to cancel, then the truth about who is rung, then who is on the line. Loaded when it rings. */
import type { ClientConfig } from "../phone/config.ts";
import { thisPhone } from "../phone/device.ts";
import { make } from "../ui/make.ts";
import { CallRefused } from "./ask.ts";
import { CANCEL_S, NobodyProven, ring } from "./caller.ts";
import { lineTold, loadWords, muteTold, onTheLine, Writing, type Spoken } from "./parts.ts";
import { Played, speak } from "./played.ts";
import { readingOf, type Reading } from "./reading.ts";
import type { Talk } from "./talk.ts";

/** What the page that records hands over. */
export interface Source {
  /** `recording` is absent where nothing is recorded. */
  readonly state: { readonly phase: string; readonly recording?: string };
  /** Tracks of the call's own; undefined where there is none or it was refused. */
  microphone(): Promise<MediaStreamTrack | undefined>;
  camera(): Promise<MediaStreamTrack | undefined>;
  /** Marks where the talk begins and ends inside the recording (rule 18). */
  markCall(mark: "begin" | "end"): void;
}

const AGAIN_MS = 1_000;
const KINDS = ["stopped", "door", "held", "work"] as const;

/** Put the call into `place`, what to read while waiting into `cards`. Waits for its sentences as long as it takes: without a network nobody can be rung. */
export async function begin(place: HTMLElement, config: ClientConfig, lang: string, source: Source, cards = place): Promise<CallView | undefined> {
  const isUnderWay = (): boolean => source.state.phase === "recording" || source.state.phase === "paused";
  for (;;) {
    const words = await loadWords(lang).catch(() => undefined);
    if (!isUnderWay()) return undefined;
    if (words) return new CallView(place, config, words, source, cards);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

export class CallView {
  readonly #config: ClientConfig;
  readonly #source: Source;
  readonly #spoken: Spoken;
  readonly #over = new AbortController();
  readonly #status = make("p", { className: "notice" });
  readonly #choices: HTMLFieldSetElement;
  readonly #cancel: HTMLButtonElement;
  readonly #ring: HTMLButtonElement;
  readonly #hangUp: HTMLButtonElement;
  readonly #listen: HTMLButtonElement;
  readonly #mute: HTMLButtonElement;
  readonly #loud: HTMLButtonElement;
  readonly #picture: HTMLButtonElement;
  readonly #warning = make("p", { className: "notice warn" });
  readonly #hotline = make("p", {});
  readonly #cards: HTMLElement;
  #reading!: Reading;
  readonly #writing: Writing;
  readonly #films = make("div", {});
  readonly #area = make("select", { id: "call-area" });
  #kind = "other";
  #talk: Talk | undefined;
  #played: Played | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;
  #isMarked = false;
  #hasVoice = true;
  #isLoud = false;
  #announced = "";
  #told = "";
  #tellsRecording = false;
  #heard = "";

  constructor(place: HTMLElement, config: ClientConfig, spoken: Spoken, source: Source, cards: HTMLElement) {
    this.#config = config;
    this.#source = source;
    this.#spoken = spoken;
    this.#status.setAttribute("role", "status");
    this.#cancel = this.#button("call.cancel", () => this.#stay(), "button wide primary");
    this.#ring = this.#button("call.ring", () => void this.#begin(), "button wide primary");
    this.#hangUp = this.#button("call.hang_up", () => this.#leave());
    this.#listen = this.#button("call.let_listen", () => void this.#letListen());
    this.#mute = this.#button("call.mute", () => this.#toggleMute());
    this.#loud = this.#button("call.louder", () => this.#toggleLoud());
    this.#picture = this.#button("call.picture", () => this.#talk?.wantPicture(!this.#talk.wantsPicture));
    this.#choices = this.#makeChoices();
    this.#cards = this.#makeCards();
    this.#writing = new Writing(() => this.#talk, spoken.words);
    this.#hotline.append(...this.#makeHotline());
    const title = make("h2", { className: "unseen" }, this.#say("call.title"));
    const acts = make("div", { className: "group" }, this.#mute, this.#loud, this.#picture);
    place.replaceChildren(title, this.#cancel, this.#status, this.#warning, this.#choices, this.#ring, this.#listen, this.#hotline, this.#cards, this.#films, acts, this.#writing.place, this.#hangUp);
    if (cards !== place) cards.replaceChildren(this.#cards);
    this.#countDown();
  }

  /** The recording pauses, goes on or has ended: what is said of it here stays true. */
  recordingMoved(): void {
    if (!this.#status.hidden) this.#tell(this.#told, this.#tellsRecording);
  }

  /** Leave at once: nothing of a call stays. */
  leave(): void {
    this.#over.abort();
    clearInterval(this.#tick);
    this.#reading.silence();
    this.#mark("end");
    this.#talk?.leave();
    this.#played?.drop();
  }

  #countDown(): void {
    let left = CANCEL_S;
    const tell = (): void => {
      const text = this.#spoken.words.count("call.rings_in", left);
      this.#cancel.replaceChildren(make("span", {}, text, " ", make("u", {}, this.#say("call.cancel"))));
    };
    this.#only(this.#cancel, this.#choices);
    this.#status.hidden = true;
    tell();
    this.#tick = setInterval(() => {
      left -= 1;
      if (left > 0) return tell();
      void this.#begin();
    }, 1000);
  }

  #stay(): void {
    clearInterval(this.#tick);
    this.#tell(this.#say("call.cancelled"), true);
    this.#only(this.#ring, this.#choices, this.#hotline, this.#cards);
    this.#ring.focus();
  }

  async #begin(): Promise<void> {
    clearInterval(this.#tick);
    this.#tell(this.#say("call.reaching"));
    this.#only(this.#hotline, this.#cards, this.#hangUp);
    if (!this.#source.state.recording) this.#reading.start(); // with a recording the voice would be on it
    const microphone = await this.#source.microphone();
    this.#hasVoice = microphone !== undefined;
    try {
      this.#talk = await ring(this.#config, thisPhone, {
        language: this.#spoken.words.lang,
        kind: this.#kind,
        area: this.#area.value,
        recording: (this.#source.state.recording ?? ""),
        microphone,
        camera: () => this.#source.camera(),
      }, this.#over.signal);
    } catch (error) {
      return this.#failed(error);
    }
    this.#played = new Played(this.#talk, true);
    this.#films.append(this.#played.sound, this.#played.picture);
    this.#talk.addEventListener("change", () => this.#draw());
    this.#draw();
  }

  #failed(error: unknown): void {
    if (this.#over.signal.aborted) return;
    const code = error instanceof NobodyProven ? "unproven" : error instanceof CallRefused ? error.code : "unexpected";
    this.#tell(this.#say(this.#spoken.words.has(`call.no_${code}`) ? `call.no_${code}` : "call.no_unexpected"), true);
    this.#only(this.#ring, this.#choices, this.#hotline, this.#cards);
  }

  #draw(): void {
    const talk = this.#talk;
    if (!talk?.standing) return;
    if (talk.isOver) return this.#ended();
    if (talk.standing.state !== "answered") this.#close(talk);
    else if (talk.people.size > 0) void this.#announce(talk);
    this.#tell(this.#standing(talk), talk.standing.state !== "answered" && talk.isHeard);
    if (talk.standing.state !== "answered") this.#sayStanding();
    this.#writing.draw(talk);
    this.#played!.picture.hidden = !(talk.wantsPicture && talk.picture.getVideoTracks().some((track) => !track.muted));
    const isOn = talk.isSoundOpen;
    if (isOn) this.#only(this.#warning, this.#films, this.#mute, this.#loud, this.#picture, this.#writing.place, this.#hangUp);
    else this.#only(this.#hotline, this.#cards, this.#hangUp, ...(this.#canListen(talk) ? [this.#listen] : []));
    this.#mute.textContent = muteTold(talk, this.#spoken.words);
    this.#picture.textContent = this.#say(talk.wantsPicture ? "call.picture_off" : "call.picture");
  }

  /** Nobody of the desk is free, and a volunteer could listen: the person decides, and is told what that means. */
  #canListen({ standing }: Talk): boolean {
    return standing?.state === "waiting" && (standing.listeners ?? []).length > 0;
  }

  async #letListen(): Promise<void> {
    await this.#talk?.end.offerToListeners(this.#talk.standing?.listeners ?? []).catch(() => undefined);
  }

  #standing(talk: Talk): string {
    const { state, rung = 0, of = 0, before = 0 } = talk.standing!;
    const { words } = this.#spoken;
    if (state === "answered") return [onTheLine(talk, words) || words.say("call.answering"), lineTold(talk, words)].join(" ");
    if (!talk.isHeard) return words.say("call.line_node_lost");
    if (state === "ringing") return words.say("call.ringing", { rung, of });
    if (of === 0) return words.say("call.nobody_on_duty");
    return `${words.say("call.nobody_free", { rung, of })} ${before > 0 ? words.count("call.before_you", before) : words.say("call.you_are_next")}`;
  }

  /** Who waits hears how it stands, between the cards; with a recording the voice would be on it. */
  #sayStanding(): void {
    const text = this.#status.textContent ?? "";
    if (this.#source.state.recording || text === this.#heard) return;
    this.#heard = text;
    this.#reading.say(text);
  }

  /** Roles are told before sound opens, and the recording marks the talk before its first word. */
  async #announce(talk: Talk): Promise<void> {
    const { words, told } = this.#spoken;
    const text = onTheLine(talk, words);
    if (text === this.#announced) return;
    this.#announced = text;
    this.#reading.silence();
    this.#mark("begin");
    this.#warning.textContent = [talk.hasListener ? words.say("call.listener_rule") : "", this.#isMarked ? `${words.say("call.recorded")} ${told.consent}` : "", this.#hasVoice ? "" : words.say("call.no_microphone")].filter(Boolean).join(" ");
    navigator.vibrate?.([80]);
    await speak(text, words.lang);
    if (talk.isOver || talk.isSoundOpen) return;
    talk.openSound();
    this.#played?.open();
  }

  /** Who answered is gone without a word, and the next is rung: they are told before they are heard. */
  #close(talk: Talk): void {
    if (!talk.isSoundOpen) return;
    talk.closeSound();
    this.#played?.close();
    this.#mark("end");
    this.#announced = "";
  }

  #ended(): void {
    this.#reading.silence();
    this.#mark("end");
    this.#played?.drop();
    this.#films.replaceChildren();
    this.#announced = "";
    this.#talk = this.#played = undefined;
    this.#tell(this.#say("call.ended"));
    this.#only(this.#ring, this.#choices, this.#hotline, this.#cards);
  }

  #leave(): void {
    this.#talk?.leave();
    if (this.#talk) this.#ended();
  }

  #mark(mark: "begin" | "end"): void {
    if (this.#isMarked === (mark === "begin") || (mark === "begin" && !(this.#source.state.recording ?? ""))) return;
    this.#isMarked = mark === "begin";
    this.#source.markCall(mark);
  }

  #toggleMute(): void {
    this.#talk?.mute(!this.#talk.isMuted);
  }

  #toggleLoud(): void {
    this.#isLoud = !this.#isLoud;
    this.#played?.loud(this.#isLoud);
    this.#loud.textContent = this.#say(this.#isLoud ? "call.quieter" : "call.louder");
  }

  #makeChoices(): HTMLFieldSetElement {
    const choose = (kind: string): HTMLElement => {
      const radio = make("input", { type: "radio", name: "call-kind", value: kind });
      radio.addEventListener("change", () => (this.#kind = kind));
      return make("label", { className: "choice" }, radio, this.#say(`call.kind_${kind}`));
    };
    return make("fieldset", {}, make("legend", {}, this.#say("call.what")), ...KINDS.map(choose), this.#makeWhere());
  }

  /** Sealed to the desk with the rest; the node hears of no area. */
  #makeWhere(): HTMLElement {
    const { areas } = this.#spoken.told;
    this.#area.append(make("option", { value: "" }, this.#say("call.kind_other")), ...areas.map((name) => make("option", { value: name }, name)));
    const label = make("label", { htmlFor: "call-area" }, this.#say("call.where"));
    return make("div", { className: "field", hidden: areas.length === 0 }, label, this.#area);
  }

  #makeCards(): HTMLElement {
    const { cards, heard } = this.#spoken.told;
    const items = cards.map((card) => make("li", {}, card));
    items.forEach((item, place) => (item.dataset["heard"] = heard[place] ?? ""));
    const read = make("button", { type: "button", className: "button wide" }, this.#say("call.read"));
    this.#reading = readingOf(read, items, this.#spoken.words);
    return make("details", { open: true, className: "group" }, make("summary", {}, this.#say("call.cards")), make("div", { className: "group" }, make("ul", { className: "dots" }, ...items), read));
  }

  #makeHotline(): (string | HTMLElement)[] {
    const { hotline } = this.#spoken.told;
    return hotline ? [make("a", { href: `tel:${hotline}`, className: "button wide" }, this.#say("call.hotline").replace("{number}", hotline.replaceAll(" ", "\u00a0")))] : [];
  }

  #only(...shown: HTMLElement[]): void {
    const all = [this.#listen, this.#cancel, this.#choices, this.#ring, this.#hotline, this.#cards, this.#films, this.#mute, this.#loud, this.#picture, this.#writing.place, this.#hangUp, this.#warning];
    for (const one of all) one.hidden = !shown.includes(one);
    if (this.#spoken.told.cards.length === 0) this.#cards.hidden = true;
  }

  /** With `tellsRecording` it adds that the recording goes on, while it does. */
  #tell(text: string, tellsRecording = false): void {
    const { phase, recording } = this.#source.state;
    this.#told = text;
    this.#tellsRecording = tellsRecording;
    const told = tellsRecording && recording && phase === "recording" ? `${text} ${this.#say("call.goes_on")}` : text;
    this.#status.hidden = false;
    if (this.#status.textContent !== told) this.#status.textContent = told;
  }

  #button(key: string, act: () => void, className = "button wide"): HTMLButtonElement {
    const made = make("button", { type: "button", className }, this.#say(key));
    made.addEventListener("click", act);
    return made;
  }

  #say(key: string): string {
    return this.#spoken.words.say(key);
  }
}
