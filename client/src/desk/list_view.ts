/** Draws the list: one row a recording, moved through with arrow keys. A row is only touched when what it says changes. */
import { make } from "../ui/make.ts";
import { element, put, words } from "../ui/page.ts";
import { silentFor, type Line, type Lines, type Shown } from "./lines.ts";
import type { Ours } from "./ours.ts";

const DAY_MS = 86_400_000;

export interface ListView {
  draw(): void;
  /** Only what counts by itself. */
  tick(): void;
  /** Move the focus by one row, or to the chosen one. */
  move(by: number): void;
}

interface Row {
  readonly whole: HTMLTableRowElement;
  readonly pick: HTMLButtonElement;
  readonly cells: readonly HTMLTableCellElement[];
}

export function listView(lines: Lines, ours: () => Ours | undefined, choose: (recording: string) => void, chosen: () => string): ListView {
  const body = element("lines");
  const rows = new Map<string, Row>();
  body.replaceChildren();

  const visible = (): Shown[] => lines.sorted().filter(({ line }) => !ours()?.isDeclined(line.recording));

  function draw(): void {
    const shown = visible();
    for (const one of shown) update(rowOf(one.line), one);
    place(shown.map(({ line }) => rows.get(line.recording)!.whole));
    for (const recording of rows.keys()) if (!shown.some(({ line }) => line.recording === recording)) rows.delete(recording);
    const waiting = shown.filter(({ line }) => line.state === "waiting").length;
    put("count", words.count("desk.waiting", waiting));
    document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${words.say("desk.title")}`;
    element("nothing").hidden = shown.length > 0;
    element("unheard").hidden = lines.isHeard;
  }

  /** Rows stay the same elements: a key that goes down on one must come up on it. */
  function place(wanted: readonly HTMLElement[]): void {
    if (wanted.length === body.children.length && wanted.every((one, at) => body.children[at] === one)) return;
    const focused = document.activeElement as HTMLElement | null;
    body.replaceChildren(...wanted);
    if (focused && body.contains(focused)) focused.focus();
  }

  function rowOf(line: Line): Row {
    const known = rows.get(line.recording);
    if (known) return known;
    const pick = make("button", { type: "button", className: "pick" }, `${words.say(`desk.kind_${line.kind}`)} `, make("code", { translate: false }, shortName(line)));
    pick.dataset["recording"] = line.recording;
    pick.addEventListener("click", () => choose(line.recording));
    const cells = [make("td", {}), make("td", { className: "clock" }), make("td", {}), make("td", {})];
    const row = { pick, cells, whole: make("tr", {}, make("th", { scope: "row" }, pick), ...cells) };
    rows.set(line.recording, row);
    return row;
  }

  function update({ pick, cells, whole }: Row, shown: Shown): void {
    const texts = [since(shown), stream(shown), who(shown.line, ours()), marks(shown.line)];
    cells.forEach((cell, at) => cell.textContent === texts[at] || (cell.textContent = texts[at]!));
    pick.setAttribute("aria-current", String(shown.line.recording === chosen()));
    whole.className = `is-${shown.line.state}`;
  }

  return {
    draw,
    tick() {
      for (const shown of visible()) {
        const row = rows.get(shown.line.recording);
        if (row) update(row, shown);
      }
    },
    move(by) {
      const all = [...body.querySelectorAll<HTMLElement>(".pick")];
      const at = all.findIndex((one) => one === document.activeElement);
      all[Math.max(0, Math.min(all.length - 1, at + by))]?.focus();
    },
  };
}

/** Enough of a random number to speak of it. */
export function shortName(line: Line): string {
  return line.recording.slice(0, 6);
}

export function since(shown: Shown): string {
  if (shown.waiting_min !== null) return words.count("desk.minutes", shown.waiting_min + Math.floor((Date.now() - shown.at) / 60_000));
  return new Date(shown.line.day * DAY_MS).toLocaleDateString(words.lang, { dateStyle: "medium", timeZone: "UTC" });
}

export function stream(shown: Shown): string {
  const { line } = shown;
  if (line.stream !== "open") return words.say(`desk.stream_${line.stream}`);
  const silent = silentFor(shown, Date.now());
  if (silent === undefined) return words.say("desk.coming");
  return words.say(line.quiet === "unknown" ? "desk.unknown" : "desk.silent", { time: clock(silent) });
}

export function who(line: Line, ours: Ours | undefined): string {
  if (line.state === "waiting") return words.say("desk.nobody");
  if (ours?.capability(line.recording)) return words.say("desk.you");
  return ours?.name(line.recording) || words.say("desk.colleague");
}

function marks(line: Line): string {
  const told = [line.state === "frozen" || line.state === "done" ? words.say(`desk.state_${line.state}`) : "", line.is_late ? words.say("desk.late") : ""];
  return told.filter(Boolean).join(", ");
}

function clock(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  return (seconds < 3600 ? parts.slice(1) : parts).join(":");
}
