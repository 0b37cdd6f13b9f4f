/** What the alert desk does beside its list: warnings that an alert hurts, exercises, and what stewards alone may. */
import { get, post } from "../staff/ask.ts";
import { make } from "../ui/make.ts";
import { element, note, show, words } from "../ui/page.ts";
import type { Line, Matters } from "./matters.ts";

type Attempt = (does: () => Promise<void>) => Promise<void>;

interface Warned {
  readonly alert: string;
  readonly about: string;
}

let attempt: Attempt = async (does) => does();
let drawn = -1;

/** Make the forms work. `does` shows what is refused. */
export function prepareOthers(does: Attempt): void {
  attempt = does;
  onSubmit("exercise-form", async () => {
    const value = (id: string): string => element<HTMLSelectElement>(id).value;
    await post("/alert-desk/drill", { status: value("exercise-status"), kind: value("exercise-kind"), area: value("exercise-area") });
  });
  if (!document.getElementById("lift")) return;
  element("lift").addEventListener("click", () => void attempt(async () => {
    const { is_lifted } = await post<{ is_lifted: boolean }>("/alert-desk/lift", {});
    note("steward-said", words.say(is_lifted ? "adesk.lift_done" : "adesk.lift_wait"));
  }));
}

/** The warnings that wait, asked for when their number changes. */
export async function drawWarnings(count: number, matters: Matters, titleOf: (line: Line) => string): Promise<void> {
  if (document.getElementById("lift")) show("lift", matters.beside?.brake.is_frozen ?? false);
  if (count === drawn) return;
  drawn = count;
  show("warnings-part", count > 0);
  const { warnings } = await get<{ warnings: readonly Warned[] }>("/alert-desk/warnings").catch(() => ({ warnings: [] }));
  element("warnings").replaceChildren(...warnings.map((one) => item(one, matters, titleOf)));
}

function item(one: Warned, matters: Matters, titleOf: (line: Line) => string): HTMLElement {
  const line = matters.all().find(({ alert }) => alert === one.alert);
  const about = words.say(`alerts.danger_about_${one.about}`);
  const text = make("p", {}, words.titled(line ? titleOf(line) : words.say("adesk.warning_none"), about));
  const button = (answer: string, key: string): HTMLElement => {
    const made = make("button", { type: "button", className: "button" }, words.say(key));
    made.addEventListener("click", () => void attempt(async () => void (await post(`/alert-desk/warnings/${one.alert}`, { answer }))));
    return made;
  };
  return make("li", { className: "recipient" }, text, make("div", { className: "acts" }, button("leave", "adesk.do_leave"), button("take-back", "adesk.do_withdraw")));
}

function onSubmit(id: string, does: () => Promise<void>): void {
  element(id).addEventListener("submit", (event) => (event.preventDefault(), void attempt(does)));
}
