import assert from "node:assert/strict";
import { test } from "node:test";
import { FRESH_S, LIST_LIFE_S, SKEW_S, WAIT_S, provenKeys, type Proven } from "../../client/src/crypto/desk.ts";
import { age, newKey, newSteward, newWorld, publish, type Change } from "./fake_log.ts";

const NOW = 1_800_000_000;
const reasons = ({ refused }: Proven) => refused.map((one) => one.reason);
const told = async (proven: Promise<Proven>) => [(await proven).keys, reasons(await proven)];

test("keys signed by two stewards, in the log under an outside witness for a day, are taken", async () => {
  const world = newWorld();
  const letters = ["a", "c", "d", "e", "f"];
  const proven = await provenKeys(await publish(world, letters.map((one) => ({ age: age(one) })), NOW), world.trust, NOW);
  assert.deepEqual([proven.keys, proven.refused], [letters.map(age), []]);
  assert.equal(proven.seenAt, NOW);
});

test("a node that adds a lawyer of its own is refused: with no signature, one, two of one steward, or two of strangers", async () => {
  const world = newWorld();
  const [one, two] = world.stewards;
  const [mine, other] = [newSteward("Wren"), newSteward("Owl")];
  const unsigned = Buffer.from(`tocsin.leaf/v2 desk-key\n{"act":"add","age":"${age("q")}"}`);
  const older = Buffer.from(`tocsin.leaf/v1 desk-key\n{"act":"add","age":"${age("q")}","custodian":"","desk":"legal","name":"A","not_before":0}`);
  const attacks: Change[] = [{ raw: unsigned }, { age: age("q"), by: [one] }, { age: age("q"), by: [one, one] }, { age: age("q"), by: [mine, other] },
    { age: age("q"), by: [one, mine] }, { age: age("q"), node: "log.example/other" }]; // prettier-ignore
  for (const attack of attacks) {
    assert.deepEqual(await told(provenKeys(await publish(world, [{ age: age("a") }, attack], NOW), world.trust, NOW)), [[age("a")], ["not_signed_by_two"]]);
  }
  assert.deepEqual(await told(provenKeys(await publish(world, [{ raw: older }], NOW), world.trust, NOW)), [[], ["list_incomplete"]]);
  assert.deepEqual(await told(provenKeys(await publish(world, [{ age: age("a"), by: [two, one] }], NOW), world.trust, NOW)), [[age("a")], []]);
});

test("a node cannot make stewards: a later founding, or a steward whom two did not sign, may sign nothing", async () => {
  const world = newWorld();
  const own = newWorld();
  const second = { raw: own.founding };
  const helped: Change[] = [{ act: "steward-add", steward: own.stewards[0], by: [world.stewards[0], own.stewards[0]] }, { age: age("q"), by: [world.stewards[0], own.stewards[0]] }];
  for (const changes of [[second, { age: age("q"), by: own.stewards }], helped]) {
    const proven = await provenKeys(await publish(world, changes, NOW), world.trust, NOW);
    assert.deepEqual(proven.keys, []);
    assert.deepEqual([...proven.roll!.stewards.keys()].sort(), world.stewards.map((one) => one.key).sort());
  }
  const unfounded = await provenKeys(await publish(world, [{ age: age("q"), by: own.stewards }], NOW, NOW - 2 * WAIT_S, { isFounded: false }), world.trust, NOW);
  assert.deepEqual([unfounded.keys, reasons(unfounded)], [[], ["not_signed_by_two"]]);
});

test("a third steward signs after the wait, a removed one no more, and two always stay", async () => {
  const world = newWorld();
  const third = newSteward("Owl");
  const [one] = world.stewards;
  const add: Change = { act: "steward-add", steward: third, since: NOW - 3 * WAIT_S };
  const by = [one, third];
  const soon = [add, { age: age("a"), by, since: NOW - 2 * WAIT_S }, { act: "steward-remove" as const, steward: third }, { age: age("c"), by }];
  const proven = await provenKeys(await publish(world, soon, NOW), world.trust, NOW);
  assert.deepEqual([proven.keys, reasons(proven)], [[age("a")], ["not_signed_by_two"]]);
  const hasty = await provenKeys(await publish(world, [{ ...add, since: NOW - WAIT_S }, { age: age("a"), by, since: NOW - WAIT_S }], NOW), world.trust, NOW);
  assert.deepEqual([hasty.keys, reasons(hasty)], [[], ["too_new"]], "it counts a day after the steward counts");
  const few = await provenKeys(await publish(world, [{ act: "steward-remove", steward: one }, { age: age("a") }], NOW), world.trust, NOW);
  assert.deepEqual(few.keys, [age("a")]);
});

test("one steward takes a lawyer off, at once and for good; somebody else does not", async () => {
  const world = newWorld();
  const gone: Change[] = [{ age: age("a") }, { act: "desk-remove", age: age("a"), by: [world.stewards[1]], since: null }, { age: age("a") }, { age: age("c") }];
  assert.deepEqual(await told(provenKeys(await publish(world, gone, NOW), world.trust, NOW)), [[age("c")], ["removed"]]);
  const stranger: Change[] = [{ age: age("a") }, { act: "desk-remove", age: age("a"), by: [newSteward("Owl")] }];
  assert.deepEqual((await provenKeys(await publish(world, stranger, NOW), world.trust, NOW)).keys, [age("a")]);
});

