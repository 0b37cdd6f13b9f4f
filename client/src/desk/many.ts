/** The part of the desk's page for a lawyer who leaves: who gets everything, how far it is, what is left (`many_acts.ts` does it). */
import { later } from "../staff/undo.ts";
import { make } from "../ui/make.ts";
import { element, note, put, show, words } from "../ui/page.ts";
import type { Line } from "./lines.ts";
import { each, handOver, mine, takeBack, theirs } from "./many_acts.ts";
import type { Ours } from "./ours.ts";

interface Place {
  readonly ours: () => Ours | undefined;
  readonly lines: () => readonly Line[];
  readonly me: string;
  /** Let go of what is in hand: it may be among them. */
  readonly leave: () => void;
}

const WORKING = ["many-progress", "many-stop"];

let leaving = new AbortController();

export function prepareMany(place: Place): void {
  element("many").addEventListener("toggle", () => draw(place));
  element("many-stop").addEventListener("click", () => leaving.abort());
  onSubmit("many-hand", () => {
    const ours = place.ours();
    const to = ours?.desk.find(({ recipient }) => recipient === chosen("many-to"));
    if (!ours || !to) return;
    place.leave();
    later(words.say("desk.many_will_hand", { name: to.name }), () => run(place, mine(place.lines(), ours), (line) => handOver(ours, line, to)));
  });
  if (!document.getElementById("many-back")) return;
  onSubmit("many-back", () => {
    const [ours, name] = [place.ours(), chosen("many-from")];
    if (!ours || !name) return;
    const takes = element<HTMLInputElement>("many-take").checked;
    const all = theirs(place.lines(), ours).get(name) ?? [];
    later(words.say("desk.many_will_back", { name }), () => run(place, all, (line) => takeBack(ours, line, place.me, takes)));
  });
}

/** Who can be chosen, and how many it is about. */
function draw({ ours: whose, lines }: Place): void {
  const ours = whose();
  if (!ours || !element<HTMLDetailsElement>("many").open) return;
  const own = mine(lines(), ours);
  const others = ours.desk.filter(({ recipient }) => recipient !== ours.recipient);
  fill("many-to", own.length > 0 ? others.map(({ recipient, name }) => [recipient, name]) : []);
  put("many-count", [words.count("desk.many_mine", own.length), others.length === 0 ? words.say("desk.hand_over_none") : ""].filter(Boolean).join(" "));
  if (document.getElementById("many-from")) fill("many-from", [...theirs(lines(), ours)].map(([name, all]) => [name, `${name} (${words.number(all.length)})`]));
}

async function run(place: Place, all: readonly Line[], act: (line: Line) => Promise<void>): Promise<void> {
  leaving = new AbortController();
  note("many-problem", "");
  for (const id of WORKING) show(id, true);
  const told = (n: number): void => {
    element<HTMLProgressElement>("many-progress").value = n / all.length;
    put("many-state", words.say("desk.many_at", { n: words.number(n + 1), of: words.number(all.length) }));
  };
  const { done, failed, left } = await each(all, act, told, leaving.signal);
  for (const id of WORKING) show(id, false);
  put("many-state", words.count("desk.many_done", done));
  if (left > 0) note("many-problem", words.say("desk.many_left", { n: words.number(left), which: failed.map((one) => one.slice(0, 6)).join(", ") || "-" }));
  draw(place);
}

function fill(id: string, options: readonly (readonly [string, string])[]): void {
  const list = element<HTMLSelectElement>(id);
  const before = list.value;
  list.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  if (options.some(([value]) => value === before)) list.value = before;
  list.form!.querySelector("button")!.disabled = options.length === 0;
}

function chosen(id: string): string {
  return element<HTMLSelectElement>(id).value;
}

function onSubmit(id: string, does: () => void): void {
  element(id).addEventListener("submit", (event) => (event.preventDefault(), does()));
}
