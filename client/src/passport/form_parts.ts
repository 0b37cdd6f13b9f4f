/** Parts of the passport's forms: the week's questions, a new passphrase, and work that takes a moment. */
import { draw, wordList } from "../crypto/words.ts";
import { isEnough, strengthOf } from "../staff/strength.ts";
import { element, listItems, note, put, show, words } from "../ui/page.ts";
import { Refused } from "./ask_passport.ts";
import { epochAt, KeysDoubted } from "./fetching.ts";
import { refusal } from "./refusal.ts";
import { ofWeek } from "./week.ts";

/** How long, and how often, a week's first keys are waited for: a beat is a minute, and a witness may be slow. */
const YOUNG_MS = 5_000;
const YOUNG_TRIES = 60;

/** Show the questions of a week, this one or one that comes, in `form`, in the week's order. */
export function ask(form: HTMLElement, later = 0): void {
  const sets = [...form.querySelectorAll<HTMLFieldSetElement>("fieldset[data-card]")];
  const asked = askedIn(sets, later);
  for (const one of sets) {
    one.hidden = !asked.includes(one.dataset["card"]!);
    one.disabled = one.hidden;
  }
}

/** The answers in the week's order; undefined, and a sentence, where one is missing. */
export function answersOf(form: HTMLElement, later = 0): number[] | undefined {
  const asked = askedIn([...form.querySelectorAll<HTMLFieldSetElement>("fieldset[data-card]")], later);
  const chosen = asked.map((name) => form.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)?.value);
  if (chosen.every((one) => one !== undefined)) return chosen.map(Number);
  problem(words.say("passport.no_answers"));
  return undefined;
}

function askedIn(sets: readonly HTMLFieldSetElement[], later: number): string[] {
  return ofWeek(epochAt(Date.now()) + later, sets.map((one) => one.dataset["card"]!));
}

/** The questions of `from` once more, in `place`; what was chosen there is chosen nowhere else. */
export function copyQuestions(from: HTMLElement, place: HTMLElement): void {
  if (!place.childElementCount) place.append(...[...from.querySelectorAll("fieldset[data-card]")].map((one) => one.cloneNode(true)));
}

/** Wire the part of a form in which a passphrase is chosen. The function it gives answers one that stands long enough, or says why none. */
export async function newPassphrase(): Promise<() => string | undefined> {
  const field = element<HTMLInputElement>("passphrase");
  const list = new Set(await wordList());
  const strength = () => strengthOf(field.value, list);
  field.addEventListener("input", () => put("strength", words.say(`staff.strength_${field.value ? strength() : "none"}`)));
  element<HTMLInputElement>("shown").addEventListener("change", (event) => {
    field.type = (event.target as HTMLInputElement).checked ? "text" : "password";
  });
  element("draw").addEventListener("click", () => void draw().then((seven) => listItems("drawn", seven)).then(() => show("drawn", true)));
  return () => {
    if (isEnough(strength())) return field.value;
    problem(words.say("staff.no_strength"));
    return undefined;
  };
}

/** What an attempt belongs to, where the page may turn to something else before it is over. */
export type IsWanted = () => boolean;

/** Do something that takes a moment, and say what went wrong with it. Whether it went well, and is wanted still; what is not says nothing any more. */
export async function attempt(act: () => Promise<void>, isWanted: IsWanted = () => true): Promise<boolean> {
  note("problem", "");
  put("working", words.say("passport.working"));
  show("working", true);
  try {
    await inTime(act, isWanted);
    return isWanted();
  } catch (error) {
    if (isWanted()) problem(refusal(error));
    return false;
  } finally {
    if (isWanted()) show("working", false);
  }
}

/** Where a week has just begun or a role was just burnt, and the new keys do not stand in the log yet, say so, wait, and do it again. */
async function inTime(act: () => Promise<void>, isWanted: IsWanted): Promise<void> {
  for (let waited = 0; ; waited++) {
    try {
      return await act();
    } catch (error) {
      if (!isYoung(error) || waited === YOUNG_TRIES || !isWanted()) throw error;
    }
    put("working", words.say("passport.keys_young"));
    await new Promise((resume) => setTimeout(resume, YOUNG_MS));
    if (!isWanted()) return;
  }
}

/** Whether the next beats may bring what is missing. Between a burning and the beat that says so, phones still see the burnt key. */
function isYoung(error: unknown): boolean {
  if (error instanceof Refused) return error.code === "asked_otherwise";
  return error instanceof KeysDoubted && error.isYoung;
}

export function problem(text: string): void {
  note("problem", text);
  element("problem").focus();
}
