/** My passport: open it, see what is left, vouch, try a token, renew, get ready for the next week, leave. Until it is open, the page is the same for everybody. */
import { config, element, keepOffline, note, put, show, wayOut, words } from "../ui/page.ts";
import { twice } from "../ui/twice.ts";
import { tryOne, vouch } from "./ask_passport.ts";
import { ensure } from "./box.ts";
import { EPOCH_S } from "./keys.ts";
import { answersOf, ask, attempt, copyQuestions } from "./form_parts.ts";
import { Moment } from "./moment.ts";
import { leave, Passport } from "./passport.ts";

/** How long the page may be out of sight before it closes by itself. */
const UNSEEN_MS = 30_000;
/** How often an open page looks whether the week is over. */
const LOOK_MS = 30_000;

let passport: Passport | undefined;
let unseen: ReturnType<typeof setTimeout> | undefined;
const fetching = new Moment();
let due: () => void = () => undefined;

void ensure();
void keepOffline();
wayOut(close);
onSubmit("unlock", () => {
  const field = element<HTMLInputElement>("typed");
  const typed = field.value;
  field.value = "";
  return open(typed);
});
onSubmit("renew", async () => {
  const answers = answersOf(element("renew"));
  if (!answers) return;
  note("problem", "");
  soon(answers);
  state();
  element("fetching-title").focus();
});
onSubmit("ready", async () => {
  const answers = answersOf(element("ready"), 1);
  if (answers && (await withOpen((mine) => mine.getReady(answers)))) state("ready");
});
element("fetch-now").addEventListener("click", () => due());
setInterval(look, LOOK_MS);
onSubmit("vouch", vouchForOne);
onSubmit("replace", async () => {
  const answers = answersOf(element("replace"));
  const training = element<HTMLInputElement>("training");
  const isDone = answers && (await withOpen((mine) => mine.replace(config, answers, training.value)));
  if (!isDone) return;
  training.value = "";
  state("replaced");
});
element("try").addEventListener("click", () => void spendOne());
element("close").addEventListener("click", close);
twice({ button: element("leave"), word: element("leave"), again: words.say("passport.again"), act: () => void goAway() });
document.addEventListener("visibilitychange", () => {
  clearTimeout(unseen);
  if (document.hidden) unseen = setTimeout(close, UNSEEN_MS);
});

async function open(passphrase: string): Promise<void> {
  if (!element("working").hidden) return;
  const isOpen = await attempt(async () => {
    passport = await Passport.open(passphrase);
  });
  if (!isOpen) return element<HTMLInputElement>("typed").focus();
  show("unlock", false);
  show("ways", false);
  show("held", true);
  state();
  element("held-title").focus();
  look();
}

/**
 * Do something with the open passport, one thing at a time. Whether it went well and the passport is open still: who closed it meanwhile is
 * told no more of it, and what waited for the network gives up.
 */
async function withOpen(act: (mine: Passport) => Promise<void>): Promise<boolean> {
  const mine = passport;
  if (!mine) return false;
  if (!element("working").hidden) {
    element("working").scrollIntoView({ block: "center" });
    return false;
  }
  return attempt(() => act(mine), () => passport === mine);
}

/** Where the week is over and the answers for the new one are kept, the rest goes by itself. */
function look(): void {
  if (!passport?.ready || !passport.isToRenew || fetching.isAhead || !element("working").hidden) return;
  soon(passport.ready);
  state();
}

/** Fetch this week's tokens at a moment drawn at random. */
function soon(answers: readonly number[]): void {
  due = () => void renew(answers);
  fetching.set(() => due());
}

/** Where something else is under way as the moment comes, another one is drawn: an answer that was given is never forgotten. */
async function renew(answers: readonly number[]): Promise<void> {
  if (!element("working").hidden) return soon(answers);
  fetching.drop();
  show("fetching", false);
  const isHere = await withOpen((mine) => mine.renew(config, answers, element<HTMLInputElement>("training-again").value));
  if (passport) state(isHere ? "renewed" : undefined);
  look();
}

/** Draw what is held. `said`: what has just happened, in a word. */
function state(said?: "renewed" | "ready" | "replaced"): void {
  const mine = passport!;
  put("role", words.say(`passport.role_${mine.role}`));
  put("week", new Date((mine.epoch + 1) * EPOCH_S * 1000).toLocaleDateString(words.lang, { dateStyle: "long", timeZone: "UTC" }));
  put("left", words.number(mine.left("member") + (mine.role === "member" ? 0 : mine.left(mine.role))));
  put("vouches", words.number(mine.left("voucher")));
  show("fetching", fetching.isAhead);
  show("renew", mine.isToRenew && !fetching.isAhead);
  show("ready", !mine.isToRenew && !mine.isOver && !mine.isReady);
  show("is-ready", mine.isReady && mine.isOfNow);
  show("code-again", mine.isTrainingAsked);
  ask(element("renew"));
  for (const place of ["ready-cards", "replace-cards"]) copyQuestions(element("renew"), element(place));
  ask(element("ready"), 1);
  ask(element("replace"));
  show("replace", mine.isBurnt);
  show("vouch", mine.left("voucher") > 0);
  show("trying", mine.left(mine.role) > 0);
  note("state", words.say(said === "renewed" || said === "replaced" ? `passport.${said}` : `passport.state_${standing(mine)}`));
  if (said) element("state").focus();
}

function standing(mine: Passport): "now" | "over" | "fetching" | "waiting" | "renew" | "burnt" | "swapped" {
  if (mine.isOver) return "over";
  if (fetching.isAhead) return "fetching";
  if (mine.isBurnt) return "burnt";
  if (mine.isWaiting || (mine.isOfNow && mine.isToRenew)) return "waiting";
  if (!mine.isOfNow) return "renew";
  return mine.isSwapped ? "swapped" : "now";
}

async function vouchForOne(): Promise<void> {
  show("vouched", false);
  let code = "";
  const isDone = await withOpen(async (mine) => {
    code = await mine.spend("voucher", vouch);
  });
  if (passport) state();
  if (!isDone) return;
  put("vouch-code", code);
  show("vouched", true);
  element<HTMLInputElement>("met").checked = false;
}

async function spendOne(): Promise<void> {
  let tried = "";
  const isDone = await withOpen(async (mine) => {
    const saw = await mine.spend(mine.role, tryOne);
    tried = words.say("passport.tried", { role: words.say(`passport.role_${saw.role}`), cohort: words.number(saw.cohort) });
  });
  if (!passport) return;
  state();
  if (!isDone) return;
  note("state", tried);
  element("state").focus();
}

async function goAway(): Promise<void> {
  await leave();
  close();
  note("problem", words.say("passport.left_it"));
}

/** Forget what was open. */
function close(): void {
  fetching.drop();
  passport = undefined;
  show("working", false);
  for (const part of ["held", "vouched", "replace", "fetching"]) show(part, false);
  for (const place of ["role", "week", "left", "vouches", "vouch-code"]) put(place, "");
  for (const field of ["training", "training-again"]) element<HTMLInputElement>(field).value = "";
  note("state", "");
  note("problem", "");
  show("unlock", true);
  show("ways", true);
}

function onSubmit(form: string, act: () => Promise<void>): void {
  element(form).addEventListener("submit", (event) => {
    event.preventDefault();
    void act();
  });
}

