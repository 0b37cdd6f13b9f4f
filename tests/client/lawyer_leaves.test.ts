/** A lawyer leaves: phones seal without them, a colleague seals what is older anew, and their key opens neither. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromBase64url } from "../../client/src/crypto/bytes.ts";
import { identityOf, openWith, recipientOf, sealTo } from "../../client/src/crypto/envelope.ts";
import { fingerprint } from "../../client/src/staff/statement.ts";
import { publish } from "./fake_log.ts";
import { events, finish, newWorld } from "./world.ts";

const [LEAVER, STAYS, NEW] = [3, 4, 5].map((fill) => identityOf(new Uint8Array(32).fill(fill))) as [string, string, string];

test("after a lawyer left, new recordings go without them and old ones open for whom a colleague seals them to", async () => {
  const world = await newWorld();
  const { phone, node } = world;
  const [leaver, stays] = [await recipientOf(LEAVER), await recipientOf(STAYS)];
  const nowS = Math.floor(phone.wall() / 1000);
  const list = await publish(node.world, [{ age: leaver }, { age: stays, name: "B" }], nowS);
  node.desk = list;
  await finish(await world.record(), phone);
  const [before] = [...node.held.keys()];
  const old = fromBase64url(node.held.get(before!)!.wraps);
  const key = await openWith(LEAVER, old);
  const known = list.roll.slice(1).map(({ entry }) => ({ raw: Buffer.from(entry, "base64") }));
  node.desk = await publish(node.world, [...known, { act: "desk-remove", age: leaver, by: [node.world.stewards[1]], since: null }], nowS + 60);

  await finish(await world.record(), phone);
  const after = [...node.held.keys()].at(-1)!;
  const start = events(await node.open(after, STAYS))[0]!;
  assert.deepEqual((start["recipients"] as string[]).slice(0, -1), [stays]);
  await assert.rejects(openWith(LEAVER, fromBase64url(node.held.get(after)!.wraps)));

  const anew = await sealTo([await recipientOf(NEW)], await openWith(STAYS, old));
  assert.deepEqual(await openWith(NEW, anew), key);
  await assert.rejects(openWith(LEAVER, anew));
});

test("a key's words are the known ones", async () => {
  const known = JSON.parse(readFileSync(new URL("../../vectors/words/fingerprint.json", import.meta.url), "utf8"));
  for (const { key, custodian, words } of known) assert.equal(await fingerprint({ key, custodian }), words);
});
