/** Order, retry and resumption, whatever goes wrong on the way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { derive } from "../../client/src/crypto/words.ts";
import { openWith } from "../../client/src/crypto/envelope.ts";
import { fromBase64url, join } from "../../client/src/crypto/bytes.ts";
import { hkdf } from "../../client/src/crypto/hkdf.ts";
import { LABEL, parseHeader } from "../../client/src/crypto/stream.ts";
import { sendUnsent } from "../../client/src/encounter/resume.ts";
import type { Fault } from "./fake_node.ts";
import { FakeRecorder, settle, until } from "./fake_phone.ts";
import { DESK, events, finish, names, newWorld, nextPage, only, originals } from "./world.ts";
import { fillUp, storedRecordings } from "./storage.ts";

const FAULTS: Fault[] = [
  undefined,
  undefined,
  "lost",
  "answer_lost",
  "portal",
  { status: 503, code: "not_ready", retryAfter: 1 },
  { status: 429, code: "too_fast", retryAfter: 2 },
  { status: 507, code: "disk_full", retryAfter: 3 },
  { status: 502, code: "" },
];

test("whatever fails between phone and node, the node ends with exactly the recording", async () => {
  const plans = fc.array(fc.constantFrom(...FAULTS), { minLength: 1, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { phone, node, record } = await newWorld();
      FakeRecorder.sliceBytes = 700;
      const faults = [...plan];
      node.fault = (path) => (path === "/desk-keys" ? undefined : faults.shift());
      const recorder = await record();
      await phone.pass(8_000);
      assert.equal((await finish(recorder, phone)).length, 7);
      const id = only(node);
      for (const [at, parcel] of node.parcels.entries()) {
        const before = node.parcels[at - 1] ?? [0];
        assert.ok(before.includes(parcel[0]!) || parcel[0] === before.at(-1)! + 1, "goes on where it was, or sends again");
        assert.deepEqual(parcel, parcel.map((_, i) => parcel[0]! + i), "in order");
      }
      assert.deepEqual(Buffer.concat(originals(await node.open(id, DESK))), Buffer.concat(phone.recorded));
      assert.ok(node.held.get(id)!.chunks.at(-1)!.isFinal);
    }),
    { numRuns: 10 },
  );
});

test("whatever fails while the words are made, the words that are shown open the recording", async () => {
  for (const fault of ["answer_lost", "portal", { status: 503, code: "not_ready" }] as Fault[]) {
    const { phone, node, record } = await newWorld();
    FakeRecorder.sliceBytes = 700;
    const failed = new Set<string>();
    node.fault = (path) => (/return-share|wraps/.test(path) && !failed.has(path) ? (failed.add(path), fault) : undefined);
    const recorder = await record();
    await phone.pass(1_500);
    const words = await finish(recorder, phone);
    assert.equal(failed.size, 2);
    await node.open(only(node), (await derive(words)).identity);
  }
});

test("a killed tab: the next page sends what was left, and the new recording says which one it continues", async () => {
  const world = await newWorld();
  const { phone, node } = world;
  const first = await world.record();
  await phone.pass(4_000);
  node.fault = () => "lost";
  await phone.pass(6_000);
  const id = only(node);
  const before = node.held.get(id)!.chunks.length;
  phone.kill();
  await letGo(first);
  node.fault = () => undefined;

  const later = nextPage(world);
  const recorder = await later.record();
  await later.phone.pass(3_000);
  await until(() => recorder.state.safeMs > 1_000, "safe", later.phone);
  assert.ok((await sendUnsent(later.phone)) > 0);
  const inners = await node.open(id, DESK);
  assert.ok(inners.length > before);
  const { length } = Buffer.concat(originals(inners));
  assert.deepEqual(Buffer.concat(originals(inners)), Buffer.concat(phone.recorded).subarray(0, length));
  assert.ok(length >= Buffer.concat(phone.recorded.slice(0, 9)).length, "all but the second that was being sealed");
  assert.notEqual(events(inners).at(-1)!["event"], "stop");

  await finish(recorder, later.phone);
  const second = [...node.held.keys()].find((one) => one !== id)!;
  const [start] = events(await node.open(second, DESK));
  assert.deepEqual([start!["continues"], start!["continued_seq"]], [id, inners.length - 1]);
});

test("a recording continues none of another kind", async () => {
  const world = await newWorld();
  const rehearsal = await world.record("rehearsal");
  await world.phone.pass(3_000);
  const id = only(world.node);
  world.phone.kill();
  await letGo(rehearsal);

  const later = nextPage(world);
  await finish(await later.record(), later.phone);
  const second = [...world.node.held.keys()].find((one) => one !== id)!;
  assert.equal(events(await world.node.open(second, DESK))[0]!["continues"], "");
});

test("of a recording that was left on purpose nothing stays once it is sent, though its page could not close it any more", async () => {
  const world = await newWorld();
  const first = await world.record();
  await world.phone.pass(4_000);
  world.node.fault = () => "lost";
  await world.phone.pass(3_000);
  const id = only(world.node);
  world.phone.kill();
  await letGo(first);
  world.node.fault = () => undefined;

  const later = nextPage(world);
  const ids = async () => (await storedRecordings()).map((row) => row.id);
  await sendUnsent(later.phone);
  assert.deepEqual(await ids(), [id], "a killed tab's may be continued");
  await sendUnsent(later.phone, undefined, id);
  assert.deepEqual(await ids(), []);
});

/** A killed tab's locks are released; in this one process they have to be taken away. */
async function letGo(recorder: { leaveNow(keep: boolean): void }): Promise<void> {
  const stored = IDBObjectStore.prototype.delete;
  IDBObjectStore.prototype.delete = () => ({}) as IDBRequest<undefined>;
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => ({}) as IDBRequest<IDBValidKey>;
  recorder.leaveNow(false);
  await settle();
  IDBObjectStore.prototype.delete = stored;
  IDBObjectStore.prototype.put = put;
}

