/** The verifier in TypeScript says of every file in vectors/package what the one in Python says. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { exitOf, shown, Step, type Status } from "../../client/src/verify/report.ts";
import { readSigner, readTrust, verify, type Report } from "../../client/src/verify/verify.ts";

const FOLDER = new URL("../../vectors/package/", import.meta.url);
const VECTORS = readdirSync(FOLDER).filter((name) => name.endsWith(".json") && !name.endsWith("trust.json"));
const read = (name: string) => readFileSync(new URL(name, FOLDER));
const honest = read("honest.zip");
const withheld = read("withheld.zip");
const trust = await readTrust(read("trust.json").toString());
const trustOf = (name: string) => readTrust(read(name).toString());

interface Vector {
  of: string;
  pieces: (string | [number, number])[];
  trust: string | null;
  signer: string | null;
  exit: number;
  steps: [Status, ...string[]][];
}

function fileOf(vector: Vector): Blob {
  const parts = vector.pieces.map((one) =>
    typeof one === "string" ? Buffer.from(one, "base64") : (vector.of === "honest.zip" ? honest : withheld).subarray(one[0], one[0] + one[1]),
  );
  return new Blob(parts.map((part) => new Uint8Array(part)));
}

/** What this verifier must say: the same, but that it leaves a timestamp's signature and certificates to the other one. */
function expected(vector: Vector): { exit: number; steps: string[][] } {
  const steps = vector.steps.map(([status, ...codes], i) => (i === 8 ? unchecked(status, codes) : [status, ...codes.sort()]));
  const made = steps.map(([status], i) => Object.assign(new Step(i, ""), { status }));
  return { exit: vector.exit === 2 ? 2 : exitOf(made), steps };
}

function unchecked(status: Status, codes: string[]): string[] {
  const known = codes.filter((code) => code !== "signature_wrong" && code !== "chain");
  if (status === "FAIL" && known.length === codes.length) return ["FAIL", codes[0]!];
  const isReached = !codes.includes("not_reached") && !codes.includes("no_timestamp");
  const all = isReached ? [...new Set([...known, "signature_unchecked"])].sort() : known;
  return [status === "MISSING" ? "MISSING" : "NOT PROVEN", ...all];
}

function told(report: Report): { exit: number; steps: string[][] } {
  const steps = report.steps.map((step, i) =>
    i === 8 && step.status === "FAIL" ? ["FAIL", step.codes[0]!] : [step.status, ...[...step.codes].sort()],
  );
  return { exit: report.exit, steps };
}

test("there are vectors for each step", () => assert.ok(VECTORS.length >= 150));

for (const name of VECTORS) {
  test(`package/${name} is judged as it says`, async () => {
    const vector = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Vector;
    const report = await verify(fileOf(vector), vector.trust ? await trustOf(vector.trust) : undefined, vector.signer ? readSigner(vector.signer) : undefined);
    assert.deepEqual(told(report), expected(vector));
  });
}

test("a phone whose clock was wrong is said to be so", async () => {
  const vector = JSON.parse(readFileSync(new URL("honest_phone_two_hours_ahead.json", FOLDER), "utf8")) as Vector;
  const { facts } = await verify(fileOf(vector), trust, undefined);
  assert.equal(facts.filter((fact) => /clock_suspect: .* 7200 s ahead of the node's/.test(fact)).length, 1);
  const { facts: usual } = await verify(new Blob([honest]), trust, undefined);
  assert.ok(!usual.some((fact) => fact.includes("clock_suspect")));
});

test("what is no package is exit 2 and no exception", async () => {
  for (const content of ["", "PK", "hello", "PK\x03\x04"]) {
    const report = await verify(new Blob([content]));
    assert.ok(report.exit === 2 || report.steps[0]!.status === "FAIL", content);
  }
});

test("hostile text is escaped and cut", () => {
  assert.match(shown("a\u001b[31m\u202e\n"), /^[ -~]+$/);
  assert.ok(shown("\0".repeat(500)).length <= 120);
});

test("a trust file that says nothing is refused", async () => {
  for (const text of ["", "{}", '{"log":3,"witnesses":[]}', '{"log":"a+b+c","witnesses":[],"quorum":0}']) {
    await assert.rejects(readTrust(text));
  }
});

test("a rehearsal and an import are marked, and what is neither is not", async () => {
  for (const [name, marks] of [["honest_rehearsal", ["rehearsal"]], ["honest_import", ["import"]], ["honest_cut", []]] as const) {
    const vector = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as Vector;
    assert.deepEqual((await verify(fileOf(vector), trust)).marks, marks);
  }
});

test("what a key signed that the log does not announce is not told as the node's", async () => {
  const told = async (name: string) => {
    const vector = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8")) as Vector;
    return (await verify(fileOf(vector), trust)).facts.filter((fact) => fact.startsWith("The node signed"));
  };
  assert.deepEqual(await told("honest"), ["The node signed 10 receipts for chunks, and 21 custody notes in all."]);
  for (const name of ["the_newest_note_signed_by_nobody_known", "the_newest_note_signed_by_a_key_put_beside_the_nodes"]) {
    assert.deepEqual(await told(name), ["The node signed 10 receipts for chunks, and 20 custody notes in all."], name);
  }
  assert.deepEqual(await told("honest_older"), []);
});
