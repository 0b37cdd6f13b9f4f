/** Parts of the passport's forms: the week's questions, a new passphrase, and work that takes a moment. */
import { draw, wordList } from "../crypto/words.ts";
import { isEnough, strengthOf } from "../staff/strength.ts";
import { element, listItems, note, put, show, words } from "../ui/page.ts";
import { epochAt } from "./fetching.ts";
import { refusal } from "./refusal.ts";
import { ofWeek } from "./week.ts";

/** Show the week's questions in `form`, in the week's order. */
export function ask(form: HTMLElement): void {
  const sets = [...form.querySelectorAll<HTMLFieldSetElement>("fieldset[data-card]")];
  const asked = ofWeek(epochAt(Date.now()), sets.map((one) => one.dataset["card"]!));
  for (const one of sets) {
    one.hidden = !asked.includes(one.dataset["card"]!);
    one.disabled = one.hidden;
  }
}

/** The answers in the week's order; undefined, and a sentence, where one is missing. */
export function answersOf(form: HTMLElement): number[] | undefined {
  const sets = [...form.querySelectorAll<HTMLFieldSetElement>("fieldset[data-card]")];
  const asked = ofWeek(epochAt(Date.now()), sets.map((one) => one.dataset["card"]!));
  const chosen = asked.map((name) => form.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)?.value);
  if (chosen.every((one) => one !== undefined)) return chosen.map(Number);
  problem(words.say("passport.no_answers"));
  return undefined;
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

/** Do something that takes a moment, and say what went wrong with it. Whether it went well. */
export async function attempt(act: () => Promise<void>): Promise<boolean> {
  note("problem", "");
  show("working", true);
  try {
    await act();
    return true;
  } catch (error) {
    problem(refusal(error));
    return false;
  } finally {
    show("working", false);
  }
}

export function problem(text: string): void {
  note("problem", text);
  element("problem").focus();
}
