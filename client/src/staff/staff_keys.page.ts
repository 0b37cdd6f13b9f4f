/** One's own ways in: another passkey, another passphrase, a new recovery sheet. Each needs the keys open. */
import { newSigner } from "../crypto/asymmetric.ts";
import { base64 } from "../crypto/bytes.ts";
import { recipientOf } from "../crypto/envelope.ts";
import { draw } from "../crypto/words.ts";
import { element, note, put, show, wayOut } from "../ui/page.ts";
import { addDoor, type Secret } from "./doors.ts";
import { watchIdle } from "./idle.ts";
import { onPassphrase, showSheet } from "./new_secret.ts";
import { isPossible } from "./passkey.ts";
import { refusal } from "./refusal.ts";
import { ageIdentity } from "./sealing.ts";
import { fingerprint } from "./statement.ts";
import { forget, me, NotUnlocked, opened } from "./unlocked.ts";

wayOut(forget);
watchIdle();
show("passkey", isPossible());
element("passkey").addEventListener("click", () => void add({ kind: "passkey" }));
element("sheet").addEventListener("click", () => void draw().then((seven) => add({ kind: "sheet", words: seven })));
void onPassphrase(me!.pseudonym, (text) => void add({ kind: "passphrase", text }), problem);

element("words-show").addEventListener("click", () => void ownWords());

/** From the keys themselves: a node that lists another key than this one cannot change what is said here. */
async function ownWords(): Promise<void> {
  try {
    const { keys } = await opened();
    const signer = await newSigner(keys.signing.slice());
    const custodian = base64(signer.publicKey);
    signer.drop();
    put("words-steward", await fingerprint({ key: custodian, custodian: "" }));
    put("words-lawyer", await fingerprint({ key: await recipientOf(ageIdentity(keys)), custodian }));
    show("own-words", true);
    element("own-words").focus();
  } catch (error) {
    if (!(error instanceof NotUnlocked)) problem(refusal(error));
  }
}

async function add(secret: Secret): Promise<void> {
  note("problem", "");
  try {
    const { keys, staff } = await opened();
    show("working", true);
    await addDoor(staff, me!.pseudonym, keys, secret);
    if (secret.kind === "sheet") showSheet(secret.words, me!.pseudonym, () => location.reload());
    else location.reload();
  } catch (error) {
    if (!(error instanceof NotUnlocked)) problem(refusal(error));
  } finally {
    show("working", false);
  }
}

function problem(text: string): void {
  note("problem", text);
  element("problem").focus();
}
