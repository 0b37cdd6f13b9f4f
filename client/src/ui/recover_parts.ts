/** The parts of the recovery page that are made, not drawn: facts, films, acts, recipients. Text goes in as text, never as markup. */
import type { Act } from "../recover/notes.ts";
import type { Film } from "../recover/films.ts";
import type { Sentences } from "./sentences.ts";

export type Role = "you" | "desk" | "someone";

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function makeFact(name: string, value: string): HTMLElement[] {
  return [make("dt", {}, name), make("dd", {}, value)];
}

export function makeFilm(film: Film, name: string, words: Sentences): HTMLElement {
  const href = URL.createObjectURL(film.content);
  const isSound = film.mime.startsWith("audio/");
  const player = make(isSound ? "audio" : "video", { src: href, controls: true, className: "film", ariaLabel: words.say("recover.player") });
  const save = make("a", { href, download: name, className: "button wide" }, words.say("recover.save"));
  return make("div", { className: "group" }, player, save);
}

export function makeActs(history: readonly Act[], words: Sentences): HTMLElement[] {
  return history.map(({ at, actor, action }) => {
    const when = new Date(at).toLocaleString(words.lang, { dateStyle: "medium", timeStyle: "short" });
    const [role, key] = actor.split(":", 2) as [string, string?];
    // Two lawyers are told apart by their keys, which stand in the public log.
    const who = [words.say(`recover.by_${role}`), ...(key ? [`(${key.slice(0, 8)})`] : [])].join(" ");
    const what = words.say(actKey(words, role, action));
    return make("tr", {}, make("td", {}, when), make("td", {}, who), make("td", {}, what));
  });
}

/** The sentence of an act. The node refuses pieces; of people, it is they who asked and were refused. */
export function actKey(words: Sentences, role: string, action: string): string {
  if (action === "refused" && role !== "node") return "recover.act_asked_in_vain";
  return words.has(`recover.act_${action}`) ? `recover.act_${action}` : "recover.act_other";
}

export function makeRecipient(recipient: string, role: Role, drop: () => void, words: Sentences): HTMLElement {
  const short = `${recipient.slice(0, 12)}…${recipient.slice(-6)}`;
  const name = make("span", {}, `${words.say(`recover.${role}`)} `, make("code", { translate: false }, short));
  if (role === "you") return make("li", { className: "recipient" }, name);
  const button = make("button", { type: "button", className: "button" }, words.say("recover.drop"));
  button.setAttribute("aria-label", `${words.say("recover.drop")} ${short}`);
  button.addEventListener("click", drop);
  return make("li", { className: "recipient" }, name, button);
}
