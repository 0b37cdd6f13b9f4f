/** Steps 5 to 9: what the log, its witnesses and the authorities say, and the custody notes that the leaves commit to. */
import { isSame, utf8, type Bytes } from "../crypto/bytes.ts";
import { isConsistent } from "../crypto/merkle.ts";
import { receiptKeyEntry } from "./announced.ts";
import { Checkpoint, NOTE_LOG, parseVkey, quorumTime, type Key } from "./checkpoint.ts";
import { Custody } from "./custody.ts";
import { checkEntry, checkInclusion, readLeaves, type Leaf } from "./leaf.ts";
import type { Package } from "./package.ts";
import { b64, b64s, hex, need, type Json } from "./read_json.ts";
import { moment, Wrong, type Step } from "./report.ts";
import { Signatures } from "./signatures.ts";
import { readToken } from "./token.ts";

/** Seconds that two clocks may differ. */
const SKEW = 60;
/** Seconds beyond which it is no longer a clock that runs wrong. */
const CLOCK_WRONG = 900;
/** Seconds from a beat to its cosignatures. */
const WITNESSED_SOON = 900;

export async function readLeavesOf(found: Package): Promise<void> {
  found.leaves = readLeaves(await found.value("log/leaves.json"));
}

/** Step 5. */
export async function checkLeaves(found: Package, step: Step, areChunksWrong: boolean): Promise<void> {
  const leaves = found.leaves ?? [];
  if (!found.recording || !found.isRooted) return step.found("NOT PROVEN", "not_reached");
  for (const leaf of leaves) {
    await checkEntry(leaf, found.recording.id);
    checkLink(found, step, leaf, areChunksWrong);
    await checkInclusion(leaf, found.checkpoints.get(leaf.tree_size));
  }
  const last = leaves.at(-1);
  if (!last) return step.found("MISSING", "no_leaf");
  const newest = newestUnder(found, last);
  if (newest < found.manifest.chunk_count - 1) step.found("MISSING", "tail_uncovered", `from chunk ${newest + 1}`);
}

/**
 * The newest chunk that a leaf commits to. -1: it was made before there was any, its link is the header's, and says nothing of what
 * chunk 0 came to be.
 */
function newestUnder(found: Package, leaf: Leaf): number {
  const header = found.links.get(-1);
  return header && isSame(header, b64(leaf.link, 32)) ? -1 : leaf.seq;
}

function checkLink(found: Package, step: Step, leaf: Leaf, areChunksWrong: boolean): void {
  const link = b64(leaf.link, 32);
  const known = [found.links.get(leaf.seq), leaf.seq === 0 ? found.links.get(-1) : undefined];
  if (known.some((one) => one && isSame(one, link))) return;
  if (!areChunksWrong || found.links.has(leaf.seq)) throw new Wrong("link_wrong", `leaf ${leaf.index}`);
  step.found("NOT PROVEN", "not_reached", `leaf ${leaf.index}`);
}

export async function readCheckpoints(found: Package): Promise<void> {
  const read: Checkpoint[] = [];
  for (const name of found.names("log/checkpoints/")) {
    const checkpoint = new Checkpoint(await found.text(name));
    if (name !== `log/checkpoints/${checkpoint.size}.txt`) throw new Wrong("malformed", name);
    read.push(checkpoint);
  }
  for (const checkpoint of read.sort((a, b) => a.size - b.size)) found.checkpoints.set(checkpoint.size, checkpoint);
}

/** Step 6. */
export async function checkCheckpoints(found: Package, step: Step): Promise<void> {
  const { log, witnesses, quorum } = await keysOf(found, step);
  const witnessed = new Map<number, number>();
  for (const [size, checkpoint] of found.checkpoints) {
    if (!log || !(await checkpoint.isSignedBy(log))) throw new Wrong("log_signature", `checkpoint ${size}`);
    const times = await timesOf(checkpoint, witnesses);
    if (times.length > 0) compareClocks(found, step, size, Math.min(...times.map(([, time]) => time)), `checkpoint ${size}`);
    const time = quorumTime(times, quorum);
    if (time !== undefined) witnessed.set(size, time);
  }
  judgeWitnesses(found, step, witnessed);
}