test("a second that is on its way into the phone's storage is not called one that it cannot keep", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  const said = new Set<boolean>();
  recorder.addEventListener("change", () => said.add(recorder.state.isStored));
  node.fault = () => "lost";
  await phone.pass(6_000);
  assert.deepEqual([...said], [true]);
  node.fault = () => undefined;
  await finish(recorder, phone);
});

test("a storage that does not answer is not called one that keeps", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(2_000);
  const write = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = () => Object.assign(new EventTarget(), { objectStore: () => ({ put: () => ({}), delete: () => ({}) }) }) as never;
  node.fault = () => "lost";
  await phone.pass(6_000);
  IDBDatabase.prototype.transaction = write;
  assert.equal(recorder.state.isStored, false);
  assert.equal(recorder.state.phase, "recording");
  recorder.leaveNow(false);
  await settle();
});

test("a phone without room keeps recording and sending, and says so", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(2_000);
  const empty = fillUp();
  node.fault = () => "lost";
  await phone.pass(4_000);
  assert.equal(recorder.state.isStored, false);
  assert.equal(recorder.state.phase, "recording");
  node.fault = () => undefined;
  await until(() => recorder.state.onlyHereMs < 2_000, "caught up", phone);
  empty();
  await phone.pass(2_000);
  assert.equal(recorder.state.isStored, true);
  await finish(recorder, phone);
  const inners = await node.open(only(node), DESK);
  assert.equal(names(inners).filter((name) => name === "storage_full").length, 1);
  assert.deepEqual(Buffer.concat(originals(inners)), Buffer.concat(phone.recorded));
});

test("nothing that is stored on the phone opens anything", async () => {
  const { phone, node, record } = await newWorld();
  node.fault = (path) => (path.startsWith("/encounters") ? "lost" : undefined);
  const recorder = await record();
  await phone.pass(3_000);
  const [row] = await storedRecordings();
  const create = JSON.parse(row!.create);
  const header = await parseHeader(fromBase64url(create.header));
  const seen = Object.values({ ...create, upload_capability: row!.upload }).map((text) => new Uint8Array(Buffer.from(String(text), "base64url")));
  assert.ok(seen.length >= 7);
  const info = join(LABEL, header.recordingId, header.publicKey);
  for (const bytes of seen) {
    for (let at = 0; at + 32 <= bytes.length; at++) {
      const okm = await hkdf(bytes.slice(at, at + 32), header.salt, info, 140);
      assert.notDeepEqual(okm.slice(44, 76), header.commitment, "the recording key was stored");
    }
  }
  await assert.rejects(openWith(`AGE-SECRET-KEY-1${"Q".repeat(58)}`, fromBase64url(create.wraps)));
  recorder.leaveNow(false);
  await settle();
  assert.deepEqual(await storedRecordings(), []);
});

test("a node that lost chunks it had acknowledged is not believed any more", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(4_000);
  const held = node.held.get(only(node))!;
  held.chunks.length = 2;
  held.receipts.length = 2;
  await phone.pass(3_000);
  assert.equal(recorder.state.stoppedBecause, "refused_node_lost_chunks");
});
