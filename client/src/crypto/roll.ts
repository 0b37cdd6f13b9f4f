/**
 * The roll: whose keys are those of stewards, of the legal desk and of the alert desk, read from entries of the log (docs/spec/stewards.md).
 *
 * The same rule as the node's own (src/tocsin/people/roll.py), held to the same known answers (vectors/roll). An entry that is not what the
 * rule asks for is void: it changes nothing. Removing is for good. Nothing here throws for what an entry holds.
 */
import { verifyEd25519 } from "./asymmetric.ts";
import { base64, fromBase64, isSame, join, sha256, utf8, type Bytes } from "./bytes.ts";
import { dumps, loads, type Value } from "./canonical.ts";

/** An entry with its place in the log. `since`: Unix s from which its wait runs; undefined while nothing makes it run. */
export interface Entered {
  readonly entry: Bytes;
  readonly index: number;
  readonly since: number | undefined;
}

export type Void = "malformed" | "elsewhere" | "unsigned" | "known" | "removed" | "few";

export interface OnRoll {
  readonly key: string;
  readonly name: string;
  readonly custodian: string;
  readonly index: number;
  /** The statement's day, whole days since 1970. */
  readonly day: number;
  /** Unix s; 0 for a founder, undefined while it is not known when. */
  readonly countsFrom: number | undefined;
  readonly isRemoved: boolean;
  /** Who signed it; empty for a founder. */
  readonly signers: readonly string[];
}

export interface Roll {
  readonly stewards: ReadonlyMap<string, OnRoll>;
  readonly lawyers: ReadonlyMap<string, OnRoll>;
  readonly dispatchers: ReadonlyMap<string, OnRoll>;
  readonly void: ReadonlyMap<number, Void>;
}

interface Building {
  readonly stewards: Map<string, OnRoll>;
  readonly lawyers: Map<string, OnRoll>;
  readonly dispatchers: Map<string, OnRoll>;
  readonly gone: Set<string>;
}

interface Named {
  readonly custodian: string;
  readonly key: string;
  readonly name: string;
}

interface Signed {
  readonly act: string;
  readonly day: number;
  readonly node: string;
  readonly keys: readonly Named[];
  readonly signatures: readonly { readonly key: string; readonly signature: string }[];
  /** What was signed. */
  readonly raw: Bytes;
}

export const DESK_LINE = "tocsin.leaf/v2 desk-key\n";
export const STEWARD_LINE = "tocsin.leaf/v2 steward-key\n";
const STATE_LINE = "tocsin.leaf/v1 roll\n";
const HEAD = "tocsin.roll/v1\n";
export const PROPOSE = "tocsin.steward/v1 propose\n";
export const CONFIRM = "tocsin.steward/v1 confirm\n";
const OF_DESK = ["desk-add", "desk-remove", "alert-desk-add", "alert-desk-remove"];
const ACTS = ["steward-found", "steward-add", "steward-remove", ...OF_DESK];
/** Stewards that stay: with one, nothing could ever be changed again. */
const FEWEST = 2;
const LONGEST = 16 * 1024;
const LONGEST_NAME = 40;
const SALT_LETTERS = 43;

/** Who is on the roll of `node` by these entries. A repeated entry counts where it stands first. */
export async function readRoll(entered: readonly Entered[], node: string, waitS: number): Promise<Roll> {
  const roll: Building = { stewards: new Map(), lawyers: new Map(), dispatchers: new Map(), gone: new Set() };
  const reasons = new Map<number, Void>();
  const ordered = distinct([...entered].sort((a, b) => a.index - b.index));
  const judged = await Promise.all(ordered.map(async (one) => ({ one, signed: await judge(one, node) })));
  const founding = judged.find(({ signed }) => typeof signed === "object" && isFounding(signed));
  if (founding) {
    const { keys, day } = founding.signed as Signed;
    for (const { key, name } of keys) {
      roll.stewards.set(key, { key, name, custodian: "", index: founding.one.index, day, countsFrom: 0, isRemoved: false, signers: [] });
    }
  }
  for (const { one, signed } of judged) {
    if (one === founding?.one) continue;
    const reason = typeof signed === "string" ? signed : take(roll, one, signed, waitS);
    if (reason) reasons.set(one.index, reason);
  }
  return { stewards: roll.stewards, lawyers: roll.lawyers, dispatchers: roll.dispatchers, void: reasons };
}

