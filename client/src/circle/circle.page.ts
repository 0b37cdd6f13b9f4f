/** My circle: make it, see how it stands, open its list with the code words, end it. Names and links are in this page's memory alone. */
import { draw, readWords, WordsWrong } from "../crypto/words.ts";
import { Refused } from "../staff/ask.ts";
import { element, keepOffline, listItems, note, put, show, wayOut, words } from "../ui/page.ts";
import { twice } from "../ui/twice.ts";
import { shortNumber } from "./keys.ts";
import { ListView } from "./list_view.ts";
import { begin, changeWords, circleKey, end, forget, isThere, type List, look, openList, OtherWords, takeBack, tell } from "./mine.ts";
import { offerSms } from "./sms.ts";

const ASK_AGAIN_MS = 5_000;
const LOOK_AGAIN_MS = 20_000;
const SHORT_S = 3 * 24 * 3600;

let list: ListView | undefined;
let again: ReturnType<typeof setTimeout> | undefined;

wayOut(() => close());
void keepOffline();
element("make").addEventListener("click", () => void attempt(makeOne));
element("opening").addEventListener("submit", (event) => {
  event.preventDefault();
  void attempt(openWithWords);
});
element("close").addEventListener("click", () => {
  close();
  void stand();
});
element("back").addEventListener("click", () => void attempt(async () => told(await takeBack(), "circle.taken_back")));
element("trial").addEventListener("click", () => void attempt(async () => told(await tell("trial"), "circle.trial_sent")));
twice({ button: element("end"), word: element("end"), again: words.say("circle.end_again"), act: () => void attempt(endIt) });
twice({ button: element("new-words"), word: element("new-words"), again: words.say("circle.new_words_again"), act: () => void attempt(otherWords) });
const have = element("words-have");
twice({ button: have, word: have, again: words.say("circle.words_again"), act: copied });
element("words-print").addEventListener("click", () => window.print());
void stand();
void offerSms(element<HTMLAnchorElement>("sms"), words.say("circle.sms_body"));

/** Show what there is. */
async function stand(): Promise<void> {
  show("none", !isThere());
  show("mine", isThere() && !list);
  show("list", list !== undefined);
  if (!isThere()) return nothing();
  put("number", words.say("circle.number", { number: await shortNumber(await circleKey()) }));
  try {
    const seen = await look();
    kept(seen.until);
    uses(seen.uses);
    list?.draw(seen.taken);
  } catch (error) {
    refused(error);
  }
}

function nothing(): void {
  clearTimeout(again);
  note("short", "");
}

/** For half a year, or until tomorrow: that has to be seen wherever on the page somebody is. An open page goes on asking for more. */
function kept(until: number): void {
  clearTimeout(again);
  const isShort = until < Date.now() / 1000 + SHORT_S;
  note("standing", isShort ? "" : words.say("circle.kept"));
  note("short", isShort ? words.say("circle.kept_short", { time: clock(until) }) : "");
  if (isShort) again = setTimeout(() => void lookAgain(), LOOK_AGAIN_MS);
}

async function lookAgain(): Promise<void> {
  try {
    kept((await look()).until);
  } catch {
    // what is wrong is said when a person does something
  }
}

function clock(time: number): string {
  return new Date(time * 1000).toLocaleString(words.lang, { dateStyle: "medium", timeStyle: "short" });
}

function uses(times: readonly number[]): void {
  const said = times.map(clock);
  listItems("uses", [...said].reverse());
  put("used", words.say(times.length ? "circle.used" : "circle.never_used"));
}

async function makeOne(): Promise<void> {
  const make = element<HTMLButtonElement>("make");
  make.disabled = true;
  try {
    const drawn = await draw();
    opened(await begin(drawn, askAgain));
    showWords(drawn);
  } finally {
    make.disabled = false;
  }
}

/** A node that is being flooded lets in whoever asks when there is room: this page goes on asking, a person need not. */
async function askAgain(): Promise<void> {
  note("working", words.say("circle.asking"));
  await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
}

async function openWithWords(): Promise<void> {
  const field = element<HTMLTextAreaElement>("typed");
  const typed = await readWords(field.value);
  field.value = "";
  opened(await openList(typed));
  const standing = stand();
  element("list-title").focus();
  await standing;
}

async function otherWords(): Promise<void> {
  const drawn = await draw();
  opened(await changeWords(list!.list, drawn));
  showWords(drawn);
}

function opened(found: List): void {
  list ??= new ListView(found, attempt, () => void stand());
  list.list = found;
}

function showWords(drawn: readonly string[]): void {
  for (const id of ["none", "mine", "list"]) show(id, false);
  listItems("words", drawn);
  show("words-part", true);
  element("words-title").focus();
}

function copied(): void {
  element("words").replaceChildren();
  show("words-part", false);
  void stand(); // what stands is shown at once; to wait for the node would take the focus from who is typing
  element("list-title").focus();
}

async function endIt(): Promise<void> {
  await end().catch((error: unknown) => {
    if (!(error instanceof Refused) || error.code !== "circle_unknown") throw error;
    forget();
  });
  close();
  await stand();
  note("outcome", words.say("circle.ended"));
}

function close(): void {
  note("outcome", ""); // it may name somebody
  list?.clear();
  list = undefined;
}

function told(reached: string, sentence: string): void {
  note("outcome", words.say(reached === "everybody" ? sentence : `circle.reached_${reached}`));
}

/** Do it; say what went wrong. */
async function attempt(act: () => Promise<void>): Promise<void> {
  note("problem", "");
  note("outcome", "");
  note("working", words.say("circle.working"));
  try {
    await act();
  } catch (error) {
    refused(error);
  } finally {
    note("working", "");
  }
}

function refused(error: unknown): void {
  const code = error instanceof WordsWrong || error instanceof OtherWords ? "other_words" : error instanceof Refused ? error.code : ((error as Error).name ?? "");
  const key = `circle.no_${code}`;
  note("problem", words.say(words.has(key) ? key : "circle.no_unexpected"));
}
