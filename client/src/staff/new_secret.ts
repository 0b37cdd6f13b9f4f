/** The parts of a page that make a passphrase or a recovery sheet. */
import { draw, wordList } from "../crypto/words.ts";
import { element, listItems, note, put, show, words } from "../ui/page.ts";
import { twice } from "../ui/twice.ts";
import { isEnough, strengthOf } from "./strength.ts";

/** Wire the passphrase form of this page; `take` gets one that stands long enough. */
export async function onPassphrase(pseudonym: string, take: (text: string) => void, refuse: (sentence: string) => void): Promise<void> {
  const field = element<HTMLInputElement>("passphrase");
  element<HTMLInputElement>("username").value = pseudonym;
  const list = new Set(await wordList());
  const strength = () => strengthOf(field.value, list);
  field.addEventListener("input", () => {
    put("strength", words.say(`staff.strength_${field.value ? strength() : "none"}`));
    note("problem", ""); // it was about what stood here before
  });
  element<HTMLInputElement>("shown").addEventListener("change", (event) => {
    field.type = (event.target as HTMLInputElement).checked ? "text" : "password";
  });
  element("draw").addEventListener("click", () => void draw().then((seven) => listItems("drawn", seven)).then(() => show("drawn", true)));
  element("passphrase-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!isEnough(strength())) return refuse(words.say("staff.no_strength"));
    take(field.value);
  });
}

/** Show a sheet until the person says that they have it on paper, then take it off the page and call `then`. */
export function showSheet(drawn: readonly string[], pseudonym: string, then: () => void): void {
  put("sheet-whose", pseudonym);
  put("sheet-where", `${location.host}/${words.lang}/staff/sign-in`);
  listItems("sheet-words", drawn);
  show("sheet-part", true);
  element("sheet-title").focus();
  element("sheet-print").onclick = () => window.print();
  const button = element("sheet-have");
  const fresh = button.cloneNode(true) as HTMLElement;
  button.replaceWith(fresh);
  const act = () => {
    element("sheet-words").replaceChildren();
    show("sheet-part", false);
    then();
  };
  twice({ button: fresh, word: fresh, again: words.say("words.again"), act });
}
