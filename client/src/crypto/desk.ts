/**
 * Which of the desks' keys may be sealed to (docs/spec/http.md, GET /desk-keys).
 *
 * A node that was taken over could list a key of its own. So a key counts only when two stewards signed it, the log holds it under a checkpoint
 * that the pinned log key signed and a pinned witness outside the node cosigned, and such a witness saw it there a day ago (rule 19): time
 * enough for somebody to notice. The list has to be whole: the log itself says how many keys it holds and the hash over them, so a node cannot
 * leave a removal out for one phone. Refusing is never an error here: the recording is then sealed to the person alone, and says so.
 */
import { isRolled, parseState, readRoll, rollHead, type Entered, type OnRoll, type Roll } from "./roll.ts";
import { SKEW_S, fromText, isIn, seenHead, type HeadRefusal, type LogTrust, type Seen, type Shown } from "./seen.ts";

export { SKEW_S };

/** More than a city makes in a century. A node could fill its list with void entries to hold a tap up. */
const MOST_ENTRIES = 1000;

/** What a client build trusts; `GET /client-config`. */
export interface Trust extends LogTrust {
  /** How long a key waits after an outside witness saw it. Under a day only where the pack is a sample. */
  readonly desk_wait_s?: number;
  readonly sample?: boolean;
}

/** The body of `GET /desk-keys`. */
export interface DeskKeys {
  readonly format: "tocsin.desk/v2";
  readonly origin: string;
  readonly desk: string;
  readonly checkpoint: string;
  /** What the newest beat under the checkpoint says of the roll. */
  readonly state: Shown | null;
  readonly roll: readonly Listed[];
}

export interface Listed extends Shown {
  /** The first checkpoint with this entry that an outside witness cosigned, and the entry's proof under it. */
  readonly since: { readonly checkpoint: string; readonly proof: readonly string[] } | null;
}

/** Why a whole list says nothing. */
export type ListRefusal =
  | HeadRefusal
  | "list_malformed"
  | "too_old"
  | "not_in_the_log"
  | "list_incomplete"
  | "list_older"
  | "other_stewards";
/** Why one key of a good list is not sealed to. */
export type KeyRefusal = "not_signed_by_two" | "too_new" | "removed";
export type Refusal = ListRefusal | KeyRefusal;

export interface Proven {
  /** age recipients, each once. */
  readonly keys: readonly string[];
  /** The alert desk's: whom reports are sealed to. */
  readonly dispatchers: readonly string[];
  readonly refused: readonly { readonly reason: Refusal; readonly name?: string }[];
  /** Whose they are, and who may change them; undefined where the list itself is refused. */
  readonly roll?: Roll;
  /** When an outside witness last saw the list, Unix s. */
  readonly seenAt?: number;
}

export interface How {
  /** A list that an outside witness saw longer ago than this is refused. */
  readonly lifeS?: number;
  /** A list this phone believed before: the new one has to hold all of it, or to be founded by stewards that stood in it. */
  readonly before?: DeskKeys | undefined;
}

/** A list kept for use without network is trusted this long after an outside witness saw it: a removed key must die on every phone. */
export const LIST_LIFE_S = 30 * 24 * 3600;

/** A list that a node hands out now may be this old by a witness's time: a weekend without its witness must not close the desk. */
export const FRESH_S = 3 * 24 * 3600;

/** Rule 19: how long a lawyer's key waits in the log, whatever a node says. */
export const WAIT_S = 24 * 3600;

/** The keys of `list` that are proven at `nowS` (Unix s), and why others are not. Never rejects. */
export async function provenKeys(list: DeskKeys, trust: Trust, nowS: number, how: How = {}): Promise<Proven> {
  try {
    return await prove(list, trust, nowS, how);
  } catch {
    return refuse("list_malformed");
  }
}

