/** Join the staff: keys are made here and sealed here, then a recovery sheet, then one is in. The link's secret is in the fragment. */
import { draw } from "../crypto/words.ts";
import { element, listItems, note, put, show, wayOut, words } from "../ui/page.ts";
import { post } from "./ask.ts";
import { accept, addDoor, type Secret } from "./doors.ts";
import { onPassphrase, showSheet } from "./new_secret.ts";
import { isPossible } from "./passkey.ts";
import { refusal } from "./refusal.ts";
import { newKeys, type Keys } from "./sealing.ts";

interface Invited {
  readonly staff: string;
  readonly pseudonym: string;
  readonly roles: readonly string[];
}

const invitation = location.hash.slice(1);
const keys: Keys = newKeys();

wayOut(() => keys.identity.fill(0));
void begin();

async function begin(): Promise<void> {
  try {
    const invited = await post<Invited>("/staff/invitation", { secret: invitation });
    put("join-pseudonym", invited.pseudonym);
    put("join-roles", invited.roles.map((role) => words.say(`staff.role_${role}`)).join(", "));
    show("step-keys", true);
    show("passkey", isPossible());
    if (!isPossible()) element<HTMLDetailsElement>("passphrase-part").open = true;
    element("passkey").addEventListener("click", () => void join(invited, { kind: "passkey" }));
    await onPassphrase(invited.pseudonym, (text) => void join(invited, { kind: "passphrase", text }), problem);
  } catch (error) {
    problem(refusal(error));
  }
}

async function join(invited: Invited, secret: Secret): Promise<void> {
  note("problem", "");
  show("working", true);
  try {
    await accept(invitation, invited.staff, invited.pseudonym, keys, secret);
    history.replaceState(null, "", location.pathname);
    show("step-keys", false);
    const drawn = await draw();
    await addDoor(invited.staff, invited.pseudonym, keys, { kind: "sheet", words: drawn });
    showSheet(drawn, invited.pseudonym, done);
  } catch (error) {
    problem(refusal(error));
  } finally {
    show("working", false);
  }
}

function done(): void {
  keys.identity.fill(0);
  keys.signing.fill(0);
  listItems("drawn", []);
  show("step-done", true);
  element("done-title").focus();
}

function problem(text: string): void {
  note("problem", text);
  element("problem").focus();
}
