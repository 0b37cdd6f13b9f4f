/** The page on which a person asks for messages: what comes, who sees what, which zone, then one tap; and why it did not arrive. */
import { memberships, onPhone as circles } from "../circle/member.ts";
import { Refused } from "../staff/ask.ts";
import { config, element, keepOffline, note, put, show, wayOut, words } from "../ui/page.ts";
import { type Pins, onPhone } from "./push.ts";
import { type Offer, ability, leave, mine, offered, subscribe, tryAgain } from "./subscribing.ts";

const LATE_MS = 20_000;

let offer: Offer | undefined;
let late: ReturnType<typeof setTimeout> | undefined;

wayOut();
const ready = keepOffline();
element("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  void ask();
});
element("again").addEventListener("click", () => void again());
element("stop").addEventListener("click", () => void stop());
navigator.serviceWorker?.addEventListener("message", (event: MessageEvent<{ pushed?: string }>) => {
  if (event.data?.pushed === "Test") arrived();
});
void begin();

async function begin(): Promise<void> {
  const can = ability();
  show("home", can === "add_to_home");
  note("cannot", can === "no_push" || can === "blocked" ? words.say(`notify.${can}`) : "");
  show("why", can === "blocked" || mine() !== undefined);
  if (can !== "can") return;
  try {
    offer = await offered();
    zones(offer);
  } catch (error) {
    return refused(error);
  }
  draw();
  await warnOfOtherKeys();
}

function zones(from: Offer): void {
  const chosen = mine()?.zone;
  const choices = from.zones.map(({ id, name }) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "zone", value: id, required: true });
    input.checked = id === chosen || from.zones.length === 1;
    label.className = "choice";
    label.append(input, ` ${name}`);
    return label;
  });
  element("zones").replaceChildren(...choices);
}

function draw(): void {
  show("ask", mine() === undefined);
  show("mine", mine() !== undefined);
  put("zone", offer?.zones.find(({ id }) => id === mine()?.zone)?.name ?? "");
}

async function ask(): Promise<void> {
  const zone = new FormData(element<HTMLFormElement>("ask")).get("zone");
  if (!offer || typeof zone !== "string") return note("problem", words.say("notify.choose_zone"));
  note("problem", "");
  busy(true);
  try {
    await ready;
    await subscribe(offer, zone, pins());
    draw();
    waiting();
  } catch (error) {
    if (mine()) await leave(isShared).catch(() => undefined);
    refused(error);
    draw();
  } finally {
    busy(false);
  }
}

function busy(isBusy: boolean): void {
  element<HTMLButtonElement>("do").disabled = isBusy;
}

function pins(): Pins {
  return {
    city: config.origin,
    keys: (config as { alert_keys?: Record<string, string> }).alert_keys ?? {},
    title: words.say("notify.lock_title"),
    text: words.say("notify.lock_text"),
    page: `/${words.lang}/alerts`,
  };
}

/** Keys that this phone pinned are not changed because a page says so: the person is told. */
async function warnOfOtherKeys(): Promise<void> {
  const kept = mine() && (await onPhone.pins());
  if (kept && JSON.stringify(kept.keys) !== JSON.stringify(pins().keys)) note("problem", words.say("notify.other_keys"));
}

async function again(): Promise<void> {
  try {
    waiting();
    await tryAgain();
  } catch (error) {
    refused(error);
  }
}

function waiting(): void {
  note("outcome", words.say("notify.trial_sent"));
  show("why", false);
  clearTimeout(late);
  late = setTimeout(() => {
    note("outcome", words.say("notify.trial_late"));
    show("why", true);
  }, LATE_MS);
}

function arrived(): void {
  clearTimeout(late);
  show("why", false);
  note("outcome", words.say("notify.trial_arrived"));
}

async function stop(): Promise<void> {
  clearTimeout(late);
  try {
    await leave(isShared);
    note("outcome", words.say("notify.left"));
  } catch {
    note("outcome", words.say("notify.left_here"));
  }
  show("why", false);
  draw();
}

/** Whether a circle goes by the same subscription of the browser. */
async function isShared(): Promise<boolean> {
  return (await memberships(circles)).length > 0;
}

function refused(error: unknown): void {
  clearTimeout(late);
  const code = error instanceof Refused ? error.code : (error as { name?: string }).name === "NotAllowedError" ? "blocked" : "no_service";
  const key = `notify.${code}`;
  note("outcome", "");
  note("problem", words.say(words.has(key) ? key : "notify.failed"));
  show("why", true);
}
