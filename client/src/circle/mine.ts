/**
 * A circle on the phone that made it. What lies open here can tell the circle, look and end; whom it tells lies in a list that the code words
 * open, and what each is told is not here at all: it was sealed for them when it was written.
 */
import { base64url, fromBase64url, join, utf8, type Bytes } from "../crypto/bytes.ts";
import { newSigner } from "../crypto/asymmetric.ts";
import { post, Refused } from "../staff/ask.ts";
import { openWith, type Opened } from "./code_words.ts";
import { derive, doorNumber, fresh, type Letter, newNumber, open, PLACES, placeNumber, seal, sealDoor, sealLetter } from "./keys.ts";
import { certify, EVERYTHING, publicKeyOf, sign, type Word } from "./said.ts";

const AT = "tocsin.circle";
const LIST_BYTES = 4096;
const NAME_MOST = 60;

interface Kept {
  readonly door: string;
  readonly seed: string;
  readonly list: string;
}

/** One of the fifteen. `name` is empty where nobody is meant. */
export interface Contact {
  readonly link: Bytes;
  readonly name: string;
}

/** A list that code words opened; in this page's memory alone. */
export interface List {
  readonly contacts: readonly Contact[];
  readonly words: Opened;
}

export interface Seen {
  readonly uses: readonly number[];
  readonly taken: readonly boolean[];
  /** Unix seconds at which the node forgets it if nobody looks again. */
  readonly until: number;
}

export type Reached = "everybody" | "some" | "nobody";

/** Nothing here opens with these words. */
export class OtherWords extends Error {}

export function isThere(): boolean {
  return kept() !== undefined;
}

function kept(): Kept | undefined {
  try {
    return (JSON.parse(localStorage.getItem(AT) ?? "null") as Kept | null) ?? undefined;
  } catch {
    return undefined;
  }
}

function mine(): { door: Bytes; seed: Bytes; list: Bytes } {
  const { door, seed, list } = kept()!;
  return { door: fromBase64url(door), seed: fromBase64url(seed), list: fromBase64url(list) };
}

export async function circleKey(): Promise<Bytes> {
  return publicKeyOf(mine().seed);
}

/** What stands behind the # of a contact's link. */
export async function linkFor(contact: Contact): Promise<string> {
  return base64url(join(contact.link, await circleKey()));
}

/** Make a circle with nobody in it. Nothing is kept here unless the node took it. `waits`: what to do before a node with many is asked again. */
export async function begin(words: readonly string[], waits: () => Promise<void>): Promise<List> {
  const [door, seed, opened] = [fresh(), fresh(), await openWith(words)];
  const contacts = Array.from({ length: PLACES }, () => ({ link: fresh(), name: "" }));
  const list = { contacts, words: opened };
  const places = await Promise.all(contacts.map(async ({ link }) => ({ id: base64url(await placeNumber(link)), letter: "" })));
  const asked = { ...(await doors(door, seed, list)), places };
  while (!(await isBegun(asked))) await waits();
  await keep(door, seed, list);
  return list;
}

/** False where the node lets in some a minute, and this was not one of them. */
async function isBegun(asked: object): Promise<boolean> {
  try {
    await post("/circle/begin", asked);
    return true;
  } catch (error) {
    if (error instanceof Refused && error.code === "circles_full") return false;
    throw error;
  }
}

/** Rejects with `OtherWords`. */
export async function openList(words: readonly string[]): Promise<List> {
  const opened = await openWith(words);
  const plain = await open(opened.list, mine().list, utf8(AT));
  if (!plain) throw new OtherWords();
  const told = JSON.parse(new TextDecoder().decode(plain).trimEnd()) as [string, string][];
  return { contacts: told.map(([link, name]) => ({ link: fromBase64url(link), name })), words: opened };
}

/** Give a place a name and a letter; the list as it is then. A new person gets a link of their own. */
export async function write(list: List, at: number, name: string, letter: Letter): Promise<List> {
  const contact = { link: list.contacts[at]!.link, name: name.slice(0, NAME_MOST) };
  const next = { ...list, contacts: replaced(list.contacts, at, contact) };
  await change(next, [{ id: base64url(await placeNumber(contact.link)), letter: base64url(await sealLetter(contact.link, letter)) }]);
  return next;
}

/** Take somebody out: their link opens nothing any more. */
export async function drop(list: List, at: number): Promise<List> {
  const contact = { link: fresh(), name: "" };
  const next = { ...list, contacts: replaced(list.contacts, at, contact) };
  await change(next, [{ id: base64url(await placeNumber(contact.link)), letter: "" }]);
  return next;
}

/** Other words from now on: the old ones open nothing any more. */
export async function changeWords(list: List, words: readonly string[]): Promise<List> {
  const next = { ...list, words: await openWith(words) };
  await change(next, []);
  return next;
}

/** How it stands; also keeps it longer. */
export function look(): Promise<Seen> {
  return post<Seen>("/circle/look", { door: base64url(mine().door) });
}

/** Tell everybody now. Says how many milliseconds the node took to reach the last. */
export async function tell(kind: Word, number = newNumber()): Promise<Reached> {
  const { door, seed } = mine();
  const wire = await sign(seed, kind, number, Math.floor(Date.now() / 1000));
  return (await post<{ reached: Reached }>("/circle/tell", { door: base64url(door), ...wire })).reached;
}

/** It was a false alarm: everything that this circle said before is taken back. */
export function takeBack(): Promise<Reached> {
  return tell("false_alarm", EVERYTHING);
}

/** Forget the circle, here and at the node. */
export async function end(): Promise<void> {
  const { door } = mine();
  await post("/circle/end", { door: base64url(door) });
  localStorage.removeItem(AT);
}

/** Forget it here where the node knows it no more. */
export function forget(): void {
  localStorage.removeItem(AT);
}

async function change(list: List, places: readonly object[]): Promise<void> {
  const { door, seed } = mine();
  const { phone, words } = await doors(door, seed, list);
  await post("/circle/change", { door: base64url(door), box: phone.box, words, places });
  await keep(door, seed, list);
}

async function doors(door: Bytes, seed: Bytes, { contacts, words }: List): Promise<Record<"phone" | "words", { id: string; box: string }>> {
  const links = contacts.map(({ link }) => link);
  const signer = await newSigner(words.seed);
  signer.drop();
  const tails = { phone: join(await derive(words.door, "name"), await derive(words.door, "note")), words: await certify(seed, signer.publicKey) };
  const made = async (secret: Bytes, kind: "phone" | "words"): Promise<{ id: string; box: string }> => ({
    id: base64url(await doorNumber(secret)),
    box: base64url(await sealDoor(secret, kind, links, tails[kind])),
  });
  return { phone: await made(door, "phone"), words: await made(words.door, "words") };
}

async function keep(door: Bytes, seed: Bytes, { contacts, words }: List): Promise<void> {
  const text = JSON.stringify(contacts.map(({ link, name }) => [base64url(link), name]));
  const plain = join(utf8(text), new Uint8Array(Math.max(0, LIST_BYTES - utf8(text).length)).fill(0x20));
  const list = await seal(words.list, plain, utf8(AT));
  localStorage.setItem(AT, JSON.stringify({ door: base64url(door), seed: base64url(seed), list: base64url(list) }));
}

function replaced(contacts: readonly Contact[], at: number, contact: Contact): Contact[] {
  return contacts.map((one, number) => (number === at ? contact : one));
}
