/**
 * Who stood behind a decision, for two stewards together: each opens their own half in their own browser, one shows theirs to the other face to
 * face, and what both give is opened here. It tells groups, answers and one-use tokens; it names nobody (docs/spec/alert-desk.md).
 */
import { base64url, fromBase64url, join, sha256, utf8, type Bytes } from "../crypto/bytes.ts";
import { loads } from "../crypto/canonical.ts";
import { openWith } from "../crypto/envelope.ts";
import { joinHalves } from "../crypto/halves.ts";
import { isIn, seenHead } from "../crypto/seen.ts";
import { get, post, Refused } from "../staff/ask.ts";
import { unlocked } from "../staff/unlocked.ts";
import { config, element, listItems, note, show, words } from "../ui/page.ts";
import type { Line, Matters } from "./matters.ts";

const LABEL = "tocsin.alerts/v1 decision\n";
/** What a commitment stands as in the log (docs/spec/log.md): the same as a recording's, or filler. */
const ENTRY = "tocsin.leaf/v1 beat\n";
const NONCE_BYTES = 12;
/** Of a token's digest, as people compare it by eye. */
const SHOWN = 12;
const DESK = "0";

interface Half {
  readonly sealed: string;
  readonly part: string;
}

/** Where the node says that the log holds a commitment. It is believed for nothing: this browser checks it. */
interface Logged {
  readonly checkpoint: string;
  readonly index: number;
  readonly proof: readonly string[];
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
  for (const id of ["behind-mine", "behind-commitment", "behind-logged", "behind-unlogged", "behind-problem"]) note(id, "");
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
  for (const id of ["behind-problem", "behind-logged", "behind-unlogged"]) note(id, "");
  const { sealed, mine } = await half();
  const told = await opened(sealed, mine, element<HTMLInputElement>("behind-other").value.trim());
  if (!told) return note("behind-problem", words.say("adesk.behind_wrong"));
  const { voices } = loads(told) as unknown as { voices: readonly string[] };
  listItems("behind-said", voices.map(line));
  const commitment = await sha256(join(utf8(LABEL), told));
  note("behind-commitment", words.say("adesk.behind_commitment", { commitment: hex(commitment) }));
  await proveLogged(commitment);
}

/** Whether the log holds a commitment under a checkpoint that it signed and an outside witness saw: checked here, from the entry to the root. */
async function proveLogged(commitment: Bytes): Promise<void> {
  let logged: Logged;
  try {
    logged = await post<Logged>("/alert-desk/attribution/logged", { commitment: base64url(commitment) });
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "alerts_decision_unlogged") throw error;
    return note("behind-unlogged", words.say("adesk.behind_not_yet"));
  }
  const seen = await seenHead(logged.checkpoint, config).catch(() => "malformed");
  const shown = { entry: base64url(join(utf8(ENTRY), commitment)), index: logged.index, proof: logged.proof };
  const isProven = typeof seen !== "string" && (await isIn(shown, logged.proof, seen.head).catch(() => false));
  if (!isProven) return note("behind-unlogged", words.say("adesk.behind_unproven"));
  note("behind-logged", words.say("adesk.behind_logged", { index: words.number(logged.index), size: words.number(seen.head.size) }));
}

/** The decision; undefined where the halves do not belong together, or not to it. */
async function opened(sealed: Bytes, mine: Bytes, other: string): Promise<Bytes | undefined> {
  try {
    const key = await crypto.subtle.importKey("raw", joinHalves(mine, fromBase64url(other)), "AES-GCM", false, ["decrypt"]);
    const how = { name: "AES-GCM", iv: sealed.subarray(0, NONCE_BYTES), additionalData: fromBase64url(element<HTMLSelectElement>("behind-which").value) };
    return new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.subarray(NONCE_BYTES)));
  } catch {
    return undefined;
  }
}

function line(voice: string): string {
  const [token = "", cohort = "", answer = ""] = voice.split(" ");
  const more = { token: token.slice(0, SHOWN), cohort, answer: words.say(`adesk.answer_${answer}`) };
  return words.say(cohort === DESK ? "adesk.behind_desk" : "adesk.behind_group", more);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
