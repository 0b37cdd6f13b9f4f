/** What the log proves of a recording: its leaves, the checkpoints over them, proofs between those, timestamps, the custodian's key. */
import { isSame, utf8, type Bytes } from "../../crypto/bytes.ts";
import { loads, type Value } from "../../crypto/canonical.ts";
import { parseVkey, type VerifierKey } from "../../crypto/note.ts";
import type { Note } from "../custody.ts";
import { sizeOf, tokensOf, type LogKeys, type LogSource, type Token } from "./log_source.ts";
import { Refusal } from "./refusal.ts";
import { anyBase64, base64, hex } from "./text.ts";
import { Tree } from "./tree.ts";

const WIDTH = 256;
const TIME = utf8("tocsin.leaf/v1 time\n");
/** What a node puts into its log about itself: by its kind the type line, and the texts that it must have. */
const ANNOUNCED: ReadonlyMap<string, readonly [Bytes, readonly string[]]> = new Map([
  ["receipt-key", [utf8("tocsin.leaf/v1 receipt-key\n"), ["act", "key"]]],
  ["release", [utf8("tocsin.leaf/v1 release\n"), ["client", "version"]]],
]);
const SIGNED_DESK_KEY = utf8("tocsin.leaf/v2 desk-key\n");

export interface LeafTold {
  readonly beat: number;
  readonly custody_head: string;
  readonly entry: string;
  readonly first: number;
  readonly index: number;
  readonly link: string;
  readonly proof: string[];
  readonly salt: string;
  readonly seq: number;
  readonly time_entry: string;
  readonly time_proof: string[];
  readonly tree_size: number;
}

export interface CustodianTold {
  /** Of the entry that put the custodian on the desk. */
  readonly index: number;
  readonly roll: readonly Listed[];
  readonly state: Listed;
  readonly tree_size: number;
}

export interface AnnouncedTold {
  readonly entry: string;
  readonly index: number;
  readonly kind: string;
  readonly proof: string[];
  readonly tree_size: number;
}

export interface Covering {
  readonly keys: LogKeys;
  /** The node's receipt keys, by the id (hex) that a note names. */
  readonly receiptKeys: ReadonlyMap<string, VerifierKey>;
  /** By tree size, ascending. */
  readonly checkpoints: ReadonlyMap<number, Bytes>;
  readonly leaves: readonly LeafTold[];
  readonly consistency: readonly { from: number; proof: string[]; to: number }[];
  readonly tokens: ReadonlyMap<number, readonly Token[]>;
  readonly custodian: CustodianTold | null;
  readonly announced: readonly AnnouncedTold[];
}

interface Leaf {
  readonly beat: Note;
  readonly place: number;
  readonly size: number;
}

type Said = Readonly<Record<string, Value>>;

/** Read and prove. `node`: what the node said of itself. Rejects with `Refusal` where the source lacks what it must have, or the notes are at odds. */
export async function cover(source: LogSource, notes: readonly Note[], custodian: Bytes | undefined, node: Said): Promise<Covering> {
  const keys = await source.keys();
  const found = keys.log === null ? [] : leavesOf(notes);
  const held = await checkpointsOf(source, found);
  const announced = await announcedIn(source, node, Math.max(0, ...held.keys()));
  const deskKey = await deskKeyOf(source, custodian, held);
  const leaves: LeafTold[] = [];
  for (const leaf of found) leaves.push(await prove(source, leaf));
  const before = leaves[0]?.first;
  const raw = before ? await source.file(`beats/${before}`) : undefined;
  if (before && raw) held.set(before, raw);
  const checkpoints = new Map([...held].sort(([a], [b]) => a - b));
  const sizes = [...checkpoints.keys()];
  const consistency: Covering["consistency"][number][] = [];
  for (const [i, size] of sizes.slice(1).entries()) {
    consistency.push({ from: sizes[i]!, proof: (await new Tree(source, size).consistency(sizes[i]!)).map(base64), to: size });
  }
  const tokens = new Map<number, readonly Token[]>();
  for (const size of sizes) {
    const told = await tokensOf(source, size);
    if (told.length > 0) tokens.set(size, told);
  }
  return { keys, receiptKeys: await keysById(keys.receipts), checkpoints, leaves, consistency, tokens, custodian: deskKey, announced };
}

async function keysById(vkeys: readonly string[]): Promise<Map<string, VerifierKey>> {
  try {
    const keys = await Promise.all(vkeys.map(parseVkey));
    return new Map(keys.map((key) => [hex(key.keyId), key]));
  } catch {
    throw new Refusal("log_unreadable");
  }
}

/** The `leaf` notes with the `beat` note before each. A `beat` note without one is a node that stopped in between. */
function leavesOf(notes: readonly Note[]): Leaf[] {
  const found: Leaf[] = [];
  let beat: Note | undefined;
  for (const note of notes) {
    if (note.said["n"] === "beat") beat = note;
    if (note.said["n"] !== "leaf") continue;
    if (!beat || beat.said["beat"] !== note.said["beat"]) throw new Refusal("custody_broken");
    found.push({ beat, place: numberIn(note, "leaf"), size: numberIn(note, "size") });
    beat = undefined;
  }
  return found;
}

/** The covering checkpoints and the newest, by size. */
async function checkpointsOf(source: LogSource, leaves: readonly Leaf[]): Promise<Map<number, Bytes>> {
  const found = new Map<number, Bytes>();
  const newest = await source.file("checkpoint");
  if (newest && sizeOf(newest)) found.set(sizeOf(newest), newest);
  for (const { size } of leaves) {
    const raw = await source.file(`beats/${size}`);
    if (!raw && !found.has(size)) throw new Refusal("log_unreadable");
    if (raw) found.set(size, raw);
  }
  return found;
}

