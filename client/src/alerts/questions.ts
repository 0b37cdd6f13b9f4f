/** Draws what a confirmer is asked: one question at a time to answer, the rules of the place before "yes", fixed answers after. */
import { make } from "../ui/make.ts";
import { words } from "../ui/page.ts";

export interface Question {
  readonly ask: string;
  readonly area: string;
  readonly kind: string;
  readonly status: string;
  readonly answer: string;
  readonly digest: string;
  readonly life_minutes: number;
}

export interface Answers {
  answer(question: Question, said: string): void;
  release(question: Question): void;
}

interface Place {
  readonly areas: Readonly<Record<string, string>>;
  readonly number: string;
  /** The rules of the place, drawn by the node; `mayGo`: somebody has written them. */
  readonly rules: DocumentFragment;
  readonly mayGo: boolean;
}

/** The card of a question as it stands. */
export function questionCard(question: Question, place: Place, does: Answers): HTMLElement {
  const area = place.areas[question.area] ?? question.area;
  const kind = words.say(`report.kind_${question.kind}`);
  const card = make("section", { className: question.status === "Actual" ? "alert" : "alert drill" });
  card.dataset["ask"] = question.ask;
  if (question.status !== "Actual") card.append(make("p", { className: "drill" }, words.say("duty.drill")));
  const button = (text: string, act: () => void, isPrimary = false): HTMLElement => {
    const made = make("button", { type: "button", className: `button wide${isPrimary ? " primary" : ""}` }, text);
    made.addEventListener("click", () => (card.querySelectorAll("button").forEach((one) => (one.disabled = true)), act()));
    return made;
  };
  const say = (said: string) => () => does.answer(question, said);
  if (question.answer === "asked") {
    // "No" needs no reading; the rules of the place stand before "yes".
    card.append(make("h3", {}, words.say("duty.ask", { area })), make("p", {}, words.say("duty.about", { kind })), button(words.say("duty.no"), say("busy")));
    card.append(place.rules.cloneNode(true));
    if (place.mayGo) card.append(button(words.say("duty.yes"), say("looking"), true));
  } else if (question.answer === "looking") {
    card.append(make("h3", {}, words.say("duty.look", { area })), button(words.say("duty.seen", { kind }), say("seen"), true));
    card.append(button(words.say("duty.nothing_seen"), say("nothing-seen"), true), button(words.say("duty.cannot"), say("busy")));
  } else card.append(make("p", {}, words.say(`duty.said_${question.answer}`, { area, number: place.number })));
  if (question.digest) {
    const said = question.answer === "nothing-seen" ? words.say("alert.kind.nothing-seen") : kind;
    card.append(make("p", {}, words.say("duty.release_what", { kind: said, area, n: question.life_minutes })));
    card.append(button(words.say("duty.release"), () => does.release(question), true));
  }
  return card;
}
