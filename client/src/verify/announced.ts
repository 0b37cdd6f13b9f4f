/** What a node put into its log about itself (docs/spec/log.md): the keys of its receipts, the clients it served. */
import type { Bytes } from "../crypto/bytes.ts";
import { isIncluded, leafHash } from "../crypto/merkle.ts";
import type { Package } from "./package.ts";
import { b64, b64s, canonical, need, type Json } from "./read_json.ts";
import { shown, Wrong } from "./report.ts";

export const MEMBER = "log/announced.json";
/** Kinds of entries, and the texts that each must have. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["receipt-key", "act key"],
  ["release", "client version"],
]);
const UNTOLD = "Whether the key of the node's receipts and the client that the phone ran stand in the log is not told in this package.";

/** Where an entry is said to stand, and what it says. */
export interface Announced {
  readonly index: number;
  readonly kind: string;
  readonly said: Json;
  readonly entry: Bytes;
  readonly size: number;
  readonly proof: readonly Bytes[];
}

/** Of step 5, before the recording is opened. Throws `Wrong`. */
export async function readAnnounced(found: Package): Promise<void> {
  if (!found.has(MEMBER)) return;
  const told = await found.value(MEMBER);
  if (!Array.isArray(told)) throw new Wrong("malformed", MEMBER);
  const read = told.map((one) => announcedIn(need(one, { ints: "index tree_size", texts: "entry kind", lists: "proof" })));
  if (read.some((one, i) => i > 0 && one.index <= read[i - 1]!.index)) throw new Wrong("malformed", MEMBER);
  found.told = read;
}

/** Of step 5, after it: each stands in a tree of the package. Throws `Wrong`. */
export async function checkAnnounced(found: Package): Promise<void> {
  if (!found.recording || !found.isRooted) return;
  for (const { entry, index, proof, size } of found.told ?? []) {
    const [checkpoint, where] = [found.checkpoints.get(size), `entry ${index}`];
    if (!checkpoint) throw new Wrong("checkpoint_absent", where);
    if (!(await isIncluded(await leafHash(entry), index, size, [...proof], checkpoint.root))) throw new Wrong("inclusion", where);
  }
  found.announced = found.told;
  for (const { index, kind, said } of found.announced ?? []) {
    const [vkey, isAdded] = [said["key"] as string, said["act"] === "add" && Object.keys(said).length === 2];
    if (kind === "receipt-key" && isAdded && !found.receiptKeyEntries.has(vkey)) found.receiptKeyEntries.set(vkey, index);
  }
  if (found.announced) await tell(found);
  else found.facts.push(UNTOLD);
}

/** Where the log announces a key of receipts, under a checkpoint of this package; undefined where no entry shown here does. */
export function receiptKeyEntry({ receiptKeyEntries }: Package, vkey: string): number | undefined {
  return receiptKeyEntries.get(vkey);
}

/** Where `announced` has a client by its hash; undefined where it has none. */
export function releaseEntry(announced: readonly Announced[] | undefined, client: unknown): number | undefined {
  return announced?.find(({ kind, said }) => kind === "release" && said["client"] === client)?.index;
}

function announcedIn(one: Json): Announced {
  const [index, kind, entry] = [one["index"] as number, one["kind"] as string, b64(one["entry"])];
  const [where, texts] = [`entry ${index}`, KINDS.get(kind)];
  const [line, said] = split(entry);
  if (!texts || line !== `tocsin.leaf/v1 ${kind}`) throw new Wrong("malformed", where);
  return { index, kind, said: need(canonical(said, where), { texts }), entry, size: one["tree_size"] as number, proof: b64s(one["proof"], 32) };
}

/** The first line without its end, and what is behind it. */
function split(entry: Uint8Array): [string, Uint8Array] {
  const end = entry.indexOf(10);
  return end < 0 ? ["", entry] : [String.fromCharCode(...entry.subarray(0, end)), entry.subarray(end + 1)];
}

async function tell(found: Package): Promise<void> {
  const log = found.trust ? "the log" : "the log that the package itself names";
  for (const vkey of need(await found.value("log/keys.json"), { lists: "receipts" })["receipts"] as unknown[]) {
    const entry = receiptKeyEntry(found, vkey as string);
    const stands = entry === undefined ? `no entry of ${log} that this package shows` : `entry ${entry} of ${log}`;
    found.facts.push(`The key of the node's receipts, ${shown(vkey)}, stands in ${stands}.`);
  }
  const build = found.recording?.start["build"] ?? "";
  const entry = releaseEntry(found.announced, build);
  const stands = entry === undefined ? "is no release that this package shows in" : `was announced in entry ${entry} of`;
  found.facts.push(`The client that the phone says it ran, ${shown(build) || "which it did not name"}, ${stands} ${log}.`);
}
