/** Draws the desk's list: one row a matter, moved through with arrow keys. A row is only touched when what it says changes. */
import { me } from "../staff/unlocked.ts";
import { make } from "../ui/make.ts";
import { element, note, put, words } from "../ui/page.ts";
import type { Line, Matters } from "./matters.ts";

const SHOWN_MOST = 30;

interface Row {
  readonly whole: HTMLTableRowElement;
  readonly pick: HTMLButtonElement;
  readonly cells: readonly HTMLTableCellElement[];
}

export class MattersView {
  readonly #matters: Matters;
  readonly #names: Readonly<Record<string, string>>;
  readonly #choose: (matter: string) => void;
  readonly #rows = new Map<string, Row>();
  chosen = "";
  /** So many that wait are shown: a person under a flood reads the first few well. */
  most = SHOWN_MOST;

  constructor(matters: Matters, names: Readonly<Record<string, string>>, choose: (matter: string) => void) {
    this.#matters = matters;
    this.#names = names;
    this.#choose = choose;
    element("lines").replaceChildren();
  }

  draw(): void {
    const { shown, alike, below } = this.#matters.rows(this.most);
    for (const line of shown) this.#update(this.#rowOf(line), line, alike.get(line.matter) ?? 0);
    this.#place(shown.map((line) => this.#rows.get(line.matter)!.whole));
    for (const matter of this.#rows.keys()) if (!this.#matters.get(matter)) this.#rows.delete(matter);
    note("below", below > 0 ? words.count("adesk.below", below) : "");
    element("below-show").hidden = below === 0;
    const waiting = this.#matters.all().filter((line) => line.state === "waiting").length;
    put("count", words.count("adesk.waiting", waiting));
    document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${words.say("adesk.title")}`;
    element("nothing").hidden = shown.length > 0;
  }

  /** Move the focus by one row, or to the chosen one. */
  move(by: number): void {
    const all = [...element("lines").querySelectorAll<HTMLElement>(".pick")];
    const at = all.findIndex((one) => one === document.activeElement);
    all[Math.max(0, Math.min(all.length - 1, at + by))]?.focus();
  }

  /** The matter of the row that has the focus, or the chosen one. */
  focused(): string {
    return (document.activeElement as HTMLElement | null)?.dataset["matter"] ?? this.chosen;
  }

  titleOf(line: Line): string {
    const drill = line.status === "Actual" ? "" : words.titled(words.say("adesk.drill"), "");
    return `${drill}${words.say(`report.kind_${line.kind}`)}, ${this.#names[line.area] ?? line.area}`;
  }

  #place(wanted: readonly HTMLElement[]): void {
    const body = element("lines");
    if (wanted.length === body.children.length && wanted.every((one, at) => body.children[at] === one)) return;
    const focused = document.activeElement as HTMLElement | null;
    body.replaceChildren(...wanted);
    if (focused && body.contains(focused)) focused.focus();
  }

  #rowOf(line: Line): Row {
    const known = this.#rows.get(line.matter);
    if (known) return known;
    const pick = make("button", { type: "button", className: "pick" });
    pick.dataset["matter"] = line.matter;
    pick.addEventListener("click", () => this.#choose(line.matter));
    const cells = [make("td", { className: "clock" }), make("td", { className: "number" }), make("td", {}), make("td", {})];
    const row = { pick, cells, whole: make("tr", {}, make("th", { scope: "row" }, pick), ...cells) };
    this.#rows.set(line.matter, row);
    return row;
  }

  #update({ pick, cells, whole }: Row, line: Line, alike: number): void {
    const minutes = Math.max(0, Math.floor((Date.now() / 1000 - line.came_s) / 60));
    const texts = [words.count("adesk.minutes", minutes), words.number(line.reports), ownerOf(line), words.say(`adesk.state_${line.state}`)];
    const title = this.titleOf(line) + (alike > 0 ? ` · ${words.count("adesk.alike", alike)}` : "");
    if (pick.textContent !== title) pick.textContent = title;
    cells.forEach((cell, at) => cell.textContent === texts[at] || (cell.textContent = texts[at]!));
    pick.setAttribute("aria-current", String(line.matter === this.chosen));
    whole.className = line.status === "Actual" ? "" : "drill";
  }
}

export function ownerOf(line: Line): string {
  if (!line.owner) return words.say("adesk.nobody");
  if (line.owner === "?") return words.say("adesk.before");
  return line.owner === me?.pseudonym ? words.say("adesk.you") : line.owner;
}
