/** Notes and sheet of the recording in hand: loaded, drafted, saved, and reconciled when two windows wrote at once. */
import { Refused } from "../staff/ask.ts";
import { later } from "../staff/undo.ts";
import { make } from "../ui/make.ts";
import { element, note, put, show, words } from "../ui/page.ts";
import { drop, found, keep, type Draft } from "./drafts.ts";
import { checkANumber, fillSheet, readSheet, watchSheet } from "./intake.ts";
import type { Ours } from "./ours.ts";
import { Papers, type Paper, type Said } from "./papers.ts";

interface Place {
  readonly recording: string;
  readonly papers: Papers;
  readonly ours: Ours;
  readonly me: string;
}

let place: Place | undefined;
let sheet: Paper | undefined;

export function prepareNotes(): void {
  const typed = element<HTMLTextAreaElement>("note");
  typed.addEventListener("input", () => place && keep(place.ours, place.recording, "note", () => ({ text: typed.value })));
  element("note-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void saveNote();
  });
  watchSheet(() => {
    put("sheet-state", words.say("desk.unsaved"));
    if (place) keep(place.ours, place.recording, "sheet", readSheet);
  });
  element("sheet").addEventListener("submit", (event) => {
    event.preventDefault();
    void saveSheet();
  });
  element("sheet-theirs").addEventListener("click", () => void loadSheet());
}

/** Show what is written about a recording, with what was typed here before and not saved. */
export async function showNotes(recording: string, papers: Papers, ours: Ours, me: string): Promise<void> {
  place = { recording, papers, ours, me };
  await papers.load();
  drawNotes();
  await loadSheet();
  await restore(await found(ours, recording, "note"), await found(ours, recording, "sheet"));
}

export function leaveNotes(): void {
  place = undefined;
  sheet = undefined;
  element<HTMLFormElement>("note-form").reset();
  element<HTMLFormElement>("sheet").reset();
  element("notes").replaceChildren();
  element("drafts").replaceChildren();
}

async function restore(notes: readonly Draft[], sheets: readonly Draft[]): Promise<void> {
  const typed = element<HTMLTextAreaElement>("note");
  element("drafts").replaceChildren(
    ...notes.map((draft) => offered(draft, "note", () => (typed.value = [typed.value, String(draft.said["text"] ?? "")].filter(Boolean).join("\n")))),
    ...sheets.map((draft) => offered(draft, "sheet", () => fillSheet(draft.said))),
  );
}

/** A draft of this browser: taken back into its field, or thrown away. */
function offered(draft: Draft, kind: "note" | "sheet", use: () => void): HTMLElement {
  const line = make("div", { className: "notice group" }, make("p", {}, words.say(`desk.draft_${kind}`)));
  const act = (key: string, does: () => void): HTMLElement => {
    const button = make("button", { type: "button", className: "button" }, words.say(key));
    button.addEventListener("click", () => {
      does();
      line.remove();
      if (key === "desk.draft_drop" && place) drop(place.recording, kind, draft.key);
    });
    return button;
  };
  line.append(make("div", { className: "acts" }, act("desk.draft_use", use), act("desk.draft_drop", () => undefined)));
  return line;
}

function drawNotes(): void {
  const notes = place?.papers.of("note") ?? [];
  element("notes").replaceChildren(...notes.map(drawn));
  note("closed-papers", place && place.papers.closed > 0 ? words.count("desk.closed_papers", place.papers.closed) : "");
}

function drawn(paper: Paper): HTMLElement {
  const { text, by, at } = paper.said;
  const when = new Date(Number(at)).toLocaleString(words.lang, { dateStyle: "medium", timeStyle: "short" });
  const button = make("button", { type: "button", className: "button" }, words.say("desk.note_delete"));
  button.setAttribute("aria-label", words.say("desk.note_delete_of", { at: when }));
  const line = make("li", { className: "group" }, make("p", { className: "muted small" }, `${String(by)}, ${when}`), make("p", { className: "text" }, String(text)), button);
  const papers = place!.papers;
  button.addEventListener("click", () => {
    line.hidden = true;
    later(words.say("desk.note_deleted"), () => papers.drop(paper).finally(drawNotes));
    element("undo-do").addEventListener("click", () => (line.hidden = false), { once: true });
  });
  return line;
}

async function saveNote(): Promise<void> {
  const typed = element<HTMLTextAreaElement>("note");
  if (!place || !typed.value.trim()) return typed.focus();
  const { recording, papers, me } = place;
  await tried("note-problem", async () => {
    await papers.save({ type: "note", text: typed.value.trim(), by: me, at: Date.now() });
    typed.value = "";
    drop(recording, "note");
    drawNotes();
  });
}

async function loadSheet(): Promise<void> {
  if (!place) return;
  await place.papers.load();
  sheet = place.papers.of("sheet").at(-1);
  fillSheet(sheet?.said ?? {});
  put("sheet-state", words.say(sheet ? "desk.saved" : "desk.empty"));
  show("sheet-theirs", false);
  note("sheet-problem", "");
}

async function saveSheet(): Promise<void> {
  if (!place) return;
  checkANumber();
  const { recording, papers } = place;
  const said: Said = readSheet();
  await tried("sheet-problem", async () => {
    sheet = await papers.save(said, sheet);
    drop(recording, "sheet");
    put("sheet-state", words.say("desk.saved"));
  });
}

/** Another window was faster: what was typed stays in the field and in its draft, theirs can be looked at. */
async function tried(id: string, act: () => Promise<void>): Promise<void> {
  note(id, "");
  try {
    await act();
  } catch (error) {
    const code = error instanceof Refused ? error.code : "unexpected";
    note(id, words.say(words.has(`desk.no_${code}`) ? `desk.no_${code}` : "desk.no_unexpected"));
    show("sheet-theirs", code === "paper_changed");
  }
}
