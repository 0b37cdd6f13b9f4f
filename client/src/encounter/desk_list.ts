/**
 * The desk's keys, fetched while the page is calm and kept for when there is no network. What is kept is public and proves itself: it is checked
 * anew each time, so a changed copy is refused like a changed answer.
 */
import { FRESH_S, provenKeys, type DeskKeys, type How, type Refusal } from "../crypto/desk.ts";
import type { Recipients } from "./begin.ts";
import { askNode } from "./ask_node.ts";
import type { Device } from "./device.ts";
import type { ClientConfig, Kind } from "./state.ts";

const KEPT = "tocsin.desk-keys";
/** A tap waits this long for a first list, never longer. */
const FIRST_LIST_MS = 1500;

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
  const old = await judge(kept(), config, device);
  if (old.note === "desk") return old;
  const fresh = (await Promise.race([refreshDeskList(config, device), device.wait(FIRST_LIST_MS)])) ?? undefined;
  return fresh ? judge(fresh, config, device, { lifeS: FRESH_S, before: kept() }) : old;
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
