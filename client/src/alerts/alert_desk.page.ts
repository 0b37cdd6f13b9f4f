/** The alert desk: new ones as they come, one key a step. Keys of who is signed in stay in this tab's memory, and so does what they open. */
import { base64url, fromBase64url } from "../crypto/bytes.ts";
import { openWith, sealTo } from "../crypto/envelope.ts";
import { get, post, Refused } from "../staff/ask.ts";
import { blankWhileAway } from "../staff/away.ts";
import { watchIdle } from "../staff/idle.ts";
import { offer, prepare, undo } from "../staff/undo.ts";
import { forget, me, NotUnlocked, signInAgain, signInWhereOut, unlocked } from "../staff/unlocked.ts";
import { element, note, put, show, wayOut, words } from "../ui/page.ts";
import { chime } from "../ui/signals.ts";
import { prepareAttribution } from "./desk_attribution.ts";
import { Drafts } from "./desk_drafts.ts";
import { drawHands, handOver } from "./desk_hands.ts";
import { drawWarnings, prepareOthers } from "./desk_others.ts";
import { drawThreats } from "./desk_threats.ts";
import { drawAsked, drawDecision, drawMissing, drawReports, type DeskState, type Reported } from "./matter_view.ts";
import { Matters, silence, type Line } from "./matters.ts";
import { MattersView, ownerOf } from "./matters_view.ts";
import { dropParts, hasSealed, openParts } from "./sealed_parts.ts";

const KEYS: Readonly<Record<string, string>> = {
  t: "take", a: "acknowledge", m: "question", q: "ask", e: "enough", s: "seen", n: "nothing", r: "release", j: "join", b: "give-back", x: "close", D: "danger",
};
const OPEN = new Set(["taken", "confirmed", "nothing-seen"]);
const SOUND = "tocsin.desk.sound";

const state = JSON.parse(element("desk-state").textContent) as DeskState;
const isDispatcher = document.querySelector('[data-dispatcher="yes"]') !== null;
const matters = new Matters(heard, signInWhereOut);
const view = new MattersView(matters, state.areas, (matter) => void attempt(() => choose(matter)));
let reports: readonly Reported[] = [];
/** A colleague's note, sealed. */
let left = "";
let drawnTurn = "";
const drafts = new Drafts();

prepare((error) => note("item-problem", refusal(error)));
blankWhileAway();
watchIdle();
wayOut(forget);
prepareOthers(attempt);
prepareAttribution(matters, (line) => view.titleOf(line), attempt);
document.addEventListener("keydown", keyed);
for (const button of document.querySelectorAll<HTMLElement>("[data-act]")) button.addEventListener("click", () => void attempt(() => act(button.dataset["act"]!)));
for (const button of document.querySelectorAll<HTMLElement>("[data-reason]")) button.addEventListener("click", () => void attempt(() => takeBack(button.dataset["reason"]!)));
element("open-sealed").addEventListener("click", () => void attempt(openSealed));
drafts.listen(element("item"), () => view.chosen);
onSubmit("draft-form", draft);
onSubmit("hand-form", async () => {
  const matter = view.chosen;
  await handOver(matters, matter);
  drafts.sent(matter, "hand-over");
});
onSubmit("threat-form", threaten);
const sound = element<HTMLInputElement>("sound");
sound.checked = localStorage.getItem(SOUND) === "on";
sound.addEventListener("change", () => localStorage.setItem(SOUND, sound.checked ? "on" : "off"));
element("below-show").addEventListener("click", () => ((view.most = Infinity), view.draw()));
setInterval(tick, 1000);
matters.listen();
void attempt(() => drawThreats(attempt));

function onSubmit(id: string, does: () => Promise<void>): void {
  element(id).addEventListener("submit", (event) => (event.preventDefault(), void attempt(does)));
}

function heard(fresh: readonly Line[]): void {
  view.draw();
  drawBeside();
  const line = matters.get(view.chosen);
  if (line) void attempt(() => redraw(line));
  else if (view.chosen) leave();
  const newest = fresh[0];
  if (!newest) return;
  put("said", words.say("adesk.came", { kind: words.say(`report.kind_${newest.kind}`), area: state.areas[newest.area] ?? newest.area }));
  if (sound.checked) chime();
}

