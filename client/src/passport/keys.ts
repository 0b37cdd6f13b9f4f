/**
 * Which key of the passport a member's tokens may be made with (docs/spec/passport.md, GET /passport/keys).
 *
 * A node that gave one member a key of their own could tell by a token who spends it. So a key counts only from a list that is whole by what the log
 * itself says under a checkpoint that a witness outside the node saw, and in which its role and cohort have one. Refusing is an answer, never an error.
 */
import { fromBase64, join, sha256, utf8, type Bytes } from "../crypto/bytes.ts";
import { loads, type Value } from "../crypto/canonical.ts";
import { SKEW_S, fromText, isIn, seenHead, type HeadRefusal, type LogTrust, type Seen, type Shown } from "../crypto/seen.ts";

/** The roles that somebody has. */
export type Acting = "member" | "confirmer" | "helper";
/** What a token proves. */
export type Role = Acting | "voucher" | `renew-${Acting}`;

/** The body of `GET /passport/keys`. */
export interface TokenKeys {
  readonly format: "tocsin.passport/v1";
  readonly origin: string;
  readonly epoch: number;
  readonly checkpoint: string;
  readonly state: Shown | null;
  readonly keys: readonly Shown[];
}

export type KeysRefusal =
  | HeadRefusal
  | "list_malformed"
  | "too_old"
  | "old_epoch"
  | "week_young"
  | "not_in_the_log"
  | "list_incomplete"
  | "no_key"
  | "several_keys"
  | "too_many_keys";

export type Found = { readonly key: Bytes; readonly epoch: number } | { readonly refused: KeysRefusal };

export const EPOCH_S = 7 * 24 * 3600;
/** A list counts this long after an outside witness saw it: a burnt key must die on every phone. */
export const LIST_LIFE_S = 24 * 3600;
/** Keys that one role and cohort may ever have in an epoch. Whoever changes them more often is telling members apart. */
export const KEYS_MOST = 3;

const KEY_LINE = "tocsin.leaf/v1 token-key\n";
const STATE_LINE = "tocsin.leaf/v1 token-keys\n";
const HEAD_LINE = "tocsin.passport/v1 head\n";

interface Entered {
  readonly act: string;
  readonly cohort: number;
  readonly epoch: number;
  readonly key: string;
  readonly node: string;
  readonly role: string;
}

/** The key of a role and cohort at `nowS` (Unix s), or why there is none to be believed. Never rejects. */
export async function provenKey(list: TokenKeys, trust: LogTrust, nowS: number, role: Role, cohort: number): Promise<Found> {
  try {
    const refused = await doubt(list, trust, nowS);
    return refused ? { refused } : choose(list, role, cohort);
  } catch {
    return { refused: "list_malformed" };
  }
}

/** Why a list says nothing; `week_young` where another one is to be expected in minutes; undefined where it is to be believed. */
async function doubt(list: TokenKeys, trust: LogTrust, nowS: number): Promise<KeysRefusal | undefined> {
  if (list.format !== "tocsin.passport/v1" || !Array.isArray(list.keys)) return "list_malformed";
  const seen = await seenHead(list.checkpoint, trust);
  if (typeof seen === "string") return seen;
  if (nowS - seen.at > LIST_LIFE_S) return "too_old";
  const epoch = Math.floor(nowS / EPOCH_S);
  if (list.epoch !== epoch) return list.epoch === epoch - 1 && nowS % EPOCH_S < SKEW_S ? "week_young" : "old_epoch";
  const entered = list.keys.map(read);
  if (entered.some((one) => !one || one.epoch !== list.epoch || one.node !== trust.origin)) return "list_malformed";
  const all = list.state ? [list.state, ...list.keys] : list.keys;
  const areIn = await Promise.all(all.map((one) => isIn(one, one.proof, seen.head)));
  if (!areIn.every(Boolean)) return "not_in_the_log";
  return lacks(list, seen);
}

/**
 * Why these are not all that the log says it holds; undefined where they are. An entry that a crash put there twice is one.
 * In the first minutes of a week the newest beat that a witness saw is of the week before, and says nothing of this one.
 */
async function lacks(list: TokenKeys, seen: Seen): Promise<KeysRefusal | undefined> {
  const said = list.state ? parse(list.state, STATE_LINE, ["beat", "count", "epoch", "head"]) : undefined;
  if (!said || typeof said["beat"] !== "number") return "list_incomplete";
  if (said["epoch"] === list.epoch - 1) return "week_young";
  const { count, head } = await keysHead(list.keys.map((one) => fromText(one.entry)));
  const isWhole = said["epoch"] === list.epoch && said["count"] === count && said["head"] === head;
  return isWhole && Math.abs(said["beat"] - seen.at) <= SKEW_S ? undefined : "list_incomplete";
}

/** What a beat says of these entries. */
export async function keysHead(entries: readonly Bytes[]): Promise<{ count: number; head: string }> {
  const digests = new Set(await Promise.all(entries.map(async (entry) => hex(await sha256(entry)))));
  const sorted = [...digests].sort().map((one) => Uint8Array.from(one.match(/../g)!, (pair) => Number.parseInt(pair, 16)));
  return { count: digests.size, head: hex(await sha256(join(utf8(HEAD_LINE), ...sorted))) };
}

function choose(list: TokenKeys, role: Role, cohort: number): Found {
  const ours = list.keys.map((one) => read(one)!).filter((one) => one.role === role && one.cohort === cohort);
  const added = new Set(ours.filter((one) => one.act === "add").map((one) => one.key));
  const removed = new Set(ours.filter((one) => one.act === "remove").map((one) => one.key));
  const left = [...added].filter((one) => !removed.has(one));
  if (added.size > KEYS_MOST) return { refused: "too_many_keys" };
  if (left.length > 1) return { refused: "several_keys" };
  const key = left[0] === undefined ? undefined : fromBase64(left[0]);
  return key?.length === 32 ? { key, epoch: list.epoch } : { refused: "no_key" };
}

function read(shown: Shown): Entered | undefined {
  const said = parse(shown, KEY_LINE, ["act", "cohort", "epoch", "key", "node", "role"]);
  if (!said || (said["act"] !== "add" && said["act"] !== "remove")) return undefined;
  const isText = [said["key"], said["node"], said["role"]].every((one) => typeof one === "string");
  return isText && typeof said["cohort"] === "number" && typeof said["epoch"] === "number" ? (said as unknown as Entered) : undefined;
}

/** The body of an entry under this type line with exactly these fields. Throws for what is not canonical. */
function parse(shown: Shown, line: string, fields: readonly string[]): { [key: string]: Value } | undefined {
  const raw = fromText(shown.entry);
  if (new TextDecoder().decode(raw.subarray(0, line.length)) !== line) return undefined;
  const said = loads(raw.subarray(line.length));
  const isObject = typeof said === "object" && said !== null && !Array.isArray(said);
  return isObject && Object.keys(said).sort().join() === fields.join() ? said : undefined;
}

function hex(bytes: Bytes): string {
  return Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
}
