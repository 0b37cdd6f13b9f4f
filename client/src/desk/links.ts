/**
 * Several phones of one event, joined by a lawyer who has them all. A link is a sealed paper in each recording: the node does not learn which
 * belong together, and neither does whoever takes it.
 */
import { offer } from "../staff/undo.ts";
import { make } from "../ui/make.ts";
import { element, show, words } from "../ui/page.ts";
import type { Line } from "./lines.ts";
import { shortName } from "./list_view.ts";
import type { Ours } from "./ours.ts";
import { Papers, type Paper } from "./papers.ts";

export interface Linking {
  readonly recording: string;
  readonly papers: Papers;
  readonly ours: Ours;
  /** Everything on the list. */
  readonly lines: () => readonly Line[];
  /** Whether this is still the recording in hand. */
  readonly isHere: () => boolean;
  readonly failed: (error: unknown) => void;
}

let linking: Linking | undefined;

export function prepareLinks(): void {
  element("link-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const other = element<HTMLSelectElement>("link-with").value;
    if (linking && other) void tried(linking, () => link(linking!, other));
  });
}

/** Show what a recording is linked with. `wanted.papers` are loaded. */
export function showLinks(wanted: Linking): void {
  linking = wanted;
  draw(wanted);
}

export function leaveLinks(): void {
  linking = undefined;
  element("links").replaceChildren();
}

async function link(here: Linking, other: string): Promise<void> {
  await here.papers.save({ type: "link", with: [other], at: Date.now() });
  await (await papersOf(here, other)).save({ type: "link", with: [here.recording], at: Date.now() });
  draw(here);
  offer(words.say("desk.did_link"), () => unlink(here, other));
}

async function unlink(here: Linking, other: string): Promise<void> {
  for (const paper of linksTo(here.papers, other)) await here.papers.drop(paper);
  const theirs = await papersOf(here, other);
  for (const paper of linksTo(theirs, here.recording)) await theirs.drop(paper);
  draw(here);
}

function draw(here: Linking): void {
  if (!here.isHere()) return;
  const linked = [...new Set(here.papers.of("link").flatMap(withOf))];
  element("links").replaceChildren(...linked.map((other) => row(here, other)));
  const free = here.lines().filter(({ recording }) => recording !== here.recording && here.ours.capability(recording) && !linked.includes(recording));
  element("link-with").replaceChildren(...free.map((line) => make("option", { value: line.recording }, `${words.say(`desk.kind_${line.kind}`)} ${shortName(line)}`)));
  show("link-form", free.length > 0);
  show("link-none", free.length === 0 && linked.length === 0);
}

function row(here: Linking, other: string): HTMLElement {
  const name = other.slice(0, 6);
  const button = make("button", { type: "button", className: "button" }, words.say("desk.unlink"));
  button.setAttribute("aria-label", `${words.say("desk.unlink")} ${name}`);
  button.addEventListener("click", () => void tried(here, () => unlink(here, other)));
  return make("li", { className: "recipient" }, make("code", { translate: false }, name), button);
}

async function papersOf(here: Linking, other: string): Promise<Papers> {
  const capability = here.ours.capability(other);
  if (!capability) throw new TypeError("not ours any more");
  const papers = new Papers(other, capability, here.ours);
  await papers.load();
  return papers;
}

function linksTo(papers: Papers, other: string): Paper[] {
  return papers.of("link").filter((paper) => withOf(paper).includes(other));
}

function withOf({ said }: Paper): string[] {
  return Array.isArray(said["with"]) ? said["with"].map(String) : [];
}

async function tried(here: Linking, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    here.failed(error);
  }
}