function drawBeside(): void {
  const { beside } = matters;
  if (!beside) return;
  const load = matters.load().map(([name, count]) => `${name} ${words.number(count)}`).join(", ");
  put("load", words.say("adesk.load", { load: load || words.say("adesk.load_nobody"), on_duty: beside.on_duty }));
  put("brake", words.say("adesk.brake", { ...beside.brake, is_frozen: "" }));
  show("frozen", beside.brake.is_frozen);
  void drawWarnings(beside.warnings, matters, (line) => view.titleOf(line));
}

function tick(): void {
  const since = matters.silentSince;
  show("offline", since !== undefined && Date.now() - since > 2000);
  if (since !== undefined) put("offline-time", words.say("adesk.offline", { time: silence(since, Date.now()) }));
  view.draw();
}

function keyed(event: KeyboardEvent): void {
  const place = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || place.closest("input, textarea, select, dialog")) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!place.closest("#list") && place !== document.body) return;
    event.preventDefault();
    view.move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "u") undo();
  else if (KEYS[event.key]) void attempt(() => act(KEYS[event.key]!));
}

async function act(name: string): Promise<void> {
  const matter = view.focused();
  if (!matter || !isDispatcher) return;
  if (matter !== view.chosen) await choose(matter);
  if (name === "seen" || name === "nothing") return verb("voice", { verdict: name === "seen" ? "seen" : "nothing-seen" });
  if (name === "release") return verb("release", { digest: matters.get(matter)?.digest ?? "" });
  if (name === "join") return join(matter);
  if (name === "question") return verb("question", { parts: matters.get(matter)?.missing ?? [] });
  await verb(name);
}

/** One of the desk's verbs on the matter in hand. The list tells what came of it. */
async function verb(name: string, body: object = {}): Promise<void> {
  await post(`/alert-desk/matters/${view.chosen}/${name}`, body);
}

async function join(matter: string): Promise<void> {
  const others = matters.get(matter)?.same ?? [];
  if (others.length === 0) return;
  await verb("join", { others });
  const count = 1 + others.length;
  offer(words.say("adesk.joined", { n: count }), async () => {
    for (const other of others) await post(`/alert-desk/matters/${matter}/undo-join`, { other });
  });
}

async function takeBack(reason: string): Promise<void> {
  const alert = matters.get(view.chosen)?.alert;
  if (alert) await post(`/alert-desk/alerts/${alert}/cancel`, { reason });
}

async function draft(): Promise<void> {
  const value = (id: string): string => element<HTMLSelectElement>(id).value;
  const turn = matters.get(view.chosen)?.turn ?? 0;
  await verb("draft", { turn, kind: value("draft-kind"), area: value("draft-area"), life_minutes: Number(value("draft-life")) });
  drafts.sent(view.chosen, "draft");
}

async function threaten(): Promise<void> {
  const field = element<HTMLTextAreaElement>("threat-text");
  if (state.stewards.length === 0) return note("item-problem", words.say("adesk.threat_stewards"));
  if (!field.value.trim()) return field.focus();
  const matter = view.chosen;
  await verb("threat", { sealed: base64url(await sealTo(state.stewards, new TextEncoder().encode(field.value))) });
  drafts.sent(matter, "threat");
}

async function choose(matter: string): Promise<void> {
  const line = matters.get(matter);
  if (!line) return;
  leave();
  view.chosen = matter;
  drafts.restore(matter);
  show("item", true);
  await redraw(line);
  view.draw();
  element("item-title").focus();
}

