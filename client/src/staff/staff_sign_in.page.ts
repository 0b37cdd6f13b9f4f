/** Sign in by passkey, passphrase or recovery sheet, and go where one was going. */
import { readWords, WordsWrong } from "../crypto/words.ts";
import { element, note, show, wayOut, words } from "../ui/page.ts";
import { wipe } from "../crypto/bytes.ts";
import { enter, type Secret } from "./doors.ts";
import { isPossible } from "./passkey.ts";
import { refusal } from "./refusal.ts";

wayOut();
show("passkey", isPossible());
if (!isPossible()) element<HTMLDetailsElement>("passphrase-part").open = true;
element("passkey").addEventListener("click", () => void go({ kind: "passkey" }));

element("passphrase-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = element<HTMLInputElement>("passphrase").value;
  void go({ kind: "passphrase", text }, element<HTMLInputElement>("pseudonym").value);
});

element("sheet-form").addEventListener("submit", (event) => {
  event.preventDefault();
  readWords(element<HTMLTextAreaElement>("sheet").value).then(
    (seven) => go({ kind: "sheet", words: seven }),
    (error: unknown) => problem(error instanceof WordsWrong ? words.say("staff.no_words") : refusal(error)),
  );
});

async function go(secret: Secret, pseudonym = ""): Promise<void> {
  note("problem", "");
  show("working", true);
  try {
    const { keys } = await enter(secret, pseudonym);
    wipe(keys.identity, keys.signing);
    location.replace(wanted());
  } catch (error) {
    problem(refusal(error));
  } finally {
    show("working", false);
  }
}

function problem(text: string): void {
  note("problem", text);
  element("problem").focus();
}

/** A page of this node below a language, or the first one of staff: a link to here must not lead anywhere else. */
function wanted(): string {
  const place = location.hash.slice(1);
  return /^\/[a-z]{2}\/(staff|desk|on-call)[\w/-]*$/.test(place) ? place : `/${words.lang}/staff/`;
}
