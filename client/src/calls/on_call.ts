/**
 * The lawyer's side: duty, what rings, the talk. While somebody is on duty this page holds their key, so that a ring is answered with one
 * press, above a locked page too: who waits for a call does nothing else for hours. Off duty or closed, it is gone. Who passes a call on
 * keeps nothing of it.
 */
import { bech32 } from "@scure/base";
import { base64url, fromBase64url, randomBytes, sha256, wipe, type Bytes } from "../crypto/bytes.ts";
import { recipientOf } from "../crypto/envelope.ts";
import { post } from "../staff/ask.ts";
import { isCallWhile } from "../staff/going_on.ts";
import { askNow, isAsking, standAside } from "../staff/unlocked.ts";
import { after, firstOf } from "../ui/ending.ts";
import { element, note, put, show } from "../ui/page.ts";
import { Sentences } from "../ui/sentences.ts";
import { ask, askOn, bearer, CallRefused, COMES_BACK, listen, mayListen } from "./ask.ts";
import { lineTold, loadWords, muteTold, onTheLine, overTold, Writing, type CallWords } from "./parts.ts";
import { Played } from "./played.ts";
import { listenerIdentity, openFor, shiftCapability, shiftDay } from "./sealed.ts";
import { Talk } from "./talk.ts";

interface Ring {
  readonly call: string;
  readonly language: string;
  readonly place: string;
  readonly kind: string;
  readonly card: string;
  readonly passes_on_s: number;
}

interface DutyTold {
  readonly until_s: number;
  readonly from_s: number;
  readonly ring: Ring | null;
  readonly on: string;
  readonly waiting: number;
  readonly kept: string;
}

export interface Desk {
  /** The lawyer's identity; asks for it where it is locked. */
  identity(): Promise<string>;
  readonly name: string;
  /** Show the recording's sheet beside the call. */
  openBeside(recording: string): Promise<void>;
}

const role = element("on-call").dataset["role"] === "listener" ? "listener" : "lawyer";
const DAY_MS = 86_400_000;
const BACK_MS = 30_000;
const MIDWORD_MS = 1_000;
const LOOK_MS = 300;
const told = JSON.parse(element("call-words").textContent) as CallWords;
const words = new Sentences(document.documentElement.lang, told.strings);

let desk: Desk;
let identity = "";
let shift: Bytes | undefined;
let over = new AbortController();
let kept = "";
let ring: Ring | undefined;
let isAnswering = false;
let typedAt = -Infinity;
let deafUntil = 0;
let card: { area: string; recording: string } | undefined;
let talk: Talk | undefined;
let played: Played | undefined;
let way = "";
let language = words.lang;
let bell: ReturnType<typeof setInterval> | undefined;
let writing: Writing | undefined;

/** Make the section work. `where` is the desk's page around it. */
export function prepareOnCall(where: Desk): void {
  desk = where;
  const press: Readonly<Record<string, () => Promise<void>>> = {
    "duty-end": endDuty, "duty-free": free, "ring-answer": answer, "ring-conflict": passOn, "ring-pass": passOn, "talk-end": hangUp,
    "talk-mute": mute, "talk-picture": picture, "talk-invite": () => invite("interpreter"), "talk-invite-lawyer": () => invite("lawyer"), "talk-jail": jail,
    "talk-unlock": async () => askNow(),
  };
  for (const [id, act] of Object.entries(press)) element(id).addEventListener("click", () => void attempt(act));
  element("duty-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(beginDuty);
  });
  isCallWhile(() => talk !== undefined || ring !== undefined || isAnswering);
  document.addEventListener("keydown", keyed, true);
  for (const event of ["asks-for-keys", "signed-in"]) document.addEventListener(event, asked);
  element("ring").addEventListener("cancel", (event) => event.preventDefault()); // a reflex must not pass somebody on
}

/** Off duty here, and nothing of it stays in the page. */
export function leaveOnCall(): void {
  talk?.leave();
  over.abort();
  stopRinging();
  if (shift) wipe(shift);
  identity = kept = "";
  shift = undefined;
}