/** Draw the matter in hand anew. Fields that somebody writes in stay as they are. */
async function redraw(line: Line): Promise<void> {
  const isMine = line.owner === me?.pseudonym;
  put("item-title", view.titleOf(line));
  put("item-who", words.titled(words.say("adesk.who"), `${ownerOf(line)} · ${words.say(`adesk.state_${line.state}`)}`));
  drawMissing(line, state);
  drawAsked(line);
  drawDecision(line, state);
  drawSame(line);
  drawActs(line, isMine);
  drawHands(matters);
  drafts.offer(line.matter, [line.kind, line.area, String(line.life_minutes)]);
  const turn = `${line.matter} ${line.reports} ${line.state} ${line.missing.join()} ${line.owner}`;
  if (!isDispatcher || drawnTurn === turn) return;
  drawnTurn = turn;
  const told = await get<{ reports: readonly Reported[]; note: string }>(`/alert-desk/matters/${line.matter}`);
  if (view.chosen !== line.matter) return;
  ({ reports, note: left } = told);
  put("note", "");
  show("note-part", left !== "");
  drawReports(reports, line.matter, state, (origin) => void attempt(() => verb("undo-join", { other: origin })));
  show("open-sealed", left !== "" || reports.some(hasSealed));
}

function drawSame(line: Line): void {
  show("same-part", line.same.length > 0);
  const told = line.same.map((matter) => matters.get(matter)).filter((one): one is Line => one !== undefined);
  const texts = told.map((one) => words.say("adesk.same_line", {
    kind: words.say(`report.kind_${one.kind}`), area: state.areas[one.area] ?? one.area, n: Math.floor(Math.abs(line.came_s - one.came_s) / 60),
  }));
  const list = element("same");
  if ([...list.children].map((item) => item.textContent).join("\n") !== texts.join("\n")) {
    list.replaceChildren(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  }
}

function drawActs(line: Line, isMine: boolean): void {
  const isOpen = OPEN.has(line.state);
  const may: Readonly<Record<string, boolean>> = {
    take: !isMine && (line.state === "waiting" || line.owner === "?"),
    acknowledge: isMine && isOpen && !line.is_acknowledged,
    question: isMine && line.missing.some((part) => !line.asking.includes(part)),
    ask: isMine && (line.state === "taken" || line.state === "published"),
    enough: isMine && line.asked.length > 0 && !line.is_enough,
    "give-back": isMine && line.state === "taken",
    close: isMine && isOpen,
    join: isMine && line.state === "taken",
    seen: isOpen || line.state === "published", nothing: isOpen || line.state === "published",
    release: line.digest !== "",
    danger: isOpen || line.state === "published" || line.state === "checked" || line.state === "waiting",
  };
  for (const button of document.querySelectorAll<HTMLElement>("[data-act]")) button.hidden = !isDispatcher || !may[button.dataset["act"]!];
  for (const id of ["draft-form", "threat-part"]) show(id, isMine && isOpen);
  show("danger-part", isDispatcher && may["danger"]!);
  show("hand-form", isMine && (isOpen || line.state === "published"));
}

async function openSealed(): Promise<void> {
  const { identity } = await unlocked();
  if (left) put("note", new TextDecoder().decode(await openWith(identity, fromBase64url(left))).replace(/\0+$/, ""));
  for (const report of reports.filter(hasSealed)) {
    const place = element("reports").querySelector(`[data-report="${report.report}"] > div`);
    place?.replaceChildren(...(await openParts(report, identity)));
  }
  show("open-sealed", false);
}

function leave(): void {
  dropParts();
  view.chosen = drawnTurn = "";
  reports = [];
  left = "";
  for (const part of ["note-part", "open-sealed"]) show(part, false);
  put("note", "");
  element("reports").replaceChildren();
  show("item", false);
}

async function attempt(does: () => Promise<void>): Promise<void> {
  for (const place of ["desk-problem", "item-problem"]) note(place, "");
  try {
    await does();
  } catch (error) {
    if (error instanceof Refused && error.code === "not_signed_in") return signInAgain();
    if (error instanceof NotUnlocked) return;
    note(element("item").hidden ? "desk-problem" : "item-problem", refusal(error));
  }
}

function refusal(error: unknown): string {
  const code = error instanceof Refused ? error.code : "unexpected";
  return words.say(words.has(`adesk.no_${code}`) ? `adesk.no_${code}` : "adesk.no_unexpected");
}