/**
 * Entries of the log about the node itself, where the node says that they stand, in the tree of `size`. Its word finds them and proves nothing: what is
 * no such entry is left out.
 */
async function announcedIn(source: LogSource, node: Said, size: number): Promise<AnnouncedTold[]> {
  const [tree, found]: [Tree, AnnouncedTold[]] = [new Tree(source, size), []];
  for (const [index, kind] of placesTold(node)) {
    if (index >= size) continue;
    const entry = (await tree.entries(Math.floor(index / WIDTH)))[index % WIDTH]!;
    if (!saidIn(entry, kind)) continue;
    found.push({ entry: base64(entry), index, kind, proof: (await tree.inclusion(index)).map(base64), tree_size: size });
  }
  return found;
}

/** What an entry of `kind` says; undefined for one that is not of that kind or not well spelled. */
export function saidIn(entry: Bytes, kind: string): Said | undefined {
  const [line, texts] = ANNOUNCED.get(kind)!;
  const said = begins(entry, line) ? objectIn(entry.subarray(line.length)) : {};
  return texts.every((text) => typeof said[text] === "string") ? said : undefined;
}

/** Index and kind of what a node says that it announced, by index; nothing where it does not say, or not well. */
function placesTold({ announced }: Said): [number, string][] {
  const found = new Map<number, string>();
  for (const one of Array.isArray(announced) ? announced : []) {
    const { index, kind } = (typeof one === "object" ? one : null) as { index?: Value; kind?: Value } ?? {};
    if (typeof index === "number" && index >= 0 && typeof kind === "string" && ANNOUNCED.has(kind)) found.set(index, kind);
  }
  return [...found].sort(([a], [b]) => a - b);
}

async function prove(source: LogSource, { beat, place, size }: Leaf): Promise<LeafTold> {
  const tree = new Tree(source, size);
  const { first, entry } = await timeBefore(tree, place);
  const bundle = await tree.entries(Math.floor(place / WIDTH));
  return {
    beat: numberIn(beat, "beat"),
    custody_head: base64(beat.headBefore),
    entry: base64(bundle[place % WIDTH]!),
    first,
    index: place,
    link: textIn(beat, "link"),
    proof: (await tree.inclusion(place)).map(base64),
    salt: textIn(beat, "salt"),
    seq: numberIn(beat, "seq"),
    time_entry: base64(entry),
    time_proof: (await tree.inclusion(first)).map(base64),
    tree_size: size,
  };
}

/** The last time entry before the leaf, which names its beat, and its index. */
async function timeBefore(tree: Tree, place: number): Promise<{ first: number; entry: Bytes }> {
  for (let where = Math.floor(place / WIDTH); where >= 0; where--) {
    const entries = (await tree.entries(where)).slice(0, Math.max(0, place - where * WIDTH));
    for (let offset = entries.length - 1; offset >= 0; offset--) {
      const first = where * WIDTH + offset;
      if (isTime(entries[offset]!, first)) return { first, entry: entries[offset]! };
    }
  }
  throw new Refusal("log_unreadable");
}

function isTime(entry: Bytes, index: number): boolean {
  if (!begins(entry, TIME)) return false;
  const said = objectIn(entry.subarray(TIME.length));
  return Number.isInteger(said["beat"]) && said["first"] === index && Object.keys(said).length === 2;
}

interface Listed {
  readonly entry: string;
  readonly index: number;
  readonly proof: readonly string[];
}

/** The custodian's place on the roll, with the whole roll and its proofs; adds the checkpoint it stands under. */
async function deskKeyOf(source: LogSource, key: Bytes | undefined, held: Map<number, Bytes>): Promise<CustodianTold | null> {
  const raw = key && (await source.file("desk-keys"));
  if (!raw || !key) return null;
  const told = JSON.parse(new TextDecoder().decode(raw)) as { checkpoint: string; state?: Listed | null; roll?: Listed[] };
  // A node before format 2 of the list: what an operator alone put there proves nobody.
  if (!told.roll || !told.state) return null;
  const place = told.roll.find((one) => isOf(anyBase64(one.entry), base64(key)));
  if (!place) return null;
  const note = utf8(told.checkpoint);
  const size = sizeOf(note);
  if (!held.has(size)) held.set(size, note);
  return { index: place.index, roll: told.roll.map(entered), state: entered(told.state), tree_size: size };
}

function entered({ entry, index, proof }: Listed): Listed {
  return { entry: base64(anyBase64(entry)), index, proof: proof.map((part) => base64(anyBase64(part))) };
}

/** Whether an entry adds the lawyer who signs packages with this key. Whether it counts is the verifier's to say. */
function isOf(entry: Bytes, key: string): boolean {
  if (!begins(entry, SIGNED_DESK_KEY)) return false;
  const { statement } = objectIn(entry.subarray(SIGNED_DESK_KEY.length)) as { statement?: { act?: Value; keys?: Value } };
  const keys = statement?.act === "desk-add" && Array.isArray(statement.keys) ? statement.keys : [];
  return keys.length === 1 && (keys[0] as { custodian?: Value } | null)?.custodian === key;
}

function begins(entry: Bytes, label: Bytes): boolean {
  return isSame(entry.subarray(0, label.length), label);
}

function objectIn(raw: Uint8Array): Record<string, Value> {
  try {
    const said = loads(raw);
    return said !== null && typeof said === "object" && !Array.isArray(said) ? said : {};
  } catch {
    return {};
  }
}

export function numberIn({ said }: Note, field: string): number {
  const value = said[field];
  if (typeof value !== "number") throw new Refusal("custody_broken");
  return value;
}

function textIn({ said }: Note, field: string): string {
  const value = said[field];
  if (typeof value !== "string") throw new Refusal("custody_broken");
  return value;
}
