import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeskKeys } from "../../client/src/crypto/desk.ts";
import { identityOf, recipientOf } from "../../client/src/crypto/envelope.ts";
import { alertDesk, chooseRecipients, refreshDeskList } from "../../client/src/phone/desk_list.ts";
import { newSteward, newWorld, publish } from "./fake_log.ts";
import { FakeNode } from "./fake_node.ts";
import { FakePhone } from "./fake_phone.ts";

const kept = new Map<string, string>();
Object.defineProperty(globalThis, "localStorage", {
  value: { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, text: string) => void kept.set(name, text) },
});

async function meet(): Promise<{ phone: FakePhone; node: FakeNode; age: string; nowS: number }> {
  kept.clear();
  const [phone, node] = [new FakePhone(), new FakeNode()];
  phone.answer = node.answer;
  const age = await recipientOf(identityOf(new Uint8Array(32).fill(9)));
  const nowS = Math.floor(phone.wall() / 1000);
  node.desk = await publish(node.world, [{ age }], nowS);
  return { phone, node, age, nowS };
}

test("a tap without network uses the list that was fetched before, proven anew", async () => {
  const { phone, node, age, nowS } = await meet();
  await refreshDeskList(await node.config(), phone);
  node.fault = () => "lost";
  assert.deepEqual(await chooseRecipients("encounter", await node.config(), phone), { desk: [age], note: "desk", seenAt: nowS });
  for (const [name, text] of kept) kept.set(name, text.replace("A", "B"));
  const changed = chooseRecipients("encounter", await node.config(), phone);
  assert.equal((await changed).note === "desk", false, "a changed copy is refused like a changed answer");
});

test("a node without its witness does not cost a phone the list it has, and a removal does", async () => {
  const { phone, node, age, nowS } = await meet();
  const config = await node.config();
  await refreshDeskList(config, phone);
  const honest = node.desk as { checkpoint: string };
  node.desk = { ...honest, checkpoint: honest.checkpoint.replace(/\u2014 witness.*\n/, "") };
  await refreshDeskList(config, phone);
  assert.equal((await chooseRecipients("encounter", config, phone)).note, "desk");
  const lawyer = { raw: Buffer.from((honest as DeskKeys).roll[1]!.entry, "base64") };
  node.desk = await publish(node.world, [lawyer, { age, act: "desk-remove" }], nowS);
  await refreshDeskList(config, phone);
  assert.deepEqual(await chooseRecipients("encounter", config, phone), { desk: [], note: "desk-unproven", reason: "removed" });
  node.desk = honest;
  await refreshDeskList(config, phone);
  const replayed = await chooseRecipients("encounter", config, phone);
  assert.deepEqual(replayed, { desk: [], note: "desk-unproven", reason: "list_older" }, "the old list, shown again");
});

test("a tap waits no longer than a moment for a first list", async () => {
  const { phone, node } = await meet();
  phone.answer = () => new Promise(() => undefined);
  const choosing = chooseRecipients("encounter", await node.config(), phone);
  await phone.pass(2_000);
  assert.deepEqual(await choosing, { desk: [], note: "self" });
});

test("a page that stood open asks again at the tap, and goes by what it has where nobody answers", async () => {
  const { phone, node, age, nowS } = await meet();
  const config = await node.config();
  await refreshDeskList(config, phone);
  const lawyer = { raw: Buffer.from((node.desk as DeskKeys).roll[1]!.entry, "base64") };
  const old = node.desk;
  node.desk = await publish(node.world, [lawyer, { age, act: "desk-remove" }], nowS + 7_200);
  assert.equal((await chooseRecipients("encounter", config, phone)).note, "desk", "within the hour it does not wait");
  phone.clock += 7_200_000;
  assert.deepEqual(await chooseRecipients("encounter", config, phone), { desk: [], note: "desk-unproven", reason: "removed" });
  kept.clear();
  node.desk = old;
  await refreshDeskList(config, phone);
  node.desk = { ...(old as DeskKeys), state: null };
  assert.deepEqual(await chooseRecipients("encounter", config, phone), { desk: [age], note: "desk", seenAt: nowS });
  node.fault = () => "lost";
  assert.equal((await chooseRecipients("encounter", config, phone)).note, "desk");
});

test("a report is sealed to dispatchers whom the log proves, without network to those it proved before, and to nobody a node merely names", async () => {
  const { phone, node, age, nowS } = await meet();
  const config = await node.config();
  assert.deepEqual(await alertDesk(config, phone), [], "a lawyer is no dispatcher");
  const other = await recipientOf(identityOf(new Uint8Array(32).fill(8)));
  const lawyer = { raw: Buffer.from((node.desk as DeskKeys).roll[1]!.entry, "base64") };
  node.desk = await publish(node.world, [lawyer, { age: other, act: "alert-desk-add" }], nowS);
  assert.deepEqual(await alertDesk(config, phone), [other]);
  assert.deepEqual((await chooseRecipients("encounter", config, phone)).desk, [age], "nor is a dispatcher a lawyer");
  const added = { raw: Buffer.from((node.desk as DeskKeys).roll[2]!.entry, "base64") };
  const own = newSteward("Owl");
  const theirs = await recipientOf(identityOf(new Uint8Array(32).fill(7)));
  node.desk = await publish(node.world, [lawyer, added, { age: theirs, act: "alert-desk-add", by: [own, newSteward("Heron")] }], nowS);
  assert.deepEqual(await alertDesk(config, phone), [other], "signed by who is no steward");
  node.desk = await publish(node.world, [lawyer, added, { age: theirs, act: "alert-desk-add", since: nowS - 60 }], nowS);
  assert.deepEqual(await alertDesk(config, phone), [other], "a day has to pass");
  node.fault = () => "lost";
  assert.deepEqual(await alertDesk(config, phone), [other]);
  node.fault = () => undefined;
  node.desk = await publish(newWorld(), [{ age: theirs, act: "alert-desk-add" }], nowS);
  assert.deepEqual(await alertDesk(config, phone), [other], "another log costs a phone nothing it has");
});
