/**
 * Check a Tocsin evidence package in a browser or under node, offline: `verify(file, trust?, signer?)`.
 *
 * Written from docs/spec/package.md; it agrees step by step with the verifier in Python on vectors/package, but for one thing that it says
 * itself: the signature of a timestamp is NOT PROVEN here. It never throws for what the file holds.
 */
import { base64, type Bytes } from "../crypto/bytes.ts";
import type { Value } from "../crypto/canonical.ts";
import { checkAnnounced, readAnnounced } from "./announced.ts";
import { checkChunks } from "./check_chunks.ts";
import { checkDerivatives, checkHashes, checkSignature } from "./check_lists.ts";
import {
  checkCheckpoints, checkConsistency, checkCustody, checkLeaves, checkTimestamps, readCheckpoints, readLeavesOf,
} from "./check_log.ts"; // prettier-ignore
import { parseVkey } from "./checkpoint.ts";
import { Package, type Trust } from "./package.ts";
import { b64, b64s, isObject } from "./read_json.ts";
import { exitOf, NOT_SHOWN, shown, Step, STEPS, Unreadable, Wrong, type Ending, type Mark, type Report } from "./report.ts";

export type { Report } from "./report.ts";
export type { Trust } from "./package.ts";

/** Keys from outside, from the text of TRUST.json. Rejects with `Unreadable`. Timestamp roots are left to the other verifier. */
export async function readTrust(text: string): Promise<Trust> {
  try {
    const told: unknown = JSON.parse(text);
    if (!isObject(told) || !Array.isArray(told["witnesses"])) throw new TypeError("shape");
    const quorum = Object.hasOwn(told, "quorum") ? told["quorum"] : 2;
    const witnesses = await Promise.all(told["witnesses"].map(parseVkey));
    if (!Number.isInteger(quorum) || (quorum as number) < 1 || witnesses.some((key) => key.kind === 1)) throw new TypeError("quorum");
    const stewards = Object.hasOwn(told, "stewards") ? b64s(told["stewards"], 32).map(base64).sort() : [];
    return { log: await parseVkey(told["log"]), witnesses, quorum: quorum as number, stewards };
  } catch {
    throw new Unreadable("the trust file is not readable");
  }
}

/** A custodian's key as `--signer` takes it. Throws for anything but 32 bytes of base64. */
export function readSigner(text: string): Bytes {
  return b64(text, 32);
}

/** Check `file`. `trust` and `signer` come from outside the package. */
export async function verify(file: Blob, trust?: Trust, signer?: Bytes): Promise<Report> {
  const found = new Package(file, trust, signer);
  const steps = STEPS.map((name, i) => new Step(i + 1, name));
  try {
    await run(found, steps);
  } catch (error) {
    const reason = error instanceof Unreadable ? error.message : "the file cannot be read";
    return { exit: 2, package: "", recording: "", steps: [], facts: [], marks: [], ...NOTHING, notShown: NOT_SHOWN, reason };
  }
  const told = found.manifest as Package["manifest"] | undefined;
  const [name, recording] = [shown(told?.package_id ?? ""), shown(told?.recording ?? "")];
  const exit = exitOf(steps);
  // What one step says means nothing when another failed.
  const said = exit === 1 ? NOTHING : { witnessed: found.witnessed, ending: endingOf(found), continues: continuedBy(found) };
  return { exit, package: name, recording, steps, facts: exit === 1 ? [] : found.facts, marks: found.marks, ...said, notShown: NOT_SHOWN, reason: "" };
}

const NOTHING = { witnessed: undefined, ending: undefined, continues: undefined };

function endingOf({ manifest }: Package): Ending {
  if (manifest.state === "stopped") return "stopped";
  return manifest.kind === "import" ? "cut_import" : "cut";
}

function continuedBy({ recording }: Package): readonly [string, string] | undefined {
  const { continues, continued_seq: seq } = recording?.start ?? {};
  return continues ? [shown(continues), shown(seq)] : undefined;
}

