/**
 * A circle on the phone of somebody who is in it. Kept in a cache, which pages and the worker both reach: of each circle the link's secret and the
 * circle's key, and what it said in the last day, sealed as it came. Nothing names anybody.
 */
import { fromBase64url } from "../crypto/bytes.ts";
import { EVERYTHING, verify, type By, type Word } from "./said.ts";

export interface Membership {
  /** The link's secret, base64url. */
  readonly link: string;
  /** The circle's public key, base64url. */
  readonly key: string;
}

/** What the worker shows: the same for everything. */
export interface Neutral {
  readonly title: string;
  readonly text: string;
  readonly page: string;
}

export interface Message {
  readonly circle: string;
  readonly number: string;
  readonly kind: Word;
  readonly by: By;
  /** Unix seconds. */
  readonly at: number;
  /** When it was taken back; 0 for never. */
  readonly back: number;
  readonly letter: string;
}

/** Where it lies. */
export interface CircleStore {
  get<T>(name: string): Promise<T | undefined>;
  put(name: string, value: unknown): Promise<void>;
}

export interface Heard {
  readonly tag: string;
  readonly kind: Word;
  readonly neutral: Neutral;
}

export const KEPT_S = 24 * 3600;
const CACHE = "circle";
const PATH = "/circle-kept/";

interface Payload {
  readonly circle?: number;
  readonly trial?: string;
  readonly said?: string;
  readonly sig?: string;
  readonly cert?: string;
  readonly letter?: string;
}

/** What a pushed message is, if it is of a circle that this phone is in; undefined for what must be dropped. */
export async function receive(store: CircleStore, wire: string, nowS: number): Promise<Heard | undefined> {
  const told = parsed(wire);
  const neutral = await store.get<Neutral>("neutral");
  if (!told || !neutral) return undefined;
  if (told.trial !== undefined) return (await isOwnTrial(store, told.trial)) ? { tag: "circle", kind: "trial", neutral } : undefined;
  const { said = "", sig: signature = "", cert: certificate = "", letter = "" } = told;
  for (const { key } of await memberships(store)) {
    const found = await verify(fromBase64url(key), { said, signature, certificate }, nowS);
    if (found) return keep(store, { circle: key, number: found.number, kind: found.kind, by: found.by, at: found.at, back: 0, letter }, neutral, nowS);
  }
  return undefined;
}

export async function memberships(store: CircleStore): Promise<readonly Membership[]> {
  return (await store.get<Membership[]>("memberships")) ?? [];
}

/** Live messages, newest first; what is older than a day is forgotten by asking. */
export async function messages(store: CircleStore, nowS: number): Promise<readonly Message[]> {
  const all = (await store.get<Message[]>("messages")) ?? [];
  const live = all.filter(({ at }) => at > nowS - KEPT_S);
  if (live.length < all.length) await store.put("messages", live);
  return [...live].sort((a, b) => b.at - a.at);
}

async function keep(store: CircleStore, said: Message, neutral: Neutral, nowS: number): Promise<Heard | undefined> {
  const before = await messages(store, nowS);
  const after = said.kind === "false_alarm" ? takenBack(before, said) : added(before, said);
  if (!after) return undefined;
  await store.put("messages", after);
  return { tag: `circle ${said.circle}`, kind: said.kind, neutral };
}

/** What came before, or was taken back before it came, is not told again. */
function added(before: readonly Message[], said: Message): readonly Message[] | undefined {
  if (before.some(({ number, kind }) => number === said.number && kind !== "false_alarm")) return undefined;
  const back = before.find((one) => one.kind === "false_alarm" && takes(one, said));
  return [...before, { ...said, back: back?.at ?? 0 }];
}

function takenBack(before: readonly Message[], said: Message): readonly Message[] | undefined {
  if (before.some(({ kind, number, at, circle }) => kind === "false_alarm" && number === said.number && at === said.at && circle === said.circle)) return undefined;
  return [...before.map((one) => (one.kind !== "false_alarm" && takes(said, one) ? { ...one, back: one.back || said.at } : one)), { ...said, letter: "" }];
}

/** The phone takes back everything, or one thing; whoever has the words, what was told with words and carries the same number. */
function takes(back: Message, told: Message): boolean {
  if (back.circle !== told.circle) return false;
  if (back.by === "phone" && back.number === EVERYTHING) return told.at <= back.at;
  return back.number === told.number && (back.by === "phone" || told.by === "words");
}

async function isOwnTrial(store: CircleStore, number: string): Promise<boolean> {
  const isOwn = number !== "" && (await store.get<string>("trial")) === number;
  if (isOwn) await store.put("trial", "");
  return isOwn;
}

function parsed(wire: string): Payload | undefined {
  try {
    const told = JSON.parse(wire) as Payload;
    return told.circle === 1 ? told : undefined;
  } catch {
    return undefined;
  }
}



/** The phone's own store. */
export const onPhone: CircleStore = {
  async get<T>(name: string) {
    if (!(await caches.has(CACHE))) return undefined; // to open it would make it: who left would have one
    return (await (await (await caches.open(CACHE)).match(PATH + name))?.json()) as T | undefined;
  },
  async put(name, value) {
    await (await caches.open(CACHE)).put(PATH + name, Response.json(value));
  },
};

/** Nothing of any circle stays. */
export async function forgetAll(): Promise<void> {
  await caches.delete(CACHE);
}