async function prove(list: DeskKeys, trust: Trust, nowS: number, { lifeS = LIST_LIFE_S, before }: How): Promise<Proven> {
  const isList = list.format === "tocsin.desk/v2" && list.desk === "legal" && Array.isArray(list.roll) && list.roll.length <= MOST_ENTRIES;
  if (!isList) return refuse("list_malformed");
  const seen = await seenHead(list.checkpoint, trust);
  if (typeof seen === "string") return refuse(seen);
  if (nowS - seen.at > lifeS) return refuse("too_old");
  const reason = await notWhole(list, seen);
  if (reason) return refuse(reason);
  const entered = await Promise.all(list.roll.map((one) => enter(one, trust)));
  const waitS = trust.sample ? (trust.desk_wait_s ?? WAIT_S) : Math.max(trust.desk_wait_s ?? 0, WAIT_S);
  const roll = await readRoll(entered, trust.origin, waitS);
  const other = before ? await contradicts(before, entered, roll) : undefined;
  // A trial is begun anew with stewards of its own, on a phone that knew the last one's; it says that it is a trial.
  if (other && !(trust.sample && other === "other_stewards")) return refuse(other);
  const counts = ({ isRemoved, countsFrom }: OnRoll): boolean => !isRemoved && countsFrom !== undefined && countsFrom <= nowS;
  const dispatchers = [...roll.dispatchers.values()].filter(counts).map((one) => one.key);
  return { ...judgeKeys(roll, nowS), dispatchers, roll, seenAt: seen.at };
}

function refuse(reason: ListRefusal): Proven {
  return { keys: [], dispatchers: [], refused: [{ reason }] };
}

function judgeKeys(roll: Roll, nowS: number): { keys: string[]; refused: { reason: KeyRefusal; name?: string }[] } {
  const [keys, refused]: [string[], { reason: KeyRefusal; name?: string }[]] = [[], []];
  for (const { key, name, isRemoved, countsFrom } of roll.lawyers.values()) {
    if (isRemoved) refused.push({ reason: "removed", name });
    else if (countsFrom === undefined || countsFrom > nowS) refused.push({ reason: "too_new", name });
    else keys.push(key);
  }
  for (const reason of roll.void.values()) if (reason !== "known" && reason !== "removed") refused.push({ reason: "not_signed_by_two" });
  return { keys, refused };
}

/** Whether every entry is in the tree, and they are all that the log says it holds. */
async function notWhole(list: DeskKeys, seen: Seen): Promise<ListRefusal | undefined> {
  const all = list.state ? [list.state, ...list.roll] : list.roll;
  const areIn = await Promise.all(all.map((one) => isIn(one, one.proof, seen.head)));
  if (!areIn.every(Boolean)) return "not_in_the_log";
  const said = list.state ? parseState(fromText(list.state.entry)) : undefined;
  const entries = list.roll.map((one) => fromText(one.entry));
  const { count, head } = await rollHead(entries);
  const isAll = said?.count === count && said.head === head && entries.every(isRolled);
  return isAll && Math.abs(said.beat - seen.at) <= SKEW_S ? undefined : "list_incomplete";
}

/** An entry with the time an outside witness saw it, as far as that is proven. */
async function enter(listed: Listed, trust: Trust): Promise<Entered> {
  const { entry, index, since } = listed;
  const seen = since ? await seenHead(since.checkpoint, trust).catch(() => undefined) : undefined;
  const isProven = typeof seen === "object" && (await isIn(listed, since!.proof, seen.head));
  return { entry: fromText(entry), index, since: isProven ? seen.at : undefined };
}

/** Why a list cannot follow on one that this phone believed. */
async function contradicts(before: DeskKeys, entered: readonly Entered[], roll: Roll): Promise<ListRefusal | undefined> {
  const known = before.roll.map((one) => ({ entry: fromText(one.entry), index: one.index, since: undefined }));
  const old = await readRoll(known, before.origin, 0);
  const founders = foundersOf(roll);
  if (foundersOf(old).join() === founders.join()) {
    const { count, head } = await rollHead(known.map((one) => one.entry));
    const texts = new Set(known.map((one) => String(one.entry)));
    const kept = await rollHead(entered.map((one) => one.entry).filter((entry) => texts.has(String(entry))));
    return kept.count === count && kept.head === head ? undefined : "list_older";
  }
  const stood = (key: string) => old.stewards.get(key)?.isRemoved === false;
  return old.stewards.size === 0 || (founders.length > 0 && founders.every(stood)) ? undefined : "other_stewards";
}

/** Keys of the first two stewards. */
export function foundersOf(roll: Roll): string[] {
  return [...roll.stewards.values()].filter((one: OnRoll) => one.countsFrom === 0).map((one) => one.key).sort();
}