async function keysOf(found: Package, step: Step): Promise<{ log: Key | undefined; witnesses: readonly Key[]; quorum: number }> {
  const told = need(await found.value("log/keys.json"), { lists: "receipts witnesses" });
  if (!Object.hasOwn(told, "log")) throw new Wrong("malformed");
  const log = told["log"] === null ? undefined : await parseVkey(told["log"]);
  const witnesses: Key[] = [];
  for (const vkey of told["witnesses"] as unknown[]) witnesses.push(await parseVkey(vkey));
  if (!found.trust) {
    step.found("NOT PROVEN", "no_outside_keys");
    return { log, witnesses, quorum: 2 };
  }
  if (log && log.text !== found.trust.log.text) throw new Wrong("log_untrusted", log.name);
  return { log, witnesses: found.trust.witnesses, quorum: found.trust.quorum };
}

async function timesOf(checkpoint: Checkpoint, witnesses: readonly Key[]): Promise<(readonly [Key, number])[]> {
  const times: (readonly [Key, number])[] = [];
  for (const key of witnesses) {
    const time = await checkpoint.cosigned(key);
    if (time !== undefined) times.push([key, time]);
  }
  return times;
}

/** The beat of the last leaf in the tree of `size`. Leaves are in order of tree size and beat. */
function newestBeat(leaves: readonly Leaf[], size: number): number {
  let [low, high] = [0, leaves.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (leaves[middle]!.tree_size <= size) low = middle + 1;
    else high = middle;
  }
  return leaves[low - 1]?.beat ?? 0;
}

/** Judge an outside `time` on the tree of `size` that lies before the beat the log gives to its last leaf. Throws `Wrong`. */
function compareClocks(found: Package, step: Step, size: number, time: number, where: string): void {
  const early = newestBeat(found.leaves ?? [], size) - time;
  if (early > CLOCK_WRONG) throw new Wrong("before_beat", where);
  if (early > SKEW) step.found("NOT PROVEN", "clock_suspect", where);
}

/** `witnessed`: tree size to the time at which a quorum had cosigned it. */
function judgeWitnesses(found: Package, step: Step, witnessed: ReadonlyMap<number, number>): void {
  const [leaves, seen] = [found.leaves ?? [], [...witnessed].sort((a, b) => a[0] - b[0])];
  if (leaves.length === 0 && seen.length === 0) step.found("MISSING", "witnesses");
  let earliest = Infinity;
  // From the last leaf back, each sees the trees that the one after it saw.
  for (const leaf of [...leaves].reverse()) {
    while (seen.length > 0 && seen.at(-1)![0] >= leaf.tree_size) earliest = Math.min(earliest, seen.pop()![1]);
    if (earliest === Infinity) step.found("MISSING", "witnesses", `no quorum over the tree of ${leaf.tree_size}`);
    else if (earliest > leaf.beat + WITNESSED_SOON) step.found("NOT PROVEN", "witnessed_late", `${leaf.beat}: ${moment(earliest)}`);
    if (leaf === leaves.at(-1) && earliest !== Infinity && found.trust) tellWitnessed(found, newestUnder(found, leaf), earliest);
  }
}

function tellWitnessed(found: Package, newest: number, time: number): void {
  const by = `by ${moment(time)}, says a quorum of witnesses.`;
  if (newest < 0) return void found.facts.push(`No chunk is under a leaf. The recording had begun ${by}`);
  found.witnessed = { seq: newest, time };
  found.facts.push(`Chunks 0 to ${newest} existed, as they are here, ${by}`);
}

/** Step 7. */
export async function checkConsistency(found: Package, step: Step): Promise<void> {
  if (!found.isRooted) return step.found("NOT PROVEN", "not_reached");
  const told = await found.value("log/consistency.json");
  if (!Array.isArray(told)) throw new Wrong("malformed");
  const proofs = told.map((one) => need(one, { ints: "from to", lists: "proof" }));
  const sizes = [...found.checkpoints.keys()];
  const pairs = sizes.slice(1).map((size, i) => `${sizes[i]} ${size}`);
  if (proofs.map((one) => `${one["from"]} ${one["to"]}`).join("\n") !== pairs.join("\n")) throw new Wrong("pairs_differ");
  for (const one of proofs) {
    const [old, fresh] = [found.checkpoints.get(one["from"] as number)!, found.checkpoints.get(one["to"] as number)!];
    const isPrefix = await isConsistent(old.size, fresh.size, b64s(one["proof"], 32), old.root, fresh.root);
    if (!isPrefix) throw new Wrong("consistency", `${old.size} to ${fresh.size}`);
  }
}

