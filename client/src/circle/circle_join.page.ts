/** For who is in somebody's circle: come in by a link, read what was told, leave. Only what this phone verified is shown. */
import { ability, mine as alerts } from "../alerts/subscribing.ts";
import { fromBase64url } from "../crypto/bytes.ts";
import { Refused } from "../staff/ask.ts";
import { make } from "../ui/make.ts";
import { element, keepOffline, note, put, show, wayOut, words } from "../ui/page.ts";
import { join, leave, readLink } from "./join.ts";
import { openLetter, shortNumber } from "./keys.ts";
import { forgetAll, memberships, messages, type Membership, type Message, onPhone } from "./member.ts";
import { refill } from "./place.ts";

const LATE_MS = 20_000;

const told = JSON.parse(element("told").textContent) as { readonly key: string; readonly page: string };
let offered = readLink(location.hash);
let late: ReturnType<typeof setTimeout> | undefined;

// The link's secret leaves the address at once: no history, no copied address has it.
if (location.hash) history.replaceState(null, "", location.pathname);
wayOut();
const ready = keepOffline();
element("come-in").addEventListener("click", () => void comeIn());
navigator.serviceWorker?.addEventListener("message", (event: MessageEvent<{ circle?: string }>) => {
  if (event.data?.circle === "trial") arrived();
  if (event.data?.circle) void draw();
});
void draw().then(async () => {
  if (ability() === "can") await refill((await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription()) ?? null).catch(() => undefined);
});

async function draw(): Promise<void> {
  const mine = await memberships(onPhone).catch(() => []);
  if (offered && mine.some(({ link }) => link === offered!.link)) offered = undefined;
  const can = ability();
  show("home", can === "add_to_home");
  note("cannot", offered && (can === "no_push" || can === "blocked") ? words.say(`circle.${can}`) : "");
  show("offer", offered !== undefined && can === "can");
  show("no-link", !offered && mine.length === 0);
  if (offered) put("offer-number", words.say("circle.number", { number: await shortNumber(fromBase64url(offered.key)) }));
  const heard = await messages(onPhone, Math.floor(Date.now() / 1000)).catch(() => []);
  element("messages").replaceChildren(...(await Promise.all(heard.map((one) => drawMessage(one, mine)))).flat());
  show("in", mine.length > 0);
  element("circles").replaceChildren(...(await Promise.all(mine.map(drawMembership))));
}

/** Told and taken back are one message; a false alarm that came first, or with no tale to it, is said alone. */
async function drawMessage(one: Message, mine: readonly Membership[]): Promise<HTMLElement[]> {
  const membership = mine.find(({ key }) => key === one.circle);
  if (!membership) return [];
  const clock = (at: number): string => new Date(at * 1000).toLocaleTimeString(words.lang, { hour: "2-digit", minute: "2-digit" });
  const circle = words.say("circle.number", { number: await shortNumber(fromBase64url(one.circle)) });
  if (one.kind === "false_alarm") return [make("article", { className: "notice good group" }, make("p", {}, `${circle}. `, words.say("circle.was_false", { time: clock(one.at) })))];
  if (one.kind === "trial") return [make("article", { className: "notice group" }, make("p", {}, `${circle}. `, words.say("circle.was_trial", { time: clock(one.at) })))];
  const letter = await openLetter(fromBase64url(membership.link), fromBase64url(one.letter));
  const parts = [
    make("h2", {}, words.say(one.back ? "circle.told_back" : "circle.told", { time: clock(one.at) })),
    ...(one.back ? [make("p", {}, make("strong", {}, words.say("circle.was_false", { time: clock(one.back) })))] : []),
    make("p", { className: "letter" }, letter?.text || words.say("circle.no_letter")),
    ...(letter?.plan ? [make("h3", {}, words.say("circle.plan")), make("p", { className: "letter" }, letter.plan)] : []),
    make("p", { className: "muted" }, `${words.say(`circle.by_${one.by}`)} ${circle}`),
  ];
  return [make("article", { className: one.back ? "notice group" : "notice bad group" }, ...parts)];
}

async function drawMembership(one: Membership): Promise<HTMLElement> {
  const number = await shortNumber(fromBase64url(one.key));
  const button = make("button", { type: "button", className: "button" }, words.say("circle.leave"));
  button.setAttribute("aria-label", words.titled(words.say("circle.leave"), words.say("circle.number", { number })));
  button.addEventListener("click", () => void go(one));
  return make("li", { className: "recipient" }, words.say("circle.number", { number }), button);
}

async function comeIn(): Promise<void> {
  const one = offered!;
  note("problem", "");
  element<HTMLButtonElement>("come-in").disabled = true;
  try {
    await ready;
    note("outcome", words.say("circle.trial_waits"));
    late = setTimeout(() => note("outcome", words.say("circle.trial_late")), LATE_MS);
    await join(one, fromBase64url(told.key), { title: words.say("circle.lock_title"), text: words.say("circle.lock_text"), page: told.page });
  } catch (error) {
    refused(error);
  } finally {
    element<HTMLButtonElement>("come-in").disabled = false;
  }
  await draw();
}

function arrived(): void {
  clearTimeout(late);
  note("outcome", words.say("circle.trial_arrived"));
}

async function go(one: Membership): Promise<void> {
  try {
    await leave(one, alerts() !== undefined);
    note("outcome", words.say("circle.left"));
  } catch {
    note("outcome", words.say("circle.left_here"));
  }
  await draw();
  if ((await memberships(onPhone)).length === 0) await forgetAll(); // not even an empty store
  element("outcome").focus();
}

function refused(error: unknown): void {
  clearTimeout(late);
  note("outcome", "");
  const code = error instanceof Refused ? error.code : (error as { name?: string }).name === "NotAllowedError" ? "not_allowed" : "no_service";
  note("problem", words.say(words.has(`circle.no_${code}`) ? `circle.no_${code}` : "circle.no_unexpected"));
}

