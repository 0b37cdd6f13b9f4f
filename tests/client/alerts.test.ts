/** What a phone makes of signed alerts: the same verdicts as the node on every known answer, and a list in which nothing old or taken back lives on. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isLive, verifyAlert, type AlertKeys, type Status } from "../../client/src/crypto/alert.ts";
import { Standing } from "../../client/src/alerts/standing.ts";

const FOLDER = "vectors/alerts";

interface Vector {
  readonly city: string;
  readonly keys: Readonly<Record<Status, string>>;
  readonly now: number;
  readonly says: "live" | "stale" | "refused";
  readonly wire: string;
}

function vector(name: string): Vector & { readonly pinned: AlertKeys } {
  const read = JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf8")) as Vector;
  const pinned = Object.fromEntries(Object.entries(read.keys).map(([status, hex]) => [status, new Uint8Array(Buffer.from(hex, "hex"))]));
  return { ...read, pinned: pinned as unknown as AlertKeys };
}

for (const name of readdirSync(FOLDER)) {
  test(`${name} is what the node says it is`, async () => {
    const { wire, pinned, city, now, says } = vector(name);
    const alert = await verifyAlert(wire, pinned, city);
    assert.equal(alert ? (isLive(alert, now) ? "live" : "stale") : "refused", says);
  });
}

test("an update takes the place of its alert, a cancel is final, and both go when the time is over", async () => {
  const { pinned, city, now, wire } = vector("alert.json");
  const standing = new Standing(pinned, city);
  assert.equal(await standing.take([wire, wire]), true);
  assert.equal(await standing.take([wire]), false, "sent again it is not new");
  await standing.take([vector("cancel.json").wire, vector("update.json").wire, wire]);
  const [shown, ...rest] = standing.at(now);
  assert.deepEqual([shown?.msg_type, rest], ["Cancel", []]);
  assert.deepEqual(standing.at(shown!.expires), []);
  assert.deepEqual(standing.at(now), [], "and a clock that is set back shows nothing again");
});

test("what this city did not sign is not shown, whoever sends it", async () => {
  const { pinned, now, wire } = vector("alert.json");
  const standing = new Standing(pinned, "other.example/log");
  assert.equal(await standing.take([wire, "{}", "nonsense"]), false);
  assert.deepEqual(standing.at(now), []);
});
