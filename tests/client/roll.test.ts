/** The phone reads a roll as the node and the verifier do: the known answers of vectors/roll. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fromBase64 } from "../../client/src/crypto/bytes.ts";
import { isRolled, readRoll, rollHead, type Entered, type OnRoll } from "../../client/src/crypto/roll.ts";

const VECTORS = new URL("../../vectors/roll/", import.meta.url);
const NAMES = readdirSync(VECTORS);
const shown = (one: OnRoll) => ({
  key: one.key, name: one.name, custodian: one.custodian, index: one.index, counts_from: one.countsFrom ?? null, removed: one.isRemoved,
}); // prettier-ignore

test("there is a known answer for each way of being refused", () => assert.ok(NAMES.length >= 13));

for (const name of NAMES) {
  test(`roll/${name} is read as it says`, async () => {
    const vector = JSON.parse(readFileSync(new URL(name, VECTORS), "utf8"));
    const entries: Entered[] = vector.entries.map((one: { entry: string; index: number; since: number | null }) => ({
      entry: fromBase64(one.entry), index: one.index, since: one.since ?? undefined,
    })); // prettier-ignore
    const roll = await readRoll(entries, vector.node, vector.wait_s);
    assert.deepEqual([...roll.stewards.values()].map(shown), vector.stewards);
    assert.deepEqual([...roll.lawyers.values()].map(shown), vector.lawyers);
    assert.deepEqual([...roll.dispatchers.values()].map(shown), vector.dispatchers ?? []);
    assert.deepEqual(Object.fromEntries([...roll.void].map(([index, reason]) => [String(index), reason])), vector.void);
    const rolled = entries.map((one) => one.entry).filter(isRolled);
    assert.deepEqual(await rollHead(rolled), { count: vector.count, head: vector.head });
  });
}