test("a removal that a node leaves out is missed: the log says how many keys it holds", async () => {
  const world = newWorld();
  const changes: Change[] = [{ age: age("a") }, { act: "desk-remove", age: age("a"), by: [world.stewards[0]] }];
  const hides = { told: (change: Change) => change.act !== "desk-remove" };
  assert.deepEqual(await told(provenKeys(await publish(world, changes, NOW, NOW, hides), world.trust, NOW)), [[], ["list_incomplete"]]);
  const list = await publish(world, changes.slice(0, 1), NOW);
  assert.deepEqual(await told(provenKeys({ ...list, state: null }, world.trust, NOW)), [[], ["list_incomplete"]]);
  const stale = await publish(world, changes.slice(0, 1), NOW, undefined, { beat: NOW - SKEW_S - 1 });
  assert.deepEqual(await told(provenKeys(stale, world.trust, NOW)), [[], ["list_incomplete"]]);
});

test("a phone that saw more is not shown less, and not other stewards", async () => {
  const world = newWorld();
  const changes: Change[] = [{ age: age("a") }].map((one) => one);
  const first = await publish(world, changes, NOW - 60);
  const entry = Buffer.from(first.roll[1]!.entry, "base64");
  const second = await publish(world, [{ raw: entry }, { age: age("c") }], NOW);
  assert.deepEqual(await told(provenKeys(second, world.trust, NOW, { before: first })), [[age("a"), age("c")], []]);
  assert.deepEqual(await told(provenKeys(first, world.trust, NOW, { before: second })), [[], ["list_older"]]);
  const own = newWorld();
  const seized = { ...world, stewards: own.stewards, founding: own.founding };
  const other = await publish(seized, [{ age: age("q") }], NOW);
  assert.deepEqual((await provenKeys(other, world.trust, NOW)).keys, [age("q")], "a phone that never saw this node cannot tell");
  assert.deepEqual(await told(provenKeys(other, world.trust, NOW, { before: second })), [[], ["other_stewards"]]);
  assert.deepEqual((await provenKeys(other, { ...world.trust, sample: true }, NOW, { before: second })).keys, [age("q")], "a sample is begun anew");
});

test("a node without its witness, with an inside witness, with another log's key or a stale list convinces nobody", async () => {
  const world = newWorld();
  const list = await publish(world, [{ age: age("a") }], NOW);
  const inside = { ...world.trust, witnesses: [{ vkey: world.witness.vkey, outside: false }] };
  const unknown = { ...world.trust, witnesses: [{ vkey: newKey("witness.example", 4).vkey, outside: true }] };
  const otherLog = { ...world.trust, log: newKey(world.trust.origin, 1).vkey };
  const elsewhere = { ...world.trust, origin: "log.example/other" };
  const seen: [typeof world.trust, number, string][] = [
    [inside, NOW, "no_outside_witness"],
    [unknown, NOW, "no_outside_witness"],
    [otherLog, NOW, "not_signed_by_the_log"],
    [elsewhere, NOW, "other_log"],
    [world.trust, NOW + LIST_LIFE_S + 1, "too_old"],
  ];
  for (const [trust, at, reason] of seen) {
    assert.deepEqual(await provenKeys(list, trust, at), { keys: [], dispatchers: [], refused: [{ reason }] });
  }
  assert.deepEqual(reasons(await provenKeys(list, world.trust, NOW + FRESH_S + 1, { lifeS: FRESH_S })), ["too_old"]);
});

test("nonsense is refused, never thrown", async () => {
  const world = newWorld();
  const list = await publish(world, [{ age: age("a") }], NOW);
  const swapped = { ...list, roll: [list.roll[0], { ...list.roll[1]!, entry: list.roll[0]!.entry }] };
  const nonsense: unknown[] = [{}, { ...list, checkpoint: "x" }, { ...list, roll: null }, { ...list, roll: [{}] }, { ...list, format: "tocsin.desk/v1" },
    { ...list, roll: Array(1001).fill(list.roll[0]) }, { ...list, roll: [{ entry: "!", index: 0, proof: [] }] }, swapped, { ...list, state: {} }]; // prettier-ignore
  for (const one of nonsense) {
    const proven = await provenKeys(one as typeof list, world.trust, NOW);
    assert.deepEqual(proven.keys, []);
    assert.equal(proven.refused.length, 1);
  }
});

test("a key that an outside witness saw for less than a day, or never, is refused, and a node cannot shorten the day", async () => {
  const world = newWorld();
  const fresh = await publish(world, [{ age: age("a") }], NOW, NOW - WAIT_S + 1);
  const old = await publish(world, [{ age: age("a") }], NOW, NOW - WAIT_S);
  const never = { ...old, roll: [old.roll[0]!, { ...old.roll[1]!, since: null }] };
  const other = await publish(world, [{ age: age("c") }, { age: age("d") }], NOW);
  const borrowed = { ...old, roll: [old.roll[0]!, { ...old.roll[1]!, since: other.roll[1]!.since }] };
  const hasty = { ...world.trust, desk_wait_s: 1, sample: false };
  for (const [list, trust] of [[fresh, world.trust], [fresh, hasty], [never, world.trust], [borrowed, world.trust]] as const) {
    assert.deepEqual(await told(provenKeys(list, trust, NOW)), [[], ["too_new"]]);
  }
  assert.deepEqual((await provenKeys(old, world.trust, NOW)).keys, [age("a")]);
  assert.deepEqual((await provenKeys(fresh, { ...hasty, sample: true }, NOW)).keys, [age("a")]);
});
