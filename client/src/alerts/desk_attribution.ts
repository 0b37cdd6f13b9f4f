/**
 * Who stood behind a decision, for two stewards together: each opens their own half in their own browser, one shows theirs to the other face to
 * face, and what both give is opened here. It tells groups, answers and one-use tokens; it names nobody (docs/spec/alert-desk.md).
 */
import { base64url, fromBase64url, join, sha256, utf8, type Bytes } from "../crypto/bytes.ts";
import { loads } from "../crypto/canonical.ts";
import { openWith } from "../crypto/envelope.ts";
import { joinHalves } from "../crypto/halves.ts";
import { get, Refused } from "../staff/ask.ts";
import { unlocked } from "../staff/unlocked.ts";
import { element, listItems, note, put, show, words } from "../ui/page.ts";
import type { Line, Matters } from "./matters.ts";

const LABEL = "tocsin.alerts/v1 decision\n";
const NONCE_BYTES = 12;
/** Of a token's digest, as people compare it by eye. */
const SHOWN = 12;
const DESK = "0";

interface Half {
  readonly sealed: string;
  readonly part: string;
}

type Attempt = (does: () => Promise<void>) => Promise<void>;

/** Make the part for stewards work. `attempt` shows what is refused. */
export function prepareAttribution(matters: Matters, titleOf: (line: Line) => string, attempt: Attempt): void {
  if (!document.getElementById("behind")) return;
  element("behind").addEventListener("toggle", () => void attempt(() => list(matters, titleOf)));
  element("behind-which").addEventListener("change", clear);
  element("behind-open").addEventListener("click", () => void attempt(openMine));
  element("behind-form").addEventListener("submit", (event) => (event.preventDefault(), void attempt(openBoth)));
}

async function list(matters: Matters, titleOf: (line: Line) => string): Promise<void> {
  clear();
  if (!element<HTMLDetailsElement>("behind").open) return;
  const { decisions } = await get<{ decisions: readonly string[] }>("/alert-desk/attribution");
  const titled = (id: string): string => {
    const line = matters.all().find(({ alert }) => alert === id);
    return line ? titleOf(line) : words.say("adesk.behind_over", { number: id.slice(0, SHOWN) });
  };
  element("behind-which").replaceChildren(...decisions.map((id) => new Option(titled(id), id)));
  show("behind-none", decisions.length === 0);
  show("behind-some", decisions.length > 0);
}

function clear(): void {
  for (const id of ["behind-mine", "behind-commitment", "behind-problem"]) note(id, "");
  show("behind-mine-part", false);
  element<HTMLInputElement>("behind-other").value = "";
  listItems("behind-said", []);
}

async function half(): Promise<{ sealed: Bytes; mine: Bytes }> {
  const { sealed, part } = await get<Half>(`/alert-desk/attribution/${element<HTMLSelectElement>("behind-which").value}`);
  if (part === "") throw new Refused("behind_none");
  const { identity } = await unlocked();
  return { sealed: fromBase64url(sealed), mine: await openWith(identity, fromBase64url(part)) };
}

async function openMine(): Promise<void> {
  const { mine } = await half();
  note("behind-mine", base64url(mine));
  show("behind-mine-part", true);
}

async function openBoth(): Promise<void> {
  note("behind-problem", "");
  const { sealed, mine } = await half();
  try {
    const other = fromBase64url(element<HTMLInputElement>("behind-other").value.trim());
    const told = await opened(sealed, joinHalves(mine, other));
    const { voices } = loads(told) as unknown as { voices: readonly string[] };
    listItems("behind-said", voices.map(line));
    put("behind-commitment", words.say("adesk.behind_commitment", { commitment: hex(await sha256(join(utf8(LABEL), told))) }));
    show("behind-commitment", true);
  } catch {
    note("behind-problem", words.say("adesk.behind_wrong"));
  }
}

async function opened(sealed: Bytes, secret: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["decrypt"]);
  const how = { name: "AES-GCM", iv: sealed.subarray(0, NONCE_BYTES), additionalData: fromBase64url(element<HTMLSelectElement>("behind-which").value) };
  return new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.subarray(NONCE_BYTES)));
}

function line(voice: string): string {
  const [token = "", cohort = "", answer = ""] = voice.split(" ");
  const more = { token: token.slice(0, SHOWN), cohort, answer: words.say(`adesk.answer_${answer}`) };
  return words.say(cohort === DESK ? "adesk.behind_desk" : "adesk.behind_group", more);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
