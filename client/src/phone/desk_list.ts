/**
 * The desk's keys, fetched while the page is calm and kept for when there is no network. What is kept is public and proves itself: it is checked
 * anew each time, so a changed copy is refused like a changed answer.
 */
import { FRESH_S, provenKeys, type DeskKeys, type How, type Refusal } from "../crypto/desk.ts";
import { askNode } from "./ask_node.ts";
import type { ClientConfig, Kind } from "./config.ts";
import type { Device } from "./device.ts";

export type RecipientsNote = "desk" | "self" | "desk-unproven";

/** Whom a recording is sealed to. */
export interface Recipients {
  /** age recipients of the legal desk whose keys are proven. */
  readonly desk: readonly string[];
  readonly note: RecipientsNote;
  /** Why the desk is not among them. */
  readonly reason?: Refusal;
  /** When an outside witness last saw the desk's list, Unix s. */
  readonly seenAt?: number;
}

const KEPT = "tocsin.desk-keys";
/** A tap waits this long for a first list or for news, never longer. */
const FIRST_LIST_MS = 1500;
/** A list that an outside witness saw longer ago than this is asked for again at the tap: a page may have stood open for days. */
const NEWS_MS = 3_600_000;

const fetching = new WeakMap<Device, Promise<DeskKeys | undefined>>();

/** What says something about a list's keys, not about the list: such a list takes the place of an older one. */
const OF_A_KEY: readonly Refusal[] = ["not_signed_by_two", "too_new", "removed"];
/** What a person is told first, where several things are wrong. */
const TELLING: readonly Refusal[] = ["other_stewards", "list_older", "list_incomplete", "removed", "not_signed_by_two", "too_new"];

/** Fetch the list, and keep it unless it proves nothing at all: a node without its witness must not cost a phone the list it has. Never rejects. */
export function refreshDeskList(config: ClientConfig, device: Device): Promise<DeskKeys | undefined> {
  const running = fetching.get(device) ?? fetchList(config, device).finally(() => fetching.delete(device));
  fetching.set(device, running);
  return running;
}

/** Whom a recording is sealed to beside the person. A rehearsal is the person's own. Never rejects. */
export async function chooseRecipients(kind: Kind, config: ClientConfig, device: Device): Promise<Recipients> {
  if (kind === "rehearsal") return { desk: [], note: "self" };
  const before = kept();
  const old = await judge(before, config, device);
  if (old.note === "desk" && device.wall() - (old.seenAt ?? 0) * 1000 < NEWS_MS) return old;
  const fresh = (await Promise.race([refreshDeskList(config, device), device.wait(FIRST_LIST_MS)])) ?? undefined;
  const found = fresh ? await judge(fresh, config, device, { lifeS: FRESH_S, before }) : old;
  // A node that shows nothing good does not cost a phone the list it has; one that shows a removal does.
  const isGood = found.note === "desk" || !found.reason || OF_A_KEY.includes(found.reason);
  return old.note === "desk" && !isGood ? old : found;
}

/** Dispatchers' keys that are proven: whom photo, voice and words of a report are sealed to. Never rejects. */
export async function alertDesk(config: ClientConfig, device: Device): Promise<readonly string[]> {
  const before = kept();
  const nowS = Math.floor(device.wall() / 1000);
  const fresh = await refreshDeskList(config, device);
  const found = fresh && (await provenKeys(fresh, config, nowS, { lifeS: FRESH_S, before }));
  if (found?.roll) return found.dispatchers;
  // A node that shows nothing good does not cost a phone the list it has.
  return before ? (await provenKeys(before, config, nowS)).dispatchers : [];
}

async function judge(list: DeskKeys | undefined, config: ClientConfig, device: Device, how: How = {}): Promise<Recipients> {
  if (!list) return { desk: [], note: "self" };
  const { keys, refused, seenAt } = await provenKeys(list, config, Math.floor(device.wall() / 1000), how);
  const seen = seenAt === undefined ? {} : { seenAt };
  if (keys.length > 0) return { desk: keys, note: "desk", ...seen };
  const reasons = refused.map(({ reason }) => reason);
  const reason = TELLING.find((one) => reasons.includes(one)) ?? reasons[0];
  return reason ? { desk: [], note: "desk-unproven", reason } : { desk: [], note: "self" };
}

async function fetchList(config: ClientConfig, device: Device): Promise<DeskKeys | undefined> {
  const answer = await askNode(device, { method: "GET", path: "/desk-keys" });
  if (answer.kind !== "good") return undefined;
  try {
    const list = JSON.parse(answer.text) as DeskKeys;
    const { refused } = await provenKeys(list, config, Math.floor(device.wall() / 1000), { lifeS: FRESH_S, before: kept() });
    if (refused.every(({ reason }) => OF_A_KEY.includes(reason))) keep(answer.text);
    return list;
  } catch {
    return undefined;
  }
}

function keep(text: string): void {
  try {
    globalThis.localStorage?.setItem(KEPT, text);
  } catch {
    // Full or forbidden: the list is then fetched each time.
  }
}

function kept(): DeskKeys | undefined {
  try {
    const found = JSON.parse(globalThis.localStorage?.getItem(KEPT) ?? "null") as DeskKeys | null;
    return found?.format === "tocsin.desk/v2" ? found : undefined; // a list of an older program proves nothing any more
  } catch {
    return undefined;
  }
}
