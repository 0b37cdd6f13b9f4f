/** Draws an alert as the node does (src/tocsin/alerts/templates/_cards.html): the sentences of its keys, and nothing that is not in it. */
import { rootOf, textsOf, type Alert } from "../crypto/alert.ts";
import type { Sentences } from "../ui/sentences.ts";

export interface City {
  readonly areas: Readonly<Record<string, string>>;
  readonly timezone: string;
  readonly emergencyNumber: string;
}

/** The card, its age as of `nowS`. */
export function cardOf(alert: Alert, city: City, words: Sentences, nowS: number): HTMLElement {
  const card = document.createElement("article");
  card.className = `alert ${lookOf(alert)}`;
  card.dataset["alert"] = rootOf(alert);
  card.dataset["area"] = alert.area;
  if (alert.status !== "Actual") card.append(line("p", words.say(`alert.status.${alert.status.toLowerCase()}`), "drill"));
  card.append(line("h2", city.areas[alert.area] ?? alert.area), strong(titleOf(alert, words)));
  card.append(...sentencesOf(alert, city, words).map((text) => line("p", text)));
  card.append(line("p", ageOf(alert, words, nowS), "muted small"));
  return card;
}

export function lookOf(alert: Alert): string {
  if (alert.status !== "Actual") return "drill";
  if (alert.msg_type === "Cancel") return "back";
  return alert.kind === "nothing-seen" ? "checked" : "real";
}

/** What stands above its sentences: of one that was taken back, that it was, and not what it said. */
export function titleOf(alert: Alert, words: Sentences): string {
  return words.say(alert.msg_type === "Cancel" ? "alerts.back" : `alert.kind.${alert.kind}`);
}

/** Everything under the title, by the clock of the city. */
export function sentencesOf(alert: Alert, city: City, words: Sentences): string[] {
  const clock = (unixS: number): string => {
    const told = new Date(unixS * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: city.timezone });
    return city.timezone === "UTC" ? `${told} UTC` : told;
  };
  const values = { from: clock(alert.seen_from), to: clock(alert.seen_to), sent: clock(alert.sent), expires: clock(alert.expires), number: city.emergencyNumber };
  const keys = textsOf(alert).filter((key) => !key.startsWith("kind.") && !key.startsWith("status."));
  return keys.map((key) => words.say(`alert.${key}`, values));
}

export function ageOf(alert: Alert, words: Sentences, nowS: number): string {
  const minutes = (seconds: number): number => Math.floor(Math.max(0, seconds) / 60);
  return `${words.count("alerts.age", minutes(nowS - alert.sent))}. ${words.count("alerts.left", minutes(alert.expires - nowS))}`;
}

function line(tag: string, text: string, className = ""): HTMLElement {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

function strong(text: string): HTMLElement {
  const paragraph = document.createElement("p");
  paragraph.append(line("strong", text));
  return paragraph;
}
