/**
 * The desk's keys, fetched while the page is calm and kept for when there is no network. What is kept is public and proves itself: it is checked
 * anew each time, so a changed copy is refused like a changed answer.
 */
import { provenKeys, type DeskKeys, type Refusal } from "../crypto/desk.ts";
import type { Recipients } from "./begin.ts";
import { askNode } from "./ask_node.ts";
import type { Device } from "./device.ts";
import type { ClientConfig, Kind } from "./state.ts";

const KEPT = "tocsin.desk-keys";
/** A tap waits this long for a first list, never longer. */
const FIRST_LIST_MS = 1500;

const fetching = new WeakMap<Device, Promise<DeskKeys | undefined>>();

/** What says something about a list's keys, not about the list: such a list takes the place of an older one. */
const OF_A_KEY: readonly Refusal[] = ["entry_malformed", "not_in_the_log", "not_yet_valid", "too_new", "removed"];

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
  return fresh ? judge(fresh, config, device) : old;
}

async function judge(list: DeskKeys | undefined, config: ClientConfig, device: Device): Promise<Recipients> {
  if (!list) return { desk: [], note: "self" };
  const { keys, refused } = await provenKeys(list, config, Math.floor(device.wall() / 1000));
  if (keys.length > 0) return { desk: keys, note: "desk" };
  return { desk: [], note: refused.length > 0 ? "desk-unproven" : "self" };
}

async function fetchList(config: ClientConfig, device: Device): Promise<DeskKeys | undefined> {
  const answer = await askNode(device, { method: "GET", path: "/desk-keys" });
  if (answer.kind !== "good") return undefined;
  try {
    const list = JSON.parse(answer.text) as DeskKeys;
    const { refused } = await provenKeys(list, config, Math.floor(device.wall() / 1000));
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
    return JSON.parse(globalThis.localStorage?.getItem(KEPT) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}
