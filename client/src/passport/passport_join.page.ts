/** Become a member: three codes, a passphrase, seven words on paper. What was admitted is tried again until the tokens are here. */
import { base64url, fromBase64url, randomBytes } from "../crypto/bytes.ts";
import { draw } from "../crypto/words.ts";
import { config, element, listItems, note, put, show, wayOut, words } from "../ui/page.ts";
import { twice } from "../ui/twice.ts";
import { admit, type Admitted } from "./ask_passport.ts";
import { ensure } from "./box.ts";
import { attempt, newPassphrase } from "./form_parts.ts";
import { Passport } from "./passport.ts";

const secret = base64url(randomBytes(32));
let drawn: readonly string[] = [];
let begun: Passport | undefined;
/** The passphrase under which it is. */
let under = "";
let admitted = fromLink();

void ensure();
wayOut(() => (drawn = []));
told();
void newPassphrase().then((passphrase) =>
  element("passphrase-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = passphrase();
    if (chosen !== undefined) void join(chosen);
  }),
);

async function join(chosen: string): Promise<void> {
  const isIn = await attempt(async () => {
    admitted ??= await admit([code("vouch-one"), code("vouch-two")], code("training"), element<HTMLInputElement>("adult").checked, secret);
    told();
    if (!drawn.length) drawn = await draw();
    if (begun && chosen !== under) await begun.sealUnder(chosen);
    under = chosen;
    if (begun) await begun.goOn(config);
    else begun = await Passport.begin(admitted, drawn, chosen, config, (one) => (begun = one));
    history.replaceState(null, "", location.pathname);
  });
  if (isIn) showWords();
}

function showWords(): void {
  for (const part of ["how", "passphrase-form"]) show(part, false);
  listItems("words", drawn);
  show("words-part", true);
  element("words-title").focus();
  element("words-print").onclick = () => window.print();
  const button = element("words-have");
  twice({ button, word: button, again: words.say("words.again"), act: finish });
}

function finish(): void {
  element("words").replaceChildren();
  drawn = [];
  show("words-part", false);
  const mine = begun!;
  const role = words.say(`passport.role_${mine.role}`);
  const n = mine.left("member") + (mine.role === "member" ? 0 : mine.left(mine.role));
  put("joined-as", words.say("passport.joined_as", { role, cohort: words.number(mine.cohort), n: words.number(n) }));
  show("done", true);
  element("done-title").focus();
}

/** Say that the codes have done their work, and ask for them no more. */
function told(): void {
  show("codes", !admitted);
  if (!admitted) return;
  const role = words.say(`passport.role_${admitted.role}`);
  note("admitted", words.say("passport.admitted", { role, cohort: words.number(admitted.cohort) }));
}

function code(id: string): string {
  return element<HTMLInputElement>(id).value;
}

/** An admission that stands behind the # of a link, as the demo gives it: no browser sends it to a node. */
function fromLink(): Admitted | undefined {
  try {
    const said = JSON.parse(new TextDecoder().decode(fromBase64url(location.hash.slice(1)))) as Admitted;
    return typeof said.admission === "string" && Number.isInteger(said.cohort) ? said : undefined;
  } catch {
    return undefined;
  }
}
