/** A lost phone: seven words move the membership to this one. They never leave this page; what they derive for two weeks does. */
import { readWords } from "../crypto/words.ts";
import { config, element, put, show, wayOut, words } from "../ui/page.ts";
import { ensure } from "./box.ts";
import { answersOf, ask, attempt, newPassphrase } from "./form_parts.ts";
import { Passport } from "./passport.ts";

/** What was asked already: the same is asked again where the answer did not come. */
let begun: Passport | undefined;
/** The passphrase under which it is. */
let under = "";

void ensure();
wayOut(() => (element<HTMLTextAreaElement>("seven").value = ""));
ask(element("passphrase-form"));
void newPassphrase().then((passphrase) =>
  element("passphrase-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const answers = answersOf(element("passphrase-form"));
    const chosen = answers && passphrase();
    if (answers && chosen !== undefined) void move(chosen, answers);
  }),
);

async function move(chosen: string, answers: readonly number[]): Promise<void> {
  const field = element<HTMLTextAreaElement>("seven");
  const isHere = await attempt(async () => {
    if (begun && chosen !== under) await begun.sealUnder(chosen);
    under = chosen;
    if (begun) await begun.goOn(config, answers, element<HTMLInputElement>("training-again").value);
    else begun = await Passport.recover(await readWords(field.value), chosen, config, answers, (one) => (begun = one));
  });
  show("code-again", begun?.isTrainingAsked ?? false);
  if (!isHere) return;
  field.value = "";
  for (const part of ["how", "passphrase-form"]) show(part, false);
  put("found-what", words.say(begun!.isSwapped ? "passport.state_swapped" : "passport.state_now"));
  show("done", true);
  element("done-title").focus();
}
