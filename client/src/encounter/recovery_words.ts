/** The screen of the recovery words: shown once, copied by hand or printed, and gone. They never reach a clipboard or a store. */
import { element, listItems, put, show, words } from "../ui/page.ts";
import { twice } from "../ui/twice.ts";

let isReady = false;
let after: () => void = () => undefined;

/** Show `drawn` until the person says that they are copied, then wipe them from the page and call `then`. */
export function showWords(drawn: readonly string[], then: () => void): void {
  after = then;
  prepare();
  listItems("words", drawn);
  put("words-use", words.say("words.use", { address: `${location.host}/${words.lang}/recover` }));
  show("words-part", true);
  element("words-title").focus();
}

function prepare(): void {
  if (isReady) return;
  isReady = true;
  element("words-print").addEventListener("click", () => window.print());
  const button = element("words-have");
  twice({ button, word: button, again: words.say("words.again"), act: forget, needsRest: true });
}

function forget(): void {
  element("words").replaceChildren();
  show("words-part", false);
  after();
}