/** Whether an entry is part of the roll. */
export function isRolled(entry: Uint8Array): boolean {
  return startsWith(entry, DESK_LINE) || startsWith(entry, STEWARD_LINE);
}

/** The hash over distinct entries in any order, hex, and their count: what a beat's `roll` entry says. */
export async function rollHead(entries: readonly Uint8Array[]): Promise<{ count: number; head: string }> {
  const digests = new Map<string, Bytes>();
  for (const entry of entries) {
    const digest = await sha256(entry);
    digests.set(hex(digest), digest);
  }
  const sorted = [...digests.keys()].sort().map((key) => digests.get(key)!);
  return { count: digests.size, head: hex(await sha256(join(utf8(HEAD), ...sorted))) };
}

/** What a `roll` entry says; undefined for every other entry, also for a malformed one. */
export function parseState(entry: Uint8Array): { beat: number; count: number; head: string } | undefined {
  if (!startsWith(entry, STATE_LINE)) return undefined;
  try {
    const { beat, count, head, ...rest } = loads(entry.subarray(STATE_LINE.length)) as Record<string, Value>;
    const isRight = Number.isInteger(beat) && Number.isInteger(count) && typeof head === "string" && Object.keys(rest).length === 0;
    return isRight ? { beat: beat as number, count: count as number, head: head as string } : undefined;
  } catch {
    return undefined;
  }
}

function distinct(ordered: readonly Entered[]): Entered[] {
  const seen = new Map<string, Entered>();
  for (const one of ordered) if (!seen.has(base64(one.entry))) seen.set(base64(one.entry), one);
  return [...seen.values()];
}

/** The statement in an entry whose signatures verify for this node, or why it says nothing here. */
async function judge({ entry }: Entered, node: string): Promise<Signed | Void> {
  const signed = parse(entry);
  if (!signed) return "malformed";
  if (signed.node !== node) return "elsewhere";
  const labels = [PROPOSE, CONFIRM];
  const areGood = await Promise.all(
    signed.signatures.map(({ key, signature }, i) => verifyEd25519(raw(key)!, raw(signature)!, join(utf8(labels[i]!), signed.raw))),
  );
  return areGood.every(Boolean) ? signed : "unsigned";
}

/** Whether two stewards of two names name themselves, and sign both. */
function isFounding({ act, keys, signatures }: Signed): boolean {
  const named = new Set(keys.map(({ key }) => key));
  const signers = new Set(signatures.map(({ key }) => key));
  const names = new Set(keys.map(({ name }) => name));
  return act === "steward-found" && signatures.length === 2 && signers.size === 2 && names.size === 2 && named.size === 2 && [...signers].every((key) => named.has(key));
}

function take(roll: Building, { index, since }: Entered, { act, day, keys, signatures }: Signed, waitS: number): Void | undefined {
  if (act === "steward-found") return "known";
  const signers = signatures.map(({ key }) => roll.stewards.get(key));
  const known = signers.filter((one): one is OnRoll => one !== undefined && !one.isRemoved);
  const wanted = act.endsWith("desk-remove") ? 1 : 2;
  const [different, names] = [new Set(known.map((one) => one.key)), new Set(known.map((one) => one.name))];
  if (known.length !== signers.length || different.size < wanted || names.size < wanted) return "unsigned";
  if (act.endsWith("remove")) return remove(roll, act, keys[0]!.key);
  const among = act === "desk-add" ? roll.lawyers : act === "alert-desk-add" ? roll.dispatchers : roll.stewards;
  const { key, name, custodian } = keys[0]!;
  if (roll.gone.has(key)) return "removed";
  if (among.has(key)) return "known";
  const times = [since, ...known.map((one) => one.countsFrom)];
  // A key waits after it was seen, and after those who signed it count.
  const countsFrom = times.every((time) => time !== undefined) ? Math.max(...(times as number[])) + waitS : undefined;
  among.set(key, { key, name, custodian, index, day, countsFrom, isRemoved: false, signers: [...different] });
  return undefined;
}

