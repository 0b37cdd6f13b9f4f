/**
 * What a phone does with a pushed message, before anything is shown (docs/spec/push.md, Received).
 *
 * It believes the keys it pinned when its person asked for messages, and nothing else: not who delivered it, not the node of today. What is
 * not signed by them, has ended, lives too long, came before or is older than what it had is dropped without a word.
 */
import { type AlertKeys, type MsgType, type Status, isLive, rootOf, verifyAlert } from "../crypto/alert.ts";
import { fromBase64 } from "../crypto/bytes.ts";

/** What the page gives the worker when its person asks for messages. Sentences of the lock screen are neutral by themselves. */
export interface Pins {
  readonly city: string;
  /** Base64, by status. */
  readonly keys: Readonly<Record<string, string>>;
  readonly title: string;
  readonly text: string;
  /** The page that a tap opens. */
  readonly page: string;
}

/** An object that still lives, as it was signed. */
export interface Kept {
  readonly root: string;
  readonly version: number;
  readonly expires: number;
  readonly wire: string;
}

/** Where pins and living objects lie. */
export interface PushStore {
  pins(): Promise<Pins | undefined>;
  kept(): Promise<Kept[]>;
  keep(one: Kept): Promise<void>;
  drop(root: string): Promise<void>;
}

export interface Shown {
  readonly root: string;
  readonly status: Status;
  readonly type: MsgType;
  readonly pins: Pins;
}

let before: Promise<unknown> = Promise.resolve();

/**
 * What may be shown for `wire` at `nowS` (Unix seconds); undefined for what must be dropped. Keeps it until it ends.
 *
 * One after the other: a browser hands over what came together at the same moment, and an alert that was read first must not be kept over
 * the Cancel that was read after it.
 */
export function receive(store: PushStore, wire: string, nowS: number): Promise<Shown | undefined> {
  const mine = before.then(() => receiveOne(store, wire, nowS));
  before = mine.catch(() => undefined);
  return mine;
}

async function receiveOne(store: PushStore, wire: string, nowS: number): Promise<Shown | undefined> {
  await dropEnded(store, nowS);
  const pins = await store.pins();
  const keys = pins && keysOf(pins);
  const alert = keys && (await verifyAlert(wire, keys, pins.city));
  if (!alert || !isLive(alert, nowS)) return undefined;
  const root = rootOf(alert);
  const had = (await store.kept()).find((one) => one.root === root);
  if (had && had.version >= alert.version) return undefined;
  // A Cancel's own end may be nearer than that of what it takes back; what was taken back stays taken back until then.
  await store.keep({ root, version: alert.version, expires: Math.max(alert.expires, had?.expires ?? 0), wire });
  // Its person may have left meanwhile: what was kept after that would stay behind, and be shown.
  if ((await store.pins()) === undefined) {
    await store.drop(root);
    return undefined;
  }
  return { root, status: alert.status, type: alert.msg_type, pins };
}

/** Forget what has ended. */
export async function dropEnded(store: PushStore, nowS: number): Promise<void> {
  for (const one of await store.kept()) if (one.expires <= nowS) await store.drop(one.root);
}

function keysOf(pins: Pins): AlertKeys | undefined {
  try {
    const { Actual, Exercise, Test } = pins.keys;
    if (!Actual || !Exercise || !Test) return undefined;
    return { Actual: fromBase64(Actual), Exercise: fromBase64(Exercise), Test: fromBase64(Test) };
  } catch {
    return undefined;
  }
}

const NAME = "push";
const PINS = "/push-kept/pins";
const KEPT = "/push-kept/one/";

/** The phone's own store: a cache, because pages and the worker both reach it. */
export const onPhone: PushStore = {
  async pins() {
    return (await (await (await caches.open(NAME)).match(PINS))?.json()) as Pins | undefined;
  },
  async kept() {
    const cache = await caches.open(NAME);
    const found = [];
    for (const asked of await cache.keys()) {
      if (new URL(asked.url).pathname.startsWith(KEPT)) found.push((await (await cache.match(asked))!.json()) as Kept);
    }
    return found;
  },
  async keep(one) {
    await (await caches.open(NAME)).put(KEPT + one.root, Response.json(one));
  },
  async drop(root) {
    await (await caches.open(NAME)).delete(KEPT + root);
  },
};

export async function pin(pins: Pins): Promise<void> {
  await (await caches.open(NAME)).put(PINS, Response.json(pins));
}

/** Forget pins and everything kept. */
export async function unpin(): Promise<void> {
  await caches.delete(NAME);
}
