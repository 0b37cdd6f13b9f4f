/** The parts of the recovery page that are made, not drawn: films, recipients. Text goes in as text, never as markup. */
import { make } from "../ui/make.ts";
import type { Sentences } from "../ui/sentences.ts";
import type { Film } from "./films.ts";

export type Role = "you" | "desk" | "someone";

export function makeFilm(film: Film, name: string, part: string, words: Sentences): HTMLElement {
  const href = URL.createObjectURL(film.content);
  const isSound = film.mime.startsWith("audio/");
  const player = make(isSound ? "audio" : "video", { src: href, controls: true, className: "film", ariaLabel: [words.say("recover.player"), part].filter(Boolean).join(", ") });
  const save = make("a", { href, download: name, className: "button wide" }, words.say("recover.save"));
  return make("div", { className: "group" }, make("h3", { hidden: part === "" }, part), player, save);
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
