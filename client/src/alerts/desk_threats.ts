/** Threats that a dispatcher put before the stewards: opened in this browser alone, kept only where two of them say so. */
import { fromBase64url } from "../crypto/bytes.ts";
import { openWith } from "../crypto/envelope.ts";
import { get, post } from "../staff/ask.ts";
import { unlocked } from "../staff/unlocked.ts";
import { make } from "../ui/make.ts";
import { element, show, words } from "../ui/page.ts";

interface Threat {
  readonly id: string;
  readonly is_held: boolean;
  readonly would_hold: number;
  readonly sealed: string;
}

/** Draw them, and again after each act. `attempt` shows what is refused. */
export async function drawThreats(attempt: (does: () => Promise<void>) => Promise<void>): Promise<void> {
  if (!document.getElementById("threats")) return;
  const { threats } = await get<{ threats: readonly Threat[] }>("/alert-desk/threats");
  show("threats-part", threats.length > 0);
  element("threats").replaceChildren(...threats.map((one) => item(one, attempt)));
}

function item(one: Threat, attempt: (does: () => Promise<void>) => Promise<void>): HTMLElement {
  const text = make("p", { className: "text" });
  const button = (key: string, act: () => Promise<void>): HTMLElement => {
    const made = make("button", { type: "button", className: "button" }, words.say(key));
    made.addEventListener("click", () => void attempt(act));
    return made;
  };
  const open = async (): Promise<void> => {
    const { identity } = await unlocked();
    text.textContent = new TextDecoder().decode(await openWith(identity, fromBase64url(one.sealed)));
  };
  const say = (what: "hold" | "release") => async (): Promise<void> => {
    await post(`/alert-desk/threats/${one.id}/${what}`, {});
    await drawThreats(attempt);
  };
  const stands = make("p", { className: "muted small" }, words.say(one.is_held ? "adesk.threat_held" : "adesk.threat_waits", { n: one.would_hold }));
  const acts = make("div", { className: "acts" }, button("adesk.do_threat-open", open), button("adesk.do_threat-hold", say("hold")), button("adesk.do_threat-release", say("release")));
  return make("li", { className: "recipient" }, stands, text, acts);
}
