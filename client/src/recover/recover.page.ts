/** My recovery words: find the recording, see what happened to it, open, take, share or erase it. The words never leave this page. */
import { provenKeys, type DeskKeys } from "../crypto/desk.ts";
import { readWords, typedWords } from "../crypto/words.ts";
import { makeActs } from "../evidence/history.ts";
import { acts, type Act } from "../evidence/notes.ts";
import { members } from "../evidence/stored_zip.ts";
import { makeFact } from "../ui/make.ts";
import { config, element, note, show, wayOut, words } from "../ui/page.ts";
import { twice } from "../ui/twice.ts";
import { fileName, open, type Opened } from "./films.ts";
import { isRecipient, Owner, OwnerError } from "./owner.ts";
import { makeFilm, makeRecipient, type Role } from "./recover_parts.ts";

let owner: Owner | undefined;
let copy: Blob | undefined;
let desk: readonly string[] = [];

element("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  void find();
});
element("play").addEventListener("click", () => void play());
element("download").addEventListener("click", () => void attempt(download));
element("add").addEventListener("submit", (event) => {
  event.preventDefault();
  void add();
});
twice({ button: element("erase"), word: element("erase"), again: words.say("recover.erase_again"), act: () => void attempt(erase) });
element("close").addEventListener("click", () => {
  owner?.forget();
  location.reload();
});
wayOut(() => owner?.forget());

async function find(): Promise<void> {
  const field = element<HTMLTextAreaElement>("typed");
  const typed = await wordsOf(field.value);
  field.setAttribute("aria-invalid", String(!typed));
  if (!typed) return field.focus();
  show("working", true);
  try {
    owner = await Owner.find(typed);
    field.value = "";
    found(owner);
  } catch (error) {
    note("problem", words.say(`recover.${faultOf(error)}`));
    field.focus();
  } finally {
    show("working", false);
  }
}

async function wordsOf(text: string): Promise<string[] | undefined> {
  const typed = typedWords(text);
  if (typed.length !== 7) {
    note("problem", words.say("recover.need_seven", { n: words.number(typed.length) }));
    return undefined;
  }
  try {
    const read = await readWords(text);
    note("problem", "");
    return read;
  } catch {
    note("problem", words.say("recover.not_listed"));
    return undefined;
  }
}

function found({ standing, recipients }: Owner): void {
  show("ask", false);
  show("found", true);
  const until = new Date(standing.retained_until * 1000).toLocaleDateString(words.lang, { dateStyle: "long", timeZone: "UTC" });
  const covered = standing.covered_seq === null || standing.covered_seq < 0 ? words.say("recover.none") : words.number(standing.covered_seq + 1);
  element("facts").replaceChildren(
    ...makeFact(words.say("recover.state"), words.say(`recover.state_${standing.closed}`)),
    ...makeFact(words.say("recover.pieces"), words.number(standing.next)),
    ...makeFact(words.say("recover.covered"), covered),
    ...(standing.bytes === undefined ? [] : makeFact(words.say("recover.size"), megabytes(standing.bytes))),
    ...makeFact(words.say("recover.retained"), until),
  );
  void drawRecipients(recipients);
  element("found-title").focus();
}

async function play(): Promise<void> {
  element<HTMLButtonElement>("play").disabled = true;
  show("opening", true);
  await attempt(async (own) => {
    const parts = await members(await sealedCopy(own));
    const reader = await own.reader();
    const history = await acts(parts.get("notes.bin")!, reader.custodySeed, own.header.recordingId);
    const opened = await open(parts.get("chunks.bin")!, reader, (share) => (element<HTMLProgressElement>("opened").value = share));
    drawOpened(opened, history, own);
  });
  show("opening", false);
  element<HTMLButtonElement>("play").disabled = false;
}

function drawOpened(opened: Opened, history: readonly Act[], own: Owner): void {
  const kinds: Record<string, string> = { rehearsal: "recover.rehearsal", import: "recover.imported" };
  const told = [opened.isWhole ? "" : words.say("recover.partly"), words.say(kinds[String(opened.start["kind"])] ?? "")];
  note("outcome", told.filter(Boolean).join(" "));
  element("films").replaceChildren(...opened.films.map((film, place) => makeFilm(film, fileName(film, place), partOf(place, opened.films.length), words)));
  element("acts").replaceChildren(...makeActs(history, words));
  show("acts-part", history.length > 0);
  show("play", false);
  show("player", true);
  void drawRecipients(own.fromStart(opened.start));
}

/** A recording that changed its quality has several films: each says which it is. */
function partOf(place: number, of: number): string {
  return of > 1 ? words.say("recover.part", { n: words.number(place + 1), of: words.number(of) }) : "";
}

async function sealedCopy(own: Owner): Promise<Blob> {
  copy ??= await own.sealed((bytes) => {
    const size = own.standing.bytes;
    if (size) element<HTMLProgressElement>("opened").value = Math.min(1, bytes / size) / 2;
  });
  return copy;
}

async function download(own: Owner): Promise<void> {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await sealedCopy(own));
  link.download = "recording.tocsin";
  link.click();
  URL.revokeObjectURL(link.href);
}

async function add(): Promise<void> {
  const field = element<HTMLInputElement>("recipient");
  const wanted = field.value.trim().toLowerCase();
  const isRight = isRecipient(wanted);
  field.setAttribute("aria-invalid", String(!isRight));
  note("add-problem", isRight ? "" : words.say("recover.add_bad"));
  if (!isRight) return field.focus();
  field.value = "";
  await attempt((own) => change(own, [...(own.recipients ?? []), wanted]));
}

async function change(own: Owner, recipients: readonly string[]): Promise<void> {
  await own.share(recipients);
  await drawRecipients(own.recipients);
  outcome("recover.changed");
}

async function erase(own: Owner): Promise<void> {
  await own.erase();
  // Its owner is refused all of it from now on, even where a duty to keep it holds it for others.
  for (const part of ["take-part", "recipients-part", "erase-part"]) show(part, false);
  outcome("recover.erase_note");
}

/** Who can open it; undefined until it is known, and then nobody can be added or dropped, because the rest would be dropped unseen. */
async function drawRecipients(known: readonly string[] | undefined): Promise<void> {
  show("recipients-part", known !== undefined);
  if (!known || !owner) return;
  const own = owner;
  own.recipients = [...new Set([own.self, ...known])];
  if (desk.length === 0) desk = await deskKeys();
  const rows = own.recipients.map((one) => {
    const role: Role = one === own.self ? "you" : desk.includes(one) ? "desk" : "someone";
    const drop = () => void attempt(() => change(own, (own.recipients ?? []).filter((other) => other !== one)));
    return makeRecipient(one, role, drop, words);
  });
  element("recipients").replaceChildren(...rows);
}

async function deskKeys(): Promise<readonly string[]> {
  try {
    const list = (await (await fetch("/desk-keys", { credentials: "omit" })).json()) as DeskKeys;
    return (await provenKeys(list, config, Math.floor(Date.now() / 1000))).keys;
  } catch {
    return [];
  }
}

async function attempt(act: (own: Owner) => Promise<void>): Promise<void> {
  if (!owner) return;
  try {
    await act(owner);
  } catch (error) {
    outcome(`recover.${faultOf(error) === "unknown" ? "refused" : faultOf(error)}`);
  }
}

function outcome(key: string): void {
  note("outcome", words.say(key));
  element("outcome").focus();
}

function megabytes(bytes: number): string {
  return words.say("recover.megabytes", { size: words.number(bytes / 1e6, 1) });
}

function faultOf(error: unknown): string {
  return error instanceof OwnerError ? error.fault : "failed";
}
