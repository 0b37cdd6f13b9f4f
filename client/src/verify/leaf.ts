/** Leaves of the log: what log/leaves.json tells of each beat that covers the recording. */
import { bigEndian, isSame, join, sha256, utf8, type Bytes } from "../crypto/bytes.ts";
import { dumps, type Value } from "../crypto/canonical.ts";
import { isIncluded, leafHash } from "../crypto/merkle.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { b64, b64s, need } from "./read_json.ts";
import { Wrong } from "./report.ts";

const HASH = 32;

export interface Leaf {
  readonly beat: number;
  readonly custody_head: string;
  readonly entry: string;
  readonly first: number;
  readonly index: number;
  readonly link: string;
  readonly proof: readonly string[];
  readonly salt: string;
  readonly seq: number;
  readonly time_entry: string;
  readonly time_proof: readonly string[];
  readonly tree_size: number;
}

/** The leaves in order of tree size. Throws `Wrong`. */
export function readLeaves(value: Value): Leaf[] {
  if (!Array.isArray(value)) throw new Wrong("malformed");
  for (const one of value) {
    need(one, { ints: "beat first index seq tree_size", texts: "custody_head entry link salt time_entry", lists: "proof time_proof" });
  }
  const leaves = value as unknown as Leaf[];
  leaves.slice(1).forEach((after, i) => {
    const before = leaves[i]!;
    if (before.tree_size >= after.tree_size || before.seq > after.seq || before.beat > after.beat) {
      throw new Wrong("leaf_order", `leaf ${after.index}`);
    }
  });
  return leaves;
}

/** Throws `Wrong` unless the leaf's entry commits to this recording, salt, link and head. */
export async function checkEntry(leaf: Leaf, recording: Bytes): Promise<void> {
  const entry = b64(leaf.entry);
  b64(leaf.time_entry);
  const [link, head] = [b64(leaf.link, HASH), b64(leaf.custody_head, HASH)];
  const hidden = join(utf8("tocsin.beat/v1\n"), b64(leaf.salt, HASH), recording, bigEndian(leaf.seq, 8), link, head);
  const expected = join(utf8("tocsin.leaf/v1 beat\n"), await sha256(hidden));
  if (!isSame(entry, expected)) throw new Wrong("leaf_wrong", `leaf ${leaf.index}`);
}

/** Throws `Wrong` unless the leaf and the time entry of its beat are in the tree. */
export async function checkInclusion(leaf: Leaf, checkpoint: Checkpoint | undefined): Promise<void> {
  const where = `leaf ${leaf.index}`;
  const time = join(utf8("tocsin.leaf/v1 time\n"), dumps({ beat: leaf.beat, first: leaf.first }));
  if (!isSame(b64(leaf.time_entry), time)) throw new Wrong("beat_wrong", where);
  if (!checkpoint) throw new Wrong("checkpoint_absent", where);
  if (leaf.first >= leaf.index) throw new Wrong("beat_wrong", where);
  const proofs = [
    [b64(leaf.entry), leaf.index, leaf.proof],
    [time, leaf.first, leaf.time_proof],
  ] as const;
  for (const [entry, index, proof] of proofs) {
    const isIn = await isIncluded(await leafHash(entry), index, checkpoint.size, b64s(proof, HASH), checkpoint.root);
    if (!isIn) throw new Wrong("inclusion", where);
  }
}
