/** Parts that both ends of a call show: who is on the line, what is written, and the sentences that every page of it loads. */
import { make } from "../ui/make.ts";
import { Sentences, type Forms } from "../ui/sentences.ts";
import type { Talk } from "./talk.ts";

/** `GET /calls/words/{language}`. */
export interface CallWords {
  readonly strings: Record<string, string | Forms>;
  readonly cards: readonly string[];
  /** Where the recording of each card is; "" for none. */
  readonly heard: readonly string[];
  readonly consent: string;
  readonly hotline: string;
  readonly languages: Record<string, string>;
  readonly places: Record<string, string>;
  /** Names, each of at least 2,000 residents: what a caller may say of where they are. */
  readonly areas: readonly string[];
}

export interface Spoken {
  readonly words: Sentences;
  readonly told: CallWords;
}

export async function loadWords(lang: string): Promise<Spoken> {
  const answer = await fetch(`/calls/words/${lang}`, { credentials: "omit" });
  const told = (await answer.json()) as CallWords;
  return { words: new Sentences(lang, told.strings), told };
}

/** "On the line: a lawyer (Wren), an interpreter." The same sentence is shown and spoken. */
export function onTheLine(talk: Talk, words: Sentences): string {
  const others = [...talk.people.values()].map(({ role, name }) => (name ? words.say("call.person_named", { role: words.say(`call.role_${role}`), name }) : words.say(`call.role_${role}`)));
  return others.length === 0 ? "" : words.say("call.on_line", { people: others.join(", ") });
}

/** How sound goes: over the line, not yet, not any more. */
export function lineTold(talk: Talk, words: Sentences): string {
  if (!talk.isHeard && talk.line !== "open") return words.say("call.line_node_lost");
  const line = words.say(`call.line_${talk.isSoundOpen || talk.line !== "open" ? talk.line : "trying"}`);
  return talk.hasLostPicture && talk.line === "open" ? `${line} ${words.say("call.picture_lost")}` : line;
}

/** That it is over, or only for who reads this. */
export function overTold(talk: Talk, words: Sentences): string {
  return words.say(talk.hasLeft ? "call.left" : "call.ended");
}

/** What the button says that closes and opens the microphone of this end. */
export function muteTold(talk: Talk, words: Sentences): string {
  return words.say(talk.isMuted ? "call.unmute" : "call.mute");
}

/** What was written, with a field to write in. */
export class Writing {
  readonly place: HTMLElement;
  readonly #list: HTMLElement;
  readonly #words: Sentences;
  #drawn = 0;

  constructor(talk: () => Talk | undefined, words: Sentences) {
    this.#words = words;
    this.#list = make("ul", { className: "plain group", role: "list" });
    const log = make("div", { role: "log" }, this.#list);
    log.setAttribute("aria-label", words.say("call.written"));
    const field = make("input", { type: "text", id: "call-text", maxLength: 2000, autocomplete: "off" });
    const label = make("label", { htmlFor: "call-text" }, words.say("call.write"));
    const form = make("form", { className: "group" }, make("div", { className: "field" }, label, field), make("button", { type: "submit", className: "button wide" }, words.say("call.send")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      talk()?.write(field.value);
      field.value = "";
    });
    this.place = make("div", { className: "group" }, log, form);
  }

  draw(talk: Talk): void {
    for (const { from, text } of talk.notes.slice(this.#drawn)) {
      const who = from === talk.end.me ? this.#words.say("call.you") : this.#words.say(`call.role_${talk.people.get(from)?.role ?? "caller"}`);
      this.#list.append(make("li", {}, make("strong", {}, this.#words.titled(who, "")), text));
    }
    this.#drawn = talk.notes.length;
  }
}
