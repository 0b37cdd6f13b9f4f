/** Tell somebody's circle with code words, from any browser. It tells; it opens nothing, starts nothing and reads nothing. */
import { base64url } from "../crypto/bytes.ts";
import { readWords, WordsWrong } from "../crypto/words.ts";
import { post, Refused } from "../staff/ask.ts";
import { element, note, show, wayOut, words } from "../ui/page.ts";
import { type Opened, openWith } from "./code_words.ts";
import { newNumber } from "./keys.ts";
import type { Reached } from "./mine.ts";
import { sign, type Word } from "./said.ts";
import { offerSms } from "./sms.ts";

const CANCEL_S = 3;

let opened: Opened | undefined;
let number = "";
let tick: ReturnType<typeof setInterval> | undefined;

wayOut(() => stop());
element("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  void read();
});
element("cancel").addEventListener("click", () => {
  stop();
  note("outcome", words.say("circle.words_stopped"));
  show("ask", true);
  element("typed").focus();
});
element("back").addEventListener("click", () => void takeBack());
void offerSms(element<HTMLAnchorElement>("sms"), words.say("circle.sms_body_about"));

async function read(): Promise<void> {
  const field = element<HTMLTextAreaElement>("typed");
  note("problem", "");
  note("outcome", words.say("circle.working"));
  try {
    opened = await openWith(await readWords(field.value));
    field.value = "";
    note("outcome", "");
    countDown();
  } catch (error) {
    refused(error);
  }
}

/** The words open nothing before the three seconds are over. */
function countDown(): void {
  let left = CANCEL_S;
  const say = (): void => note("counting", words.say("circle.tap_in", { n: words.number(left) }));
  show("ask", false);
  show("sending", true);
  say();
  element("cancel").focus();
  tick = setInterval(() => {
    left -= 1;
    if (left > 0) return say();
    clearInterval(tick);
    show("sending", false);
    void tell();
  }, 1000);
}

async function tell(): Promise<void> {
  note("outcome", words.say("circle.tap_telling"));
  number = newNumber();
  try {
    const reached = await say("tell");
    note("outcome", words.say(`circle.words_${reached}`, { time: new Date().toLocaleTimeString(words.lang, { hour: "2-digit", minute: "2-digit" }) }));
    show("told-part", reached !== "nobody");
    show("ask", reached === "nobody");
    element("outcome").focus();
  } catch (error) {
    show("ask", true);
    refused(error);
  }
}

async function takeBack(): Promise<void> {
  try {
    const reached = await say("false_alarm");
    note("outcome", words.say(reached === "everybody" ? "circle.taken_back" : `circle.reached_${reached}`));
    show("told-part", false);
    stop();
    element("outcome").focus();
  } catch (error) {
    refused(error);
  }
}

async function say(kind: Word): Promise<Reached> {
  const { door, seed } = opened!;
  const wire = await sign(seed, kind, number, Math.floor(Date.now() / 1000));
  return (await post<{ reached: Reached }>("/circle/tell", { door: base64url(door), ...wire })).reached;
}

/** Forget what the words opened. */
function stop(): void {
  clearInterval(tick);
  opened = undefined;
  show("sending", false);
}

function refused(error: unknown): void {
  note("outcome", "");
  const code = error instanceof WordsWrong ? "circle_words_unknown" : error instanceof Refused ? error.code : "";
  const wait = error instanceof Refused ? error.wait : 0;
  note("problem", words.say(words.has(`circle.no_${code}`) ? `circle.no_${code}` : "circle.no_unexpected", { n: words.number(wait) }));
}
