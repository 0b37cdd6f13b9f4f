import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes } from "../../client/src/crypto/bytes.ts";
import { TYPE } from "../../client/src/crypto/stream.ts";
import { importFile } from "../../client/src/encounter/import.ts";
import { until } from "./fake_phone.ts";
import { DESK, events, newWorld, only } from "./world.ts";

const film = (size: number) => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) bytes.set(randomBytes(Math.min(65536, size - at)), at);
  return bytes;
};

test("a film from the gallery arrives byte for byte, labelled, with words", async () => {
  const { phone, node } = await newWorld();
  const bytes = film(6_000_001);
  const sending = importFile(new File([bytes], "IMG_0001.mp4", { type: "video/mp4" }), await node.config(), phone);
  let most = 0;
  sending.addEventListener("change", () => (most = Math.max(most, sending.state.bytesSafe)));
  await until(() => sending.state.phase === "words", "words", phone);
  const id = only(node);
  assert.equal(node.held.get(id)!.kind, "import");
  const inners = await node.open(id, DESK);
  const parts = inners.filter((inner) => inner.type === TYPE.import).map((inner) => inner.body);
  assert.ok(Buffer.concat(parts).equals(bytes));
  const [start] = events(inners);
  assert.deepEqual([start!["kind"], start!["mime"]], ["import", "video/mp4"]);
  assert.ok(!JSON.stringify(events(inners)).includes("IMG_0001"));
  assert.equal(most, bytes.length);
  assert.equal(sending.state.words!.length, 7);
  sending.wordsCopied();
  assert.deepEqual([sending.state.phase, sending.state.words], ["stopped", undefined]);
});

test("a film is read no faster than it is sent", async () => {
  const { phone, node } = await newWorld();
  node.fault = (path) => (path.includes("chunks") ? "lost" : undefined);
  let read = 0;
  const file = new File([film(12_000_000)], "x.mp4");
  const slice = file.slice.bind(file);
  file.slice = (from, to) => ((read = Math.max(read, to!)), slice(from, to));
  const sending = importFile(file, await node.config(), phone);
  await phone.pass(20_000);
  assert.ok(read < 6_000_000, `${read}`);
  sending.leaveNow(false);
  assert.equal(sending.state.phase, "stopped");
});
