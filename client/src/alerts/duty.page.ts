/** A confirmer's duty: one token spent, a capability in this page's memory alone, and questions until it ends. */
import { base64url, randomBytes } from "../crypto/bytes.ts";
import { NoTokenLeft, Passport } from "../passport/passport.ts";
import { NothingOpens } from "../passport/box.ts";
import { Refused } from "../staff/ask.ts";
import { config, element, note, show, wayOut, words } from "../ui/page.ts";
import { vibrate } from "../ui/signals.ts";
import { questionCard, type Question } from "./questions.ts";

const LOOK_MS = 5000;

const { areas } = JSON.parse(element("state").textContent) as { areas: Readonly<Record<string, string>> };
const { content: rules } = element<HTMLTemplateElement & HTMLElement>("rules") as unknown as HTMLTemplateElement;
const place = { areas, number: config.emergency_number, rules, mayGo: rules.querySelectorAll("p").length > 2 };
const drawn = new Map<string, { key: string; card: HTMLElement }>();

let capability = "";
let looking: ReturnType<typeof setInterval> | undefined;
let begun: { token: string; secret: string } | undefined;

wayOut(() => (capability = ""));
element("begin").addEventListener("submit", (event) => (event.preventDefault(), void attempt(begin)));
element("end").addEventListener("click", () => void attempt(end));

async function begin(): Promise<void> {
  const typed = element<HTMLInputElement>("passphrase");
  show("working", true);
  try {
    // What was refused has spent nothing: the same token is shown again, with the same secret.
    begun ??= await (await Passport.open(typed.value)).take("confirmer");
    capability ||= base64url(randomBytes(32));
    await ask("", begun);
  } catch (error) {
    // A token that the node does not take is not shown again.
    if (error instanceof Refused && error.code.startsWith("token_")) begun = undefined;
    throw error;
  } finally {
    show("working", false);
  }
  typed.value = "";
  for (const part of ["begin", "what"]) show(part, false);
  show("on", true);
  element("on-title").focus();
  looking = setInterval(() => void look(), LOOK_MS);
  await look();
}

async function look(): Promise<void> {
  try {
    const { asked } = await ask<{ asked: readonly Question[] }>("/asked", {});
    show("unheard", false);
    draw(asked);
  } catch (error) {
    if (error instanceof Refused && error.code === "alerts_not_on_duty") await again();
    else show("unheard", true);
  }
}

/** The node was restarted: the same token shown again is the same duty. */
async function again(): Promise<void> {
  if (begun) await ask("", begun).catch(() => over());
}

function draw(asked: readonly Question[]): void {
  const cards = asked.map((question) => {
    const key = `${question.answer} ${question.digest}`;
    const known = drawn.get(question.ask);
    if (known?.key === key) return known.card;
    if (!known && question.answer === "asked") vibrate("back");
    const card = questionCard(question, place, { answer, release });
    drawn.set(question.ask, { key, card });
    return card;
  });
  const list = element("asked");
  if (cards.length !== list.children.length || cards.some((card, at) => list.children[at] !== card)) list.replaceChildren(...cards);
  show("nothing", cards.length === 0);
}

function answer(question: Question, said: string): void {
  void attempt(() => ask("/answer", { ask: question.ask, answer: said }));
}

function release(question: Question): void {
  void attempt(async () => {
    await ask("/release", { ask: question.ask, digest: question.digest });
    note("problem", words.say("duty.released"));
  });
}

async function end(): Promise<void> {
  await ask("/end", {}).catch(() => undefined);
  over();
}

function over(): void {
  clearInterval(looking);
  capability = "";
  begun = undefined;
  drawn.clear();
  element("asked").replaceChildren();
  show("on", false);
  show("ended", true);
}

async function ask<T>(act: string, body: object): Promise<T> {
  const headers = { "content-type": "application/json", authorization: `Tocsin ${capability}` };
  const told = await fetch(`/alerts/duty${act}`, { method: "POST", headers, body: JSON.stringify(body), cache: "no-store" }).catch(() => {
    throw new Refused("absent");
  });
  const said = (await told.json().catch(() => ({}))) as T & { code?: string };
  if (!told.ok) throw new Refused(said.code ?? "unexpected");
  return said;
}

async function attempt<T>(does: () => Promise<T>): Promise<void> {
  note("problem", "");
  try {
    await does();
  } catch (error) {
    const code = error instanceof NothingOpens ? "passphrase" : error instanceof NoTokenLeft ? "token" : error instanceof Refused ? error.code.replace(/^token_.*/, "token_refused") : "unexpected";
    note("problem", words.say(words.has(`duty.no_${code}`) ? `duty.no_${code}` : "duty.no_unexpected"));
  }
  if (capability && !element("on").hidden) await look();
}
