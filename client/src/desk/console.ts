/** The console of the legal desk: the list, kept live, and the recording in hand. Keys are in this tab's memory only, and so is what they open. */
import { makeActs } from "../evidence/history.ts";
import { Refused } from "../staff/ask.ts";
import { blankWhileAway } from "../staff/away.ts";
import { counted, isInCall } from "../staff/going_on.ts";
import { watchIdle } from "../staff/idle.ts";
import { prepare, undo } from "../staff/undo.ts";
import { forget, me, NotUnlocked, signInAgain, signInWhereOut, unlocked } from "../staff/unlocked.ts";
import { make, makeFact } from "../ui/make.ts";
import { config, element, note, put, show, wayOut, words } from "../ui/page.ts";
import { sealedExport } from "./ask_desk.ts";
import type { Following } from "./following.ts";
import { act, type Act } from "./item_acts.ts";
import { Lines, type Line, type Shown } from "./lines.ts";
import { leaveLinks, prepareLinks, showLinks } from "./links.ts";
import { listView, shortName, since, stream, who } from "./list_view.ts";
import { prepareMany } from "./many.ts";
import { leaveNotes, prepareNotes, showNotes } from "./notes_view.ts";
import type { Opening } from "./opening.ts";
import { Ours } from "./ours.ts";
import { Papers } from "./papers.ts";

const KEYS: Readonly<Record<string, Act>> = { t: "take", d: "decline", o: "open", b: "give-back", h: "hand-over", f: "finish" };
const HISTORY_MS = 10_000;
/** Where a refusal is read: above the list, or in the recording in hand. */
const PROBLEMS = ["desk-problem", "item-problem"] as const;

const isSteward = document.body.querySelector("[data-steward]") !== null;

let ours: Ours | undefined;
let chosen = "";
let following: Following | undefined;
let packaging: Opening | undefined;
let onCall: () => void = () => undefined;

const lines = new Lines((fresh) => void heard(fresh), signInWhereOut);
const view = listView(lines, () => ours, choose, () => chosen);

prepare((error) => note("item-problem", refusal(error)));
prepareNotes();
prepareLinks();
prepareMany({ ours: () => ours, lines: () => lines.sorted().map(({ line }) => line), me: me?.pseudonym ?? "", leave });
blankWhileAway();
watchIdle();
wayOut(close);
element("unlock-desk").addEventListener("click", () => void attempt(unlock));
element("list").addEventListener("keydown", keyed);
for (const button of document.querySelectorAll<HTMLElement>("[data-act]")) {
  button.addEventListener("click", () => void attempt(() => doIt(button.dataset["act"] as Act)));
}
element("package-begin").addEventListener("click", () => void attempt(preparePackage));
element("close-item").addEventListener("click", () => leave());
setInterval(tick, 1000);
lines.listen();
void attempt(unlock);

if (document.getElementById("on-call")) {
  void import("../calls/on_call.ts").then(({ prepareOnCall, leaveOnCall }) => {
    onCall = leaveOnCall;
    prepareOnCall({ identity: async () => (await unlocked()).identity, name: me?.pseudonym ?? "", openBeside });
  });
}

/** A call was answered: its recording is taken and opened, with the sheet, beside it. Somebody may have it already: then only the call goes on. */
async function openBeside(recording: string): Promise<void> {
  await attempt(async () => {
    await soon(() => lines.get(recording) !== undefined);
    if (!lines.get(recording) || !ours) return;
    choose(recording);
    if (isPossible("take", lines.get(recording)!.line, false)) await doIt("take");
    await soon(() => ours?.capability(recording) !== undefined);
    await doIt("open");
    element("sheet-title").focus(); // who calls is asked now; the film can wait
  });
}

/** Waits until it is so, and not for long. */
async function soon(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 50 && !isSo(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
}

async function unlock(): Promise<void> {
  const { identity } = await unlocked();
  ours?.forget();
  ours = await Ours.of(identity, config);
  show("locked", false);
  await heard([]);
}

function close(): void {
  onCall();
  leave();
  ours?.forget();
  ours = undefined;
  forget();
}

async function heard(fresh: readonly Line[]): Promise<void> {
  const own = ours;
  if (own) await Promise.all(lines.sorted().map(({ line }) => own.look(line)));
  view.draw();
  if (chosen) drawItem();
  const silent = fresh.find((line) => line.quiet === "silent");
  if (silent) put("said", words.say("desk.said_silent", { name: shortName(silent) }));
}

function keyed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
  const step = steps[event.key];
  const wanted = KEYS[event.key];
  if (step !== undefined) view.move(step);
  else if (event.key === "u") undo();
  else if (wanted) {
    const recording = (document.activeElement as HTMLElement | null)?.dataset["recording"];
    if (recording && recording !== chosen) choose(recording);
    void attempt(() => doIt(wanted));
  } else return;
  event.preventDefault();
  event.stopPropagation(); // the player has keys of its own
}

function choose(recording: string): void {
  if (recording === chosen) return element("item-title").focus();
  leave();
  chosen = recording;
  view.draw();
  drawItem();
}

/** Put the recording in hand away: nothing of it stays on the page. */
function leave(): void {
  following?.drop();
  packaging?.drop();
  following = packaging = undefined;
  element("package-checks").replaceChildren();
  show("package-begin", true);
  leaveNotes();
  leaveLinks();
  chosen = "";
  show("opened-item", false);
  show("item", false);
  note("item-problem", "");
  note("follow-problem", "");
}

