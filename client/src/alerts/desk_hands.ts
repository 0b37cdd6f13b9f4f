/** Handing over: one matter or all one has, with a note that only the desk's own keys open. */
import { base64url, utf8 } from "../crypto/bytes.ts";
import { provenKeys, type DeskKeys } from "../crypto/desk.ts";
import { sealTo } from "../crypto/envelope.ts";
import { post, Refused } from "../staff/ask.ts";
import { me } from "../staff/unlocked.ts";
import { config, element, show } from "../ui/page.ts";
import type { Line, Matters } from "./matters.ts";

/** A note is padded to so many bytes: how much somebody wrote is nobody's to see. */
const NOTE_BYTES = 2048;
const MAY = new Set(["taken", "confirmed", "nothing-seen", "published"]);

/** Offer everybody who has the desk open, and whoever has something in hand. */
export function drawHands(matters: Matters): void {
  const holding = matters.all().map((line) => line.owner);
  const names = [...new Set([...(matters.beside?.people ?? []), ...holding])].filter((name) => name && name !== "?" && name !== me?.pseudonym).sort();
  const list = element<HTMLSelectElement>("hand-to");
  if ([...list.options].map((one) => one.value).join() !== names.join()) {
    const chosen = list.value;
    list.replaceChildren(...names.map((name) => new Option(name, name)));
    if (names.includes(chosen)) list.value = chosen;
  }
  show("hand-none", names.length === 0);
  for (const part of ["hand-part", "hand-do"]) show(part, names.length > 0);
}

/** Hand over the matter in hand, or everything, in the order of the list; what was handed over before one is refused stays so. */
export async function handOver(matters: Matters, chosen: string): Promise<void> {
  const to = element<HTMLSelectElement>("hand-to").value;
  const written = element<HTMLTextAreaElement>("hand-note").value.trim();
  const note = written ? await sealed(written) : "";
  const isAll = element<HTMLInputElement>("hand-all").checked;
  const mine = (line: Line): boolean => line.owner === me?.pseudonym && MAY.has(line.state);
  const which = isAll ? matters.sorted().filter(mine).map(({ matter }) => matter) : [chosen];
  for (const matter of which) await post(`/alert-desk/matters/${matter}/hand-over`, { to, note });
}

/** Sealed to dispatchers whose keys the log proves, as phones prove them: a node could name a key of its own. */
async function sealed(text: string): Promise<string> {
  const answer = await fetch("/desk-keys", { cache: "no-store" });
  const { dispatchers } = await provenKeys((await answer.json()) as DeskKeys, config, Math.floor(Date.now() / 1000));
  if (dispatchers.length === 0) throw new Refused("desk_unproven");
  const padded = new Uint8Array(NOTE_BYTES);
  const raw = utf8(text);
  if (raw.length > NOTE_BYTES) throw new RangeError("the note is too long");
  padded.set(raw);
  return base64url(await sealTo(dispatchers, padded));
}
