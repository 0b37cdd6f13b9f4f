import assert from "node:assert/strict";
import { test } from "node:test";
import { LIST_LIFE_S, WAIT_S, provenKeys } from "../../client/src/crypto/desk.ts";
import { newKey, newWorld, publish } from "./fake_log.ts";

const NOW = 1_800_000_000;
const reasons = (refused: readonly { reason: string }[]) => refused.map((one) => one.reason);

test("keys in the log under an outside witness are taken, at any place of the tree", async () => {
  const world = newWorld();
  const entries = ["age1a", "age1b", "age1c", "age1d", "age1e"].map((age) => ({ age }));
  const proven = await provenKeys(await publish(world, entries, NOW), world.trust, NOW);
  assert.deepEqual(proven, { keys: entries.map((entry) => entry.age), refused: [] });
});

test("a removed key, a key of tomorrow and a changed entry are refused, each by name", async () => {
  const world = newWorld();
  const list = await publish(
    world,
    [{ age: "age1gone" }, { age: "age1later", notBefore: NOW + 1 }, { age: "age1gone", act: "remove" }, { age: "age1ok" }],
    NOW,
  );
  const proven = await provenKeys(list, world.trust, NOW);
  assert.deepEqual(proven.keys, ["age1ok"]);
  assert.deepEqual(reasons(proven.refused), ["removed", "not_yet_valid"]);
  const swapped = { ...list, keys: [{ ...list.keys[3]!, entry: list.keys[0]!.entry }] };
  assert.deepEqual(reasons((await provenKeys(swapped, world.trust, NOW)).refused), ["not_in_the_log"]);
});

test("a key that was removed and added again counts again", async () => {
  const world = newWorld();
  const entries = [{ age: "age1x" }, { age: "age1x", act: "remove" as const }, { age: "age1x" }];
  assert.deepEqual((await provenKeys(await publish(world, entries, NOW), world.trust, NOW)).keys, ["age1x"]);
});

test("a node without its witness, with an inside witness, with another log's key or a stale list convinces nobody", async () => {
  const world = newWorld();
  const list = await publish(world, [{ age: "age1a" }], NOW);
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
    assert.deepEqual(await provenKeys(list, trust, at), { keys: [], refused: [{ reason }] });
  }
});

test("nonsense is refused, never thrown", async () => {
  const world = newWorld();
  const list = await publish(world, [{ age: "age1a" }], NOW);
  const nonsense: unknown[] = [{}, { ...list, checkpoint: "x" }, { ...list, keys: null }, { ...list, keys: [{}] }, { ...list, keys: [{ entry: "!", index: 0, proof: [] }] }];
  for (const one of nonsense) {
    const proven = await provenKeys(one as typeof list, world.trust, NOW);
    assert.deepEqual(proven.keys, []);
    assert.equal(proven.refused.length, 1);
  }
});

test("a key that an outside witness saw for less than a day, or never, is refused, and a node cannot shorten the day", async () => {
  const world = newWorld();
  const fresh = await publish(world, [{ age: "age1a" }], NOW, NOW - WAIT_S + 1);
  const old = await publish(world, [{ age: "age1a" }], NOW, NOW - WAIT_S);
  const never = { ...old, keys: [{ ...old.keys[0]!, since: null }] };
  const other = await publish(world, [{ age: "age1b" }, { age: "age1c" }], NOW);
  const borrowed = { ...old, keys: [{ ...old.keys[0]!, since: other.keys[0]!.since }] };
  const hasty = { ...world.trust, desk_wait_s: 1, sample: false };
  assert.deepEqual(reasons((await provenKeys(fresh, world.trust, NOW)).refused), ["too_new"]);
  assert.deepEqual(reasons((await provenKeys(fresh, hasty, NOW)).refused), ["too_new"]);
  assert.deepEqual(reasons((await provenKeys(never, world.trust, NOW)).refused), ["too_new"]);
  assert.deepEqual(reasons((await provenKeys(borrowed, world.trust, NOW)).refused), ["not_in_the_log"]);
  assert.deepEqual((await provenKeys(old, world.trust, NOW)).keys, ["age1a"]);
  assert.deepEqual((await provenKeys(fresh, { ...hasty, sample: true }, NOW)).keys, ["age1a"]);
});