/** A key that leaves one desk leaves the other too: it is the same device that was stolen, or the same person who left. */
function remove(roll: Building, act: string, key: string): Void | undefined {
  const { stewards, lawyers, dispatchers } = roll;
  if (roll.gone.has(key)) return "removed";
  if (act === "steward-remove") {
    if (!stewards.has(key)) return "known";
    if ([...stewards.values()].filter((one) => !one.isRemoved).length <= FEWEST) return "few";
  }
  roll.gone.add(key);
  for (const among of act === "steward-remove" ? [stewards] : [lawyers, dispatchers]) {
    const standing = among.get(key);
    if (standing) among.set(key, { ...standing, isRemoved: true });
  }
  return undefined;
}

/** The statement in an entry; undefined unless it is spelled as the rule says and stands under the type line of its act. */
function parse(entry: Uint8Array): Signed | undefined {
  try {
    const line = startsWith(entry, DESK_LINE) ? DESK_LINE : STEWARD_LINE;
    if (!startsWith(entry, line) || entry.length - line.length > LONGEST) return undefined;
    const { statement, signatures, ...rest } = loads(entry.subarray(line.length)) as Record<string, Value>;
    if (Object.keys(rest).length > 0 || !Array.isArray(signatures) || !isSigned(signatures)) return undefined;
    const { act, day, keys, node, salt, ...more } = statement as Record<string, Value>;
    const isDesk = OF_DESK.includes(act as string);
    const isRight =
      ACTS.includes(act as string) &&
      isDesk === (line === DESK_LINE) &&
      Number.isInteger(day) &&
      typeof node === "string" &&
      typeof salt === "string" &&
      Array.from(salt).length === SALT_LETTERS &&
      Object.keys(more).length === 0 &&
      Array.isArray(keys) &&
      keys.length === (act === "steward-found" ? 2 : 1) &&
      keys.every((one) => isNamed(one, isDesk));
    if (!isRight) return undefined;
    const found = { act: act as string, day: day as number, node: node as string, keys: keys as unknown as Named[] };
    return { ...found, signatures: signatures as unknown as Signed["signatures"], raw: dumps(statement as Value) };
  } catch {
    return undefined;
  }
}

function isSigned(signatures: readonly Value[]): boolean {
  return (
    (signatures.length === 1 || signatures.length === 2) &&
    signatures.every((one) => {
      const { key, signature, ...rest } = one as Record<string, Value>;
      return raw(key)?.length === 32 && raw(signature)?.length === 64 && Object.keys(rest).length === 0;
    })
  );
}

function isNamed(one: Value, isDesk: boolean): boolean {
  const { custodian, key, name, ...rest } = one as Record<string, Value>;
  if (typeof name !== "string" || typeof key !== "string" || typeof custodian !== "string" || Object.keys(rest).length > 0) return false;
  const letters = Array.from(name).length;
  if (letters < 1 || letters > LONGEST_NAME) return false;
  if (!isDesk) return raw(key)?.length === 32 && custodian === "";
  return /^age1[02-9ac-hj-np-z]{58}$/.test(key) && (custodian === "" || raw(custodian)?.length === 32);
}

/** Bytes of strict standard base64; undefined for anything else. */
function raw(text: Value | undefined): Bytes | undefined {
  try {
    return typeof text === "string" ? fromBase64(text) : undefined;
  } catch {
    return undefined;
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  const start = utf8(text);
  return bytes.length >= start.length && isSame(bytes.subarray(0, start.length), start);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