type Act = (found: Package, step: Step) => Promise<void>;

async function run(found: Package, steps: Step[]): Promise<void> {
  const at = (number: number) => steps[number - 1]!;
  const does = (number: number, act: Act) => perform(found, at(number), act);
  const isOpen = (await does(1, () => found.unzip())) && (await does(2, () => found.readManifest()));
  if (!isOpen) return leaveRest(steps);
  found.marks = await marksOf(found);
  const isLed = (await does(5, readLeavesOf)) && (await does(5, readAnnounced));
  found.isRooted = await does(6, readCheckpoints);
  await does(4, checkChunks);
  await does(3, checkSignature);
  const isCovered = isLed && (await does(5, (_, step) => checkLeaves(found, step, at(4).status === "FAIL")));
  if (isCovered) await does(5, checkAnnounced);
  if (found.isRooted) await does(6, checkCheckpoints);
  await does(7, checkConsistency);
  await does(8, (_, step) => checkCustody(found, step, at(5).status === "FAIL"));
  await does(9, checkTimestamps);
  await does(10, checkDerivatives);
  await does(2, checkHashes);
  found.facts.unshift(summary(found), ...around(found));
}

/** Whether the step has no FAIL. What an act throws is one, but for a file that cannot be read at all. */
async function perform(found: Package, step: Step, act: Act): Promise<boolean> {
  try {
    await act(found, step);
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    if (error instanceof Wrong) step.found("FAIL", error.code, error.where);
    else step.found("FAIL", step.number === 1 ? "layout" : "malformed");
  }
  return step.status !== "FAIL";
}

function leaveRest(steps: Step[]): void {
  const failed = steps.findIndex((step) => step.status === "FAIL");
  for (const step of steps.slice(failed + 1)) step.found("NOT PROVEN", "not_reached");
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ["import", ": not captured here, but handed in as filmed before"],
  ["rehearsal", ": somebody was practising"],
]);

const LATER =
  "Whether the same phone went on in another recording cannot be told from this package: only the later one would name the earlier.";

/** What the phone may have recorded before and after. */
function around(found: Package): string[] {
  const [later, before] = [endingOf(found) === "cut" ? [LATER] : [], continuedBy(found)];
  if (!before) return later;
  const told = `continues ${before[0]}, of which chunk ${before[1]} was the newest that it still knew of`;
  return [...later, `The phone said that it ${told}. That recording is not in this package.`];
}

/** Said whatever the steps come to. */
async function marksOf(found: Package): Promise<Mark[]> {
  const { kind } = (found.manifest as Package["manifest"] | undefined) ?? {};
  const marks: Mark[] = kind === "rehearsal" || kind === "import" ? [kind] : [];
  try {
    const versions = (await found.value("system/versions.json")) as { node?: { pack_is_sample?: Value } };
    if (versions.node?.pack_is_sample === true) marks.push("sample");
  } catch {
    // a step has told of it
  }
  return marks;
}

const ENDINGS = {
  stopped: "the recording was stopped by a person or the phone",
  cut: "the recording was CUT: it ends without a stop",
  cut_import: "the handing in was CUT: the file is not whole",
};

function summary(found: Package): string {
  const { manifest } = found;
  const isWhole = manifest.kind === "import" && manifest.state === "stopped";
  const ending = isWhole ? "the file was handed in to its end, by the phone's word" : ENDINGS[endingOf(found)];
  const gaps = Array.isArray(manifest.gaps) ? manifest.gaps.length : 0;
  const kind = manifest.kind === "encounter" ? "" : ` Its kind is ${shown(manifest.kind)}${KINDS.get(manifest.kind) ?? ""}.`;
  return `Chunks: ${manifest.chunk_count}, declared gaps: ${gaps}; ${ending}.${kind}`;
}
