/** The report with script: the same questions without a round trip each, the phone's own area, photo and voice, and a report that waits for a network. */
import { base64url, fromBase64url, randomBytes } from "../crypto/bytes.ts";
import { work } from "../passport/work.ts";
import { thisPhone } from "../phone/device.ts";
import { config, element, keepOffline, note, put, show, wayOut, words } from "../ui/page.ts";
import { offerAloud } from "./aloud.ts";
import { areaOf, type Place } from "./areas.ts";
import { prepareAttachments, type Attachments } from "./attachments.ts";
import { codeOf } from "./code.ts";
import { seal, type Answers } from "./seal.ts";
import { askTicket, send, sendLater, sendWaiting, type Ticket } from "./send.ts";
import { drop, waiting } from "./waiting.ts";

const RETRY_MS = 15_000;
const FIX: PositionOptions = { enableHighAccuracy: false, timeout: 10_000, maximumAge: 120_000 };

const form = element<HTMLFormElement>("report");
const sections = [...form.querySelectorAll<HTMLElement>("[data-step]")];
const steps = sections.map((section) => section.dataset["step"]!);
const places = JSON.parse(element("places").textContent) as readonly Place[];
const key = base64url(randomBytes(32));

let attachments: Attachments | undefined;
let desk: Promise<readonly string[]> | undefined;
let ticket: Promise<Ticket | undefined> | undefined;
let isSending = false;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const pressed = (event as SubmitEvent).submitter as HTMLButtonElement | null;
  if (pressed?.name === "to") onward(pressed.value);
  else if (pressed?.name === "send") void sendIt();
  else if (pressed?.name) answer(pressed.name, pressed.value);
});
addEventListener("popstate", (event) => draw(((event.state as { step?: string } | null)?.step ?? steps[0])!));
addEventListener("online", () => void sendKept());
element("find").addEventListener("click", find);
element("drop").addEventListener("click", () => void dropKept());
wayOut();
void keepOffline();
show("finding", "geolocation" in navigator);
offerAloud(document.querySelectorAll<HTMLElement>(".listen"), spoken);
history.replaceState({ step: current() }, "");
draw(current());
void sendKept();

function current(): string {
  return field("at").value;
}

function field(name: string): HTMLInputElement {
  return form.querySelector<HTMLInputElement>(`input[type="hidden"][name="${name}"]`)!;
}

function chosen(name: string): string {
  if (name === "area") return element<HTMLSelectElement>("area").value;
  if (name === "wearing") return wearing().join(" ");
  return field(name).value;
}

function wearing(): string[] {
  return [...form.querySelectorAll<HTMLInputElement>('input[name="wearing"]:checked')].map((box) => box.value);
}

function answer(name: string, value: string): void {
  field(name).value = value;
  for (const tile of form.querySelectorAll<HTMLElement>(`button[name="${name}"]`)) {
    tile.toggleAttribute("aria-pressed", false);
    if ((tile as HTMLButtonElement).value === value) tile.setAttribute("aria-pressed", "true");
  }
  go(firstOpen());
}

/** Go on to `step`; past an open question only with an answer. */
function onward(step: string): void {
  const at = current();
  const isForward = steps.indexOf(step) > steps.indexOf(at);
  if (isForward && at === "wearing" && wearing().length === 0) form.querySelector<HTMLInputElement>('input[name="wearing"][value="unknown"]')!.checked = true;
  const isOpen = isForward && chosen(at) === "";
  note("problem", isOpen ? words.say("report.choose_first") : "");
  if (isOpen) return element("area").focus();
  go(isForward ? firstOpen() : step);
}

function firstOpen(): string {
  return steps.find((step) => step !== "more" && chosen(step) === "") ?? "more";
}

function go(step: string): void {
  if (step !== current()) history.pushState({ step }, "");
  draw(step);
  form.querySelector<HTMLElement>(`[data-step="${step}"] h1`)!.focus();
  scrollTo(0, 0);
}

function draw(step: string): void {
  field("at").value = step;
  note("problem", "");
  for (const section of sections) section.hidden = section.dataset["step"] !== step;
  for (const name of steps.slice(0, -1)) {
    form.querySelector(`[data-answer="${name}"] span`)!.textContent = toldOf(name);
  }
  if (step === "more") prepareSending();
}

function toldOf(name: string): string {
  if (name === "area") return element<HTMLSelectElement>("area").selectedOptions[0]?.value ? element<HTMLSelectElement>("area").selectedOptions[0]!.text : "";
  const values = name === "wearing" ? wearing() : [chosen(name)];
  return values.filter(Boolean).map((value) => words.say(`report.${name}_${value}`)).join(", ");
}

