/**
 * system/operation.json: what a package can tell of how the node ran while it recorded, and that the rest is kept nowhere. Arithmetic of whoever makes the
 * package, over what lies beside it: no verifier does it again.
 */
import about from "../../../../src/tocsin/evidence/texts/operation.txt";
import type { Bytes } from "../../crypto/bytes.ts";
import { parseVkey } from "../../crypto/note.ts";
import type { Value } from "../../crypto/canonical.ts";
import type { Note } from "../custody.ts";
import { numberIn, type Covering } from "./covering.ts";
import { compare, hex } from "./text.ts";
import { signedBy } from "./witnessed.ts";

const KEY_BYTES = 32;
/** GeneralizedTime in DER. The first in a token is that of its TSTInfo (RFC 3161 section 2.4.2). */
const TOKEN_TIME = /\x18[\x0f-\x13]([0-9]{14})(?:\.[0-9]+)?Z/;

type Said = Readonly<Record<string, Value>>;

/** `node`: what the node said of itself. `notes`: opened, in order; `sealedNotes`: the same as the node keeps them, each behind its length. */
export async function operation(node: Said, notes: readonly Note[], sealedNotes: Blob, covering: Covering): Promise<Value> {
  const refused = notes.filter(({ said }) => said["action"] === "refused");
  const { beat_seconds: step } = node;
  return {
    about: about.trimEnd().split("\n"),
    beats: { beat_seconds: typeof step === "number" ? step : "not stated by the node", ...beatsIn(notes) },
    clocks: await Promise.all([...covering.checkpoints.keys()].map((size) => clocksOn(covering, size))),
    refusals: refused.map(({ said }) => ({ at: said["at"] ?? null, reason: said["reason"] ?? null })),
    sessions: sessionsIn(new Uint8Array(await sealedNotes.arrayBuffer())),
  };
}

function beatsIn(notes: readonly Note[]): Record<string, Value> {
  const of = (kind: string): Note[] => notes.filter(({ said }) => said["n"] === kind);
  const [leaves, chunks] = [of("leaf"), of("chunk")];
  const beats = leaves.map((note) => numberIn(note, "beat"));
  const last = chunks.length > 0 ? numberIn(chunks.at(-1)!, "t") : undefined;
  const whileRecording = last === undefined ? [] : beats.slice(0, 1 + beats.filter((beat) => beat * 1000 < last).length);
  const steps = whileRecording.slice(1).map((beat, i) => beat - whileRecording[i]!);
  return {
    first: beats[0] ?? null,
    last: beats.at(-1) ?? null,
    late: leaves.filter(({ said }) => said["late"] === true).length,
    leaves: leaves.length,
    longest_s: steps.length > 0 ? Math.max(...steps) : null,
    without_leaf: of("beat").length - leaves.length,
  };
}

async function clocksOn(covering: Covering, size: number): Promise<Value> {
  const beat = covering.leaves.find((leaf) => leaf.tree_size === size)?.beat ?? null;
  const keys = await Promise.all(covering.keys.witnesses.map(parseVkey));
  const seen = [...(await signedBy(covering.checkpoints.get(size)!, keys))].sort(([a, early], [b, late]) => early - late || compare(a, b));
  return {
    beat,
    timestamps: (covering.tokens.get(size) ?? []).map(({ authority, der }) => ({ authority, ...after(beat, tokenTime(der)) })),
    tree_size: size,
    witnesses: seen.map(([name, at]) => ({ name, ...after(beat, at) })),
  };
}

function after(beat: number | null, at: number | null): { after_beat_s: number | null; at: number | null } {
  return { after_beat_s: beat === null || at === null ? null : at - beat, at };
}

/** The time in a timestamp token, Unix seconds; null where none can be read. Not judged: that is for a verifier. */
function tokenTime(der: Bytes): number | null {
  const told = TOKEN_TIME.exec(new TextDecoder("latin1").decode(der))?.[1];
  const spelled = told?.replace(/^(....)(..)(..)(..)(..)(..)$/, "$1-$2-$3T$4:$5:$6");
  const date = new Date(`${spelled}Z`);
  // A thirtieth of February would be taken for the second of March.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(spelled!) ? date.getTime() / 1000 : null;
}

/** Number of the first note of each session, and how many it has. */
function sessionsIn(raw: Bytes): { first: number; notes: number }[] {
  const found: { first: number; notes: number }[] = [];
  const view = new DataView(raw.buffer);
  let before = "";
  for (let [at, number] = [0, 0]; at < raw.length; at += 4 + view.getUint32(at), number++) {
    const key = hex(raw.subarray(at + 4, at + 4 + KEY_BYTES));
    if (key === before) found.at(-1)!.notes += 1;
    else found.push({ first: number, notes: 1 });
    before = key;
  }
  return found;
}