/** Step 8. */
export async function checkCustody(found: Package, step: Step, areLeavesWrong: boolean): Promise<void> {
  if (areLeavesWrong && !found.leaves) return step.found("NOT PROVEN", "not_reached");
  const keys = need(await found.value("log/keys.json"), {});
  const isLogless = (keys["log"] ?? null) === null;
  if (isLogless) step.found("NOT PROVEN", "no_leaf");
  const beats = (found.leaves ?? []).map((leaf) => [newestUnder(found, leaf), leaf.beat] as const);
  const receipts = found.has("log/receipts.txt") ? found.stream("log/receipts.txt") : undefined;
  const signed = new Signatures(found.recording?.id, await receiptKeys(keys), receipts);
  const chain = new Custody(found.leaves ?? [], found.received, beats, signed, isLogless);
  const stream = found.stream("custody.jsonl");
  while (stream.left > 0) await chain.take(await stream.line());
  if (chain.leaves.length > 0) throw new Wrong("leaf_notes");
  if (chain.chunks !== found.manifest.chunk_count) throw new Wrong("chunk_notes");
  const made = need(await found.value("made.json"), { ints: "at custody_count", texts: "actor custody_head tool" });
  const { manifest } = found;
  const isMade =
    made["actor"] === (manifest.custodian === null ? "reader" : "custodian") &&
    made["at"] === manifest.made_at &&
    made["custody_count"] === chain.count &&
    made["custody_head"] === hex(chain.head) &&
    made["tool"] === manifest.tool;
  if (!isMade) throw new Wrong("made");
  judgeSignatures(found, step, signed);
  if (manifest.made_at < chain.newest - SKEW) step.found("NOT PROVEN", "clock_suspect", "made before the last note");
  if (chain.underLeaf < chain.count) {
    found.facts.push(`Custody notes from number ${chain.underLeaf} on are under no leaf: no witness has seen them.`);
  }
}

/** The keys of the node's receipts that came with the package, by id. */
async function receiptKeys(told: Json): Promise<Map<string, Key>> {
  const keys = await Promise.all((need(told, { lists: "receipts" })["receipts"] as unknown[]).map(parseVkey));
  return new Map(keys.filter(({ kind }) => kind === NOTE_LOG).map((key) => [hex(key.keyId), key]));
}

function judgeSignatures(found: Package, step: Step, signed: Signatures): void {
  signed.end();
  if (signed.firstUnsigned !== undefined) step.found("MISSING", "unsigned_notes", `from note ${signed.firstUnsigned}`);
  let [notes, receipts] = [0, 0];
  for (const [id, vkey] of [...signed.used].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // Anybody can put a key of their own beside.
    if (vkey === undefined || receiptKeyEntry(found, vkey) === undefined) {
      step.found("NOT PROVEN", "receipt_key", id);
      continue;
    }
    notes += signed.notes.get(id) ?? 0;
    receipts += signed.receipts.get(id) ?? 0;
  }
  if (notes > 0 && found.trust) found.facts.push(`The node signed ${receipts} receipts for chunks, and ${notes} custody notes in all.`);
}

/** Step 9, as far as it goes without certificates. */
export async function checkTimestamps(found: Package, step: Step): Promise<void> {
  if (!found.isRooted) return step.found("NOT PROVEN", "not_reached");
  const tokens = found.names("log/timestamps/", ".tsr");
  if (tokens.length > 0 === found.has("log/timestamps/NONE.txt")) throw new Wrong("none_said");
  if (tokens.length === 0) step.found("MISSING", "no_timestamp");
  else step.found("NOT PROVEN", "signature_unchecked");
  if (!found.trust) step.found("NOT PROVEN", "no_outside_keys");
  const leaves = found.leaves ?? [];
  let covered = 0;
  for (const name of tokens) {
    const { size, time } = await stampOf(found, name);
    compareClocks(found, step, size, time, name);
    covered = Math.max(covered, size);
  }
  const last = leaves.at(-1);
  if (tokens.length > 0 && last && covered < last.tree_size) step.found("MISSING", "tail_uncovered");
}

/** Tree size and time of a token whose imprint is right. Throws `Wrong`. */
async function stampOf(found: Package, name: string): Promise<{ size: number; time: number }> {
  const size = Number.parseInt(name.slice("log/timestamps/".length), 10);
  const token = readToken(await found.text(name));
  const checkpoint = found.checkpoints.get(size);
  const digest = checkpoint && new Uint8Array(await crypto.subtle.digest(token.digest, utf8(checkpoint.text) as Bytes));
  if (!digest || !isSame(digest, token.imprint)) throw new Wrong("imprint", name);
  return { size, time: token.time };
}
