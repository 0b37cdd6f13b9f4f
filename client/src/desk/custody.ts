/** What happened to a recording, in sentences, and what was checked on this device, in words. */
import { base64, join, sha256, type Bytes } from "../crypto/bytes.ts";
import type { Value } from "../crypto/canonical.ts";
import { actKey } from "../evidence/history.ts";
import { openNotes } from "../evidence/notes.ts";
import type { Sentences } from "../ui/sentences.ts";
import type { Opened } from "./opened.ts";
import { moment } from "./times.ts";

/** A custody note in its chain. `headBefore` is the head of the chain just before it. */
export interface Note {
  readonly line: Bytes;
  readonly said: Readonly<Record<string, Value>>;
  readonly headBefore: Bytes;
}

export class CustodyBroken extends Error {}

/** Every note in order of its number. Rejects with `CustodyBroken` where they are not one whole chain; some 150 bytes a second of recording. */
export async function readNotes(notes: Blob, custodySeed: Bytes, recordingId: Bytes): Promise<Note[]> {
  const found: Note[] = [];
  let headBefore: Bytes = new Uint8Array(32);
  try {
    for await (const { line, said } of openNotes(notes, custodySeed, recordingId)) {
      if (said["i"] !== found.length || !["chunk", "beat", "leaf", "act"].includes(String(said["n"]))) throw new CustodyBroken();
      found.push({ line, said, headBefore });
      headBefore = await headOf(found.at(-1)!);
    }
  } catch {
    throw new CustodyBroken();
  }
  return found;
}

/** The head of the chain with this note in it. */
export function headOf(note: Note): Promise<Bytes> {
  return sha256(join(note.headBefore, note.line));
}

/** The custody notes as sentences, in their order. Seconds are told by the first and the last. */
export function sentencesOf(notes: readonly Note[], words: Sentences): string[] {
  const chunks = notes.filter(({ said }) => said["n"] === "chunk");
  const [first, last] = [chunks[0], chunks.at(-1)];
  return notes.flatMap((note) => {
    const { said } = note;
    if (note === first || note === last) return [arrived(said, note === first ? "first" : "last", words)];
    if (said["n"] === "act") return [acted(said, words)];
    if (said["n"] === "leaf") return [words.say("play.custody_leaf", { when: moment(Number(said["beat"]) * 1000, words.lang), entry: words.number(Number(said["leaf"])) })];
    return [];
  });
}

function arrived(said: Note["said"], which: "first" | "last", words: Sentences): string {
  const values = { when: moment(Number(said["t"]), words.lang), n: words.number(Number(said["q"]) + 1) };
  return words.say(`play.custody_${which}`, values);
}

function acted(said: Note["said"], words: Sentences): string {
  const [role, action] = [String(said["actor"]).split(":", 1)[0]!, String(said["action"])];
  const who = words.say(words.has(`recover.by_${role}`) ? `recover.by_${role}` : "recover.by_node");
  const what = words.say(actKey(words, role, action));
  return words.say("play.custody_act", { when: moment(Number(said["at"]), words.lang), who, what });
}

/** What was checked here and what came of it. `notes` is undefined where the notes are no whole chain. */
export function checksOf(opened: Opened, notes: readonly Note[] | undefined, words: Sentences): string[] {
  const { seconds } = opened;
  const count = seconds.places.length;
  const told = [words.count("play.check_chunks", count)];
  if (seconds.fault !== undefined) told.push(words.say("play.check_fault", { n: words.number(count + 1), code: seconds.fault }));
  if (!notes) return [...told, words.say("play.check_notes_broken")];
  told.push(words.count("play.check_notes", notes.length));
  const received = notes.filter(({ said }) => said["n"] === "chunk").length;
  told.push(received === count ? words.say("play.check_receipts") : words.say("play.check_receipts_differ", { n: words.number(received), of: words.number(count) }));
  told.push(linksAgree(opened, notes) ? words.say("play.check_leaves") : words.say("play.check_leaves_differ"));
  return told;
}

/** Whether what the node noted for the log of each beat is the link of the second it names. */
function linksAgree(opened: Opened, notes: readonly Note[]): boolean {
  return notes.every(({ said }) => {
    if (said["n"] !== "beat") return true;
    const place = opened.seconds.places[Number(said["seq"])];
    // Before the first second the link is the header's; a second that is not here cannot be compared.
    return !place || base64(place.link) === said["link"] || (place.seq === 0 && base64(opened.header.link) === said["link"]);
  });
}
