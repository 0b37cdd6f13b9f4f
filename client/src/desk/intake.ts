/** The intake sheet: what a petition has to say within hours. Its fields are read here, sealed to the desk, and printed from here. */
import { make } from "../ui/make.ts";
import { element, note, show, words } from "../ui/page.ts";
import { deadlines, nextDeadline, readANumber, type LawClock } from "./clocks.ts";
import type { Said } from "./papers.ts";

/** Names of the fields, in the order of the page; each as it was typed. */
export const FIELDS = ["held_at", "area", "place", "agency", "said", "present", "a_number", "medical", "children", "children_by"] as const;
const WARRANTS = ["unseen", "judicial", "administrative", "unclear"];

const law = JSON.parse(document.getElementById("clocks")?.textContent ?? "[]") as LawClock[];

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** What stands in the form, as a paper. */
export function readSheet(): Said {
  const said: Said = { type: "sheet", at: Date.now(), warrant: warrant() };
  for (const name of FIELDS) said[name] = field(name).value.trim();
  return said;
}

export function fillSheet(said: Said): void {
  for (const name of FIELDS) field(name).value = String(said[name] ?? "");
  for (const choice of WARRANTS) element<HTMLInputElement>(`warrant-${choice}`).checked = choice === (said["warrant"] ?? "unseen");
  drawClocks();
  checkANumber();
}

/** Watch the form: `typed` hears of each change. */
export function watchSheet(typed: () => void): void {
  element("sheet").addEventListener("input", () => {
    drawClocks();
    typed();
  });
  field("a_number").addEventListener("change", checkANumber);
  element("sheet-print").addEventListener("click", () => window.print());
  element("jail-print").addEventListener("click", () => {
    show("jail-sheet", true);
    window.print();
  });
  // However printing is asked for: the browser's own command prints the fact sheet too.
  addEventListener("beforeprint", drawFacts);
  addEventListener("afterprint", () => ["fact-sheet", "jail-sheet"].forEach((id) => show(id, false)));
}

/** Says whether the A-number can be one; a wrong one can be saved all the same: it is what somebody said. */
export function checkANumber(): boolean {
  const input = field("a_number");
  const isRight = readANumber(input.value) !== undefined;
  input.setAttribute("aria-invalid", String(!isRight));
  note("a_number-problem", isRight ? "" : words.say("desk.a_number_wrong"));
  return isRight;
}

export function drawClocks(): void {
  const all = deadlines(law, heldAt(), Date.now());
  const next = nextDeadline(all);
  note("next-deadline", next ? words.say("desk.next_deadline", { name: next.name, at: moment(next.at) }) : all.length > 0 ? words.say("desk.deadlines_past") : "");
  element("deadlines").replaceChildren(...all.map((one) =>
    make("li", { className: one.isPast ? "muted" : "" }, `${words.titled(one.name, moment(one.at))}${one.isPast ? ` (${words.say("desk.past")})` : ""}. ${words.say("desk.source", { source: one.source })}`)));
  show("no-clocks", law.length === 0);
}

/** The fact sheet: what was typed, in the order a petition wants it, and how long each clock has. Made in this page, printed by the browser. */
function drawFacts(): void {
  if (element("opened-item").hidden || !element("jail-sheet").hidden) return;
  const said = readSheet();
  const rows = FIELDS.map((name) => [words.say(`desk.sheet_${name}`), shown(name, String(said[name] ?? ""))] as const);
  rows.splice(5, 0, [words.say("desk.sheet_warrant"), words.say(`desk.warrant_${String(said["warrant"])}`)]);
  element("fact-rows").replaceChildren(...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value || words.say("desk.not_known"))]));
  element("fact-clocks").replaceChildren(...[...element("deadlines").children].map((one) => one.cloneNode(true)));
  element("fact-made").textContent = words.say("desk.fact_made", { at: moment(Date.now()) });
  show("fact-sheet", true);
}

function shown(name: string, value: string): string {
  if (name === "a_number") return readANumber(value) || value;
  return name === "held_at" && heldAt() !== undefined ? moment(heldAt()!) : value;
}

function heldAt(): number | undefined {
  const at = Date.parse(field("held_at").value);
  return Number.isNaN(at) ? undefined : at;
}

function warrant(): string {
  return WARRANTS.find((choice) => element<HTMLInputElement>(`warrant-${choice}`).checked) ?? "unseen";
}

function field(name: string): Field {
  return element<HTMLInputElement>(name);
}

function moment(at: number): string {
  return new Date(at).toLocaleString(words.lang, { dateStyle: "medium", timeStyle: "short" });
}