function keyed(event: KeyboardEvent): void {
  const acts: Readonly<Record<string, () => Promise<void>>> = { a: answer, x: passOn, n: passOn };
  const act = acts[event.key];
  if (event.key.length === 1 && event.target instanceof Element && event.target.matches("input, textarea")) typedAt = performance.now();
  if (!act || !ring || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  if (performance.now() < deafUntil) return;
  void attempt(act);
}

// --- duty -------------------------------------------------------------------------------------------------------------------

async function beginDuty(): Promise<void> {
  const chosen = (name: string): string[] => [...document.querySelectorAll<HTMLInputElement>(`#duty-form input[name=${name}]:checked`)].map((one) => one.value);
  const own = await desk.identity();
  const seed = new Uint8Array(bech32.decodeToBytes(own.toLowerCase()).bytes);
  const day = await dayOf(seed);
  shift = await shiftCapability(seed, day);
  identity = role === "listener" ? await listenerIdentity(seed, day) : own;
  wipe(seed);
  const [from, until] = [secondsTo("duty-from"), secondsTo("duty-until")];
  const recipient = role === "listener" ? await recipientOf(identity) : "";
  const asked = { role, recipient, languages: chosen("languages"), places: chosen("places"), kinds: chosen("kinds"), from_s: from > until ? 0 : from, until_s: until };
  const begun = await post<DutyTold>("/calls/duty", { digest: base64url(await sha256(shift)), ...asked });
  element<HTMLDetailsElement>("duty-open").open = false;
  over.abort();
  over = new AbortController();
  const mine = shift;
  const hearing = { heard: (one: DutyTold) => heard(one), refused: (code: string) => refused(code, mine), line: (isHeard: boolean) => isHeard || put("duty-state", words.say("call.duty_unheard")) };
  heard(begun);
  void listen<DutyTold>("/calls/shift/events", () => bearer(mine), hearing, over.signal);
}

/** Today; yesterday where another device of theirs is still on duty since then. */
async function dayOf(seed: Bytes): Promise<number> {
  const today = shiftDay(Date.now());
  const before = await shiftCapability(seed, today - 1);
  const isOn = await mayListen("/calls/shift/events", before);
  wipe(before);
  return isOn ? today - 1 : today;
}

/** Seconds until the next time the clock shows what the field says; 0 for an empty one. */
function secondsTo(id: string): number {
  const text = element<HTMLInputElement>(id).value;
  if (!text) return 0;
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  const now = Date.now();
  const then = new Date(now).setHours(hours, minutes, 0, 0);
  return Math.round((then > now ? then - now : then + DAY_MS - now) / 1000);
}

async function endDuty(): Promise<void> {
  const mine = shift;
  if (mine) await ask("/calls/shift/end", {}, mine);
  if (!talk) leaveOnCall();
  offDuty();
}

async function free(): Promise<void> {
  if (shift) await ask("/calls/shift/free", {}, shift);
}

function offDuty(): void {
  over.abort();
  stopRinging();
  put("duty-state", words.say("call.off_duty"));
  show("duty-end", false);
  show("duty-free", false);
}

function heard(now: DutyTold): boolean {
  kept = now.kept;
  if (now.until_s <= 0) {
    offDuty();
    return false;
  }
  const until = new Date(Date.now() + now.until_s * 1000).toLocaleTimeString(words.lang, { timeStyle: "short" });
  const from = new Date(Date.now() + now.from_s * 1000).toLocaleTimeString(words.lang, { timeStyle: "short" });
  const state = now.from_s > 0 ? words.say("call.duty_later", { from, until }) : words.say("call.on_duty", { until });
  put("duty-state", now.waiting > 0 ? `${state} ${words.count("call.duty_waiting", now.waiting)}` : state);
  show("duty-end", true);
  show("duty-free", now.on !== "" && !talk);
  if (now.ring && now.ring.call !== ring?.call && !isAnswering) void rings(now.ring);
  if (!now.ring) stopRinging();
  return true;
}

async function refused(code: string, mine: Bytes): Promise<boolean> {
  if (code !== "not_on_duty" || !kept || over.signal.aborted) return false;
  try {
    heard(await askOn<DutyTold>("/calls/shift/resume", { kept }, mine, over.signal));
    return true;
  } catch {
    offDuty();
    return false;
  }
}

// --- what rings -------------------------------------------------------------------------------------------------------------

async function rings(now: Ring): Promise<void> {
  ring = now;
  const said = await openFor(identity, now.card, now.call);
  if (ring !== now) return;
  card = { area: String(said?.["area"] ?? ""), recording: String(said?.["recording"] ?? "") };
  const place = card.area ? `${card.area}, ${told.places[now.place] ?? ""}` : (told.places[now.place] ?? now.place);
  put("ring-text", words.say("call.rings", { language: told.languages[now.language] ?? now.language, place, kind: words.say(`call.kind_${now.kind}`) }));
  raise();
  sound();
  bell = setInterval(sound, 2000);
}

/** What rings stands above a question; on a call there is a way to it. */
function asked(): void {
  raise();
  show("talk-unlock", talk !== undefined && isAsking());
}

/** Above everything, a locked desk too. */
function raise(): void {
  if (!ring) return;
  const dialog = element<HTMLDialogElement>("ring");
  dialog.close();
  dialog.showModal();
  // A word that is half written must neither answer nor pass on.
  const isWriting = performance.now() - typedAt < MIDWORD_MS;
  if (isWriting) deafUntil = performance.now() + MIDWORD_MS;
  element(isWriting ? "ring-title" : "ring-answer").focus();
}

/** Nothing of what rang stays. */
function stopRinging(): void {
  clearInterval(bell);
  element<HTMLDialogElement>("ring").close();
  put("ring-text", "");
  ring = card = undefined;
}

function sound(): void {
  const speaker = new AudioContext();
  for (const [at, pitch] of [[0, 660], [0.25, 880]] as const) {
    const voice = speaker.createOscillator();
    voice.frequency.value = pitch;
    voice.connect(speaker.destination);
    voice.start(speaker.currentTime + at);
    voice.stop(speaker.currentTime + at + 0.2);
  }
  setTimeout(() => void speaker.close(), 1000);
}

async function passOn(): Promise<void> {
  const [now, mine] = [ring, shift];
  if (!now || !mine) return;
  stopRinging();
  await askOn("/calls/decline", { call: now.call }, mine, soon(), COMES_BACK);
}

async function answer(): Promise<void> {
  const [now, mine, about] = [ring, shift, card];
  if (!now || !mine || isAnswering) return; // one who presses twice answers once
  stopRinging();
  isAnswering = true;
  if (isAsking()) void standAside();
  try {
    await take(now, mine, Boolean(about?.recording));
  } finally {
    isAnswering = false;
  }
  element("talk-title").focus();
  if (about?.recording) await openBeside(about.recording);
}

/** The recording of this call, beside it; behind a locked page as soon as somebody signed in. */
async function openBeside(recording: string): Promise<void> {
  const now = talk;
  while (isAsking() && talk === now) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  if (talk === now) await desk.openBeside(recording);
}

async function take(now: Ring, mine: Bytes, isRecorded: boolean): Promise<void> {
  const microphone = navigator.mediaDevices.getUserMedia({ audio: true }).then((stream) => stream.getAudioTracks()[0], () => undefined);
  const capability = randomBytes(32);
  const taken = await askOn<{ offer: string; you: number }>("/calls/answer", { call: now.call, digest: base64url(await sha256(capability)) }, mine, soon(), COMES_BACK);
  const said = await openFor(identity, taken.offer, now.call);
  if (typeof said?.["secret"] !== "string") throw new CallRefused("not_for_us");
  begin(new Talk({ call: now.call, capability, secret: fromBase64url(said["secret"]), me: taken.you }, {
    role, name: desk.name, microphone: await microphone, camera, isHidden: element<HTMLInputElement>("duty-hidden").checked,
  }), isRecorded);
  language = now.language;
}

/** A node that is on its way back is waited for, and not for ever. */
const soon = (): AbortSignal => firstOf(over.signal, after(BACK_MS));

async function camera(): Promise<MediaStreamTrack | undefined> {
  return navigator.mediaDevices.getUserMedia({ video: true }).then((stream) => stream.getVideoTracks()[0], () => undefined);
}

// --- the talk ---------------------------------------------------------------------------------------------------------------

function begin(made: Talk, isRecorded: boolean): void {
  talk = made;
  played = new Played(made, false);
  played.sound.volume = 1;
  writing = new Writing(() => talk, words);
  element("talk-writing").replaceChildren(writing.place);
  element("talk-films").replaceChildren(played.sound, played.picture);
  note("talk-consent", isRecorded ? `${words.say("call.recorded_there")} ${told.consent}` : words.say("call.unrecorded"));
  show("talk", true);
  for (const id of ["duty-free", "call-over"]) show(id, false);
  asked();
  made.addEventListener("change", draw);
  made.listen();
  draw();
}

function draw(): void {
  if (!talk) return;
  if (talk.isOver) return ended(talk);
  put("talk-people", onTheLine(talk, words) || words.say("call.answering"));
  const relay = talk.line === "lost" && !talk.hasRelay ? ` ${words.say("call.no_relay")}` : "";
  put("talk-line", [lineTold(talk, words) + relay, way].filter(Boolean).join(" "));
  if (talk.line === "open") void tellWay(talk);
  else way = "";
  // The caller says hello after their phone has told them who answers.
  if (talk.people.size > 0 && !talk.isSoundOpen) {
    talk.openSound();
    played?.open();
  }
  put("talk-mute", muteTold(talk, words));
  put("talk-picture", words.say(talk.wantsPicture ? "call.picture_off" : "call.picture"));
  played!.picture.hidden = !talk.wantsPicture;
  writing!.draw(talk);
}

/** Whether sound goes over the relay or directly. */
async function tellWay(now: Talk): Promise<void> {
  const isRelayed = await now.isRelayed();
  const told = isRelayed === undefined ? "" : words.say(isRelayed ? "call.by_relay" : "call.by_none");
  if (talk !== now || told === way) return;
  way = told;
  draw();
}

function ended(over: Talk): void {
  played?.drop();
  talk = played = undefined;
  if (element("talk").contains(document.activeElement)) element("on-call-title").focus(); // who writes on the sheet writes on
  for (const id of ["talk", "invited"]) show(id, false);
  element("talk-writing").replaceChildren();
  element("talk-films").replaceChildren();
  note("call-over", overTold(over, words));
}

async function hangUp(): Promise<void> {
  talk?.leave();
}

async function mute(): Promise<void> {
  talk?.mute(!talk.isMuted);
}

async function picture(): Promise<void> {
  talk?.wantPicture(!talk.wantsPicture);
}

/** The warning about telephones of a prison, in the caller's language, with one press. */
async function jail(): Promise<void> {
  const theirs = await loadWords(language).catch(() => ({ words }));
  talk?.write(theirs.words.say("call.jail_text"));
}

/** Let somebody in: a link that is handed to them, and everybody is told before they come. */
async function invite(role: "interpreter" | "lawyer"): Promise<void> {
  if (!talk) return;
  const capability = randomBytes(32);
  const { number } = await talk.end.ask<{ number: number }>("invite", { role, digest: base64url(await sha256(capability)) });
  talk.invited(number, role);
  const link = `${location.origin}/${words.lang}/join#${[talk.end.call, base64url(talk.end.secret), base64url(capability), number, role].join(".")}`;
  show("invited", true);
  const field = element<HTMLInputElement>("invite-link");
  field.value = link;
  field.focus();
  field.select();
}

async function attempt(act: () => Promise<void>): Promise<void> {
  note("call-problem", "");
  try {
    await act();
  } catch (error) {
    const code = (error as { code?: string }).code ?? "unexpected";
    if (error instanceof Error && error.constructor.name === "NotUnlocked") return;
    note("call-problem", words.say(words.has(`call.no_${code}`) ? `call.no_${code}` : "call.no_unexpected"));
  }
}