function drawItem(): void {
  const shown = lines.get(chosen);
  if (!shown) return leave();
  const { line } = shown;
  const isOurs = ours?.capability(chosen) !== undefined;
  if (following && !isOurs) return leave();
  show("item", true);
  put("item-number", line.recording);
  put("item-title", `${words.say(`desk.kind_${line.kind}`)} ${shortName(line)}`);
  drawFacts(shown);
  for (const button of document.querySelectorAll<HTMLElement>("[data-act]")) {
    button.hidden = !isPossible(button.dataset["act"] as Act, line, isOurs);
  }
  note("frozen", line.state === "frozen" ? words.say("desk.frozen") : "");
}

function drawFacts(shown: Shown): void {
  element("item-facts").replaceChildren(
    ...makeFact(words.say("desk.since"), since(shown)),
    ...makeFact(words.say("desk.stream"), stream(shown)),
    ...makeFact(words.say("desk.who"), who(shown.line, ours)),
  );
}

/** What counts by itself. */
function tick(): void {
  view.tick();
  const shown = lines.get(chosen);
  if (shown) drawFacts(shown);
}

function isPossible(wanted: Act, { state }: Line, isOurs: boolean): boolean {
  const when: Record<Act, boolean> = {
    take: state === "waiting",
    decline: state === "waiting",
    open: isOurs && !following && state !== "frozen",
    "give-back": isOurs && (state === "taken" || state === "opened"),
    "hand-over": isOurs && following !== undefined && state !== "frozen",
    finish: isOurs && state === "opened",
    reopen: isOurs && state === "done",
    "take-back": isSteward && !isOurs && (state === "taken" || state === "opened"),
    freeze: isOurs && following !== undefined && state === "opened",
  };
  return ours !== undefined && when[wanted];
}

async function doIt(wanted: Act): Promise<void> {
  const line = lines.get(chosen)?.line;
  if (!line || !ours || !isPossible(wanted, line, ours.capability(chosen) !== undefined)) return;
  if (wanted === "open") return open(line);
  await act(wanted, { line, ours, me: me?.pseudonym ?? "", following, leave });
}

async function open(line: Line): Promise<void> {
  const capability = ours?.capability(line.recording);
  if (!ours || !capability) return;
  const { Following } = await import("./following.ts");
  const begun = await Following.begin(line.recording, capability, ours.identity).catch((error: unknown) => {
    throw error instanceof Refused ? error : new Refused("not_for_us");
  });
  following = begun;
  show("opened-item", true);
  drawItem();
  element("player-title").focus();
  const isOpen = (): boolean => lines.get(begun.recording)?.line.stream === "open";
  const told = (trouble: Refused | undefined): void => {
    if (following === begun) note("follow-problem", trouble ? words.say("desk.follow_trouble") : "");
  };
  void begun.follow(element("player"), words, isOpen, told).catch((error: unknown) => {
    if (following === begun) note("item-problem", refusal(error));
  });
  void drawHistory(begun);
  const papers = new Papers(line.recording, capability, ours);
  await showNotes(line.recording, papers, ours, me?.pseudonym ?? "");
  showLinks({
    recording: line.recording, papers, ours, lines: () => lines.sorted().map((shown) => shown.line), isHere: () => following === begun,
    failed: (error) => note("item-problem", refusal(error)),
  });
}

/** Fetch all of it, check it again as whoever gets the package will, and offer the package, signed with the key this lawyer joined with. */
async function preparePackage(): Promise<void> {
  const [begun, own] = [following, ours];
  const capability = begun && own?.capability(begun.recording);
  if (!begun || !own || !capability) return;
  const progress = element<HTMLProgressElement>("package-progress");
  show("package-begin", false);
  show("package-progress", true);
  try {
    const { signingSeed } = await unlocked();
    const file = await counted(sealedExport(begun.recording, capability));
    const { begin } = await import("./opening.ts");
    const opening = await begin(file, own.identity, words, (share, checks) => {
      progress.value = share;
      element("package-checks").replaceChildren(...checks.map((text) => make("li", {}, text)));
    });
    if (following !== begun) return opening.drop();
    packaging = opening;
    await opening.mountPackage(element("package"), new Uint8Array(signingSeed));
  } catch (error) {
    show("package-begin", true);
    throw error instanceof Refused ? error : new Refused("not_for_us");
  } finally {
    show("package-progress", false);
  }
}

async function drawHistory(begun: Following): Promise<void> {
  if (following !== begun) return;
  const history = await begun.history().catch(() => undefined);
  if (following !== begun) return;
  if (history) element("acts").replaceChildren(...makeActs(history, words));
  setTimeout(() => void drawHistory(begun), HISTORY_MS);
}

async function attempt(does: () => Promise<void>): Promise<void> {
  for (const place of PROBLEMS) note(place, "");
  try {
    await does();
  } catch (error) {
    if (error instanceof Refused && error.code === "not_signed_in" && !isInCall()) return signInAgain();
    if (error instanceof NotUnlocked) return;
    note(PROBLEMS[element("item").hidden ? 0 : 1], refusal(error));
  }
}

function refusal(error: unknown): string {
  const code = error instanceof Refused ? error.code : "unexpected";
  return words.say(words.has(`desk.no_${code}`) ? `desk.no_${code}` : "desk.no_unexpected");
}