function spoken(button: HTMLElement): string {
  const section = button.closest("section")!;
  const parts = [section.querySelector("h1")!, ...section.querySelectorAll(".tile span")];
  return parts.map((one) => one.textContent).join(". ");
}

function find(): void {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => found(areaOf(coords, places)),
    () => found(undefined),
    FIX,
  );
}

/** The fix is gone when this is called: only the area's id is left. */
function found(area: string | undefined): void {
  const list = element<HTMLSelectElement>("area");
  if (area !== undefined) list.value = area;
  note("found", area === undefined ? words.say("report.area_absent") : words.say("report.area_is", { area: list.selectedOptions[0]?.text ?? "" }));
}

/** While the person looks at their answers: who it is sealed to, and a place in the slow lane. */
function prepareSending(): void {
  desk ??= deskKeys();
  ticket ??= place();
  attachments ??= prepareAttachments(words);
  void desk.then((recipients) => {
    for (const part of ["photo-part", "voice-part"]) show(part, recipients.length > 0);
    show("absent", recipients.length === 0);
    element<HTMLTextAreaElement>("text").disabled = recipients.length === 0;
  });
}

/** The alert desk's keys, each proven by the log; loaded and asked for while the person answers. */
async function deskKeys(): Promise<readonly string[]> {
  const { alertDesk } = await import("../phone/desk_list.ts");
  return alertDesk(config, thisPhone);
}

async function place(): Promise<Ticket | undefined> {
  const given = await askTicket();
  return given && { ticket: given.ticket, work: await work(given.ticket, given.bits) };
}

async function sendIt(): Promise<void> {
  if (isSending) return;
  const open = firstOpen();
  if (open !== "more") return go(open);
  isSending = true;
  show("sending", true);
  note("problem", "");
  try {
    const body = await seal(answers(), attachments?.taken() ?? {}, config.share_recipient, (await desk) ?? []);
    const sent = await send(body, await ticket);
    ticket = undefined;
    if (sent.is === "refused") refused(sent.code);
    else if (sent.is === "sent") await done("sent");
    else await keepIt(body);
  } catch {
    refused("unexpected");
  } finally {
    isSending = false;
    show("sending", false);
  }
}

function answers(): Answers {
  const { value: text } = element<HTMLTextAreaElement>("text");
  return {
    kind: chosen("kind"), how_many: chosen("how_many"), wearing: wearing(), vehicles: chosen("vehicles"), when: chosen("when"), area: chosen("area"),
    language: document.documentElement.lang, key, text: text.trim(),
  };
}

async function keepIt(body: string): Promise<void> {
  try {
    await sendLater({ id: await codeOf(fromBase64url(key)), body, kept: Date.now() });
    await done("saved");
  } catch {
    refused("unexpected");
  }
}

function refused(code: string): void {
  note("problem", words.say(words.has(`report.no_${code}`) ? `report.no_${code}` : "report.no_unexpected"));
  ticket ??= place();
  element("problem").scrollIntoView({ block: "center" });
}

async function done(how: "sent" | "saved"): Promise<void> {
  attachments?.drop();
  form.reset();
  await told(how, await codeOf(fromBase64url(key)));
  history.replaceState({ step: steps[0] }, "");
  element("done-title").focus();
}

async function told(how: "sent" | "saved", code: string): Promise<void> {
  form.hidden = true;
  put("done-title", words.say(`report.${how}_title`));
  put("done-how", words.say(`report.${how}`));
  put("code", code);
  element("look").querySelector<HTMLInputElement>("input")!.value = code;
  for (const part of ["done-open", "drop"]) show(part, how === "saved");
  show("look", how === "sent");
  show("done", true);
}

/** What an earlier visit or this one left waiting. Where something waits, the page says so instead of asking anew. */
async function sendKept(): Promise<void> {
  const before = await waiting(Date.now()).catch(() => []);
  if (before.length === 0) return;
  const code = before.at(-1)!.id;
  await told("saved", code);
  const left = await sendWaiting(Date.now()).catch(() => before.length);
  if (left === 0) return told("sent", code);
  setTimeout(() => void sendKept(), RETRY_MS);
}

async function dropKept(): Promise<void> {
  for (const one of await waiting(Date.now())) await drop(one.id);
  put("done-title", words.say("report.dropped"));
  put("done-how", "");
  for (const part of ["done-open", "drop", "done-code", "look"]) show(part, false);
}
