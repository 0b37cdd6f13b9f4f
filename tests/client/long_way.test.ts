/** A line with a long way to the node: what gathers meanwhile goes together, in order, and whatever goes wrong the phone does not fall behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBigEndian } from "../../client/src/crypto/bytes.ts";
import { Line } from "../../client/src/encounter/line.ts";
import { FakeRecorder, until } from "./fake_phone.ts";
import { DESK, finish, newWorld, only, originals, type World } from "./world.ts";

/** What waits for the request before, its own request, the second being recorded, and what the encoder holds. */
const most = (way: number) => 2 * way + 2_300;

/** Counts requests under way at once, the most so far. */
function atOnce({ phone, node }: World): () => number {
  let [now, most] = [0, 0];
  phone.answer = async (path, init) => {
    const counts = path.includes("/chunks");
    if (counts) most = Math.max(most, ++now);
    return node.answer(path, init).finally(() => counts && now--);
  };
  return () => most;
}

for (const way of [400, 1_500, 5_000]) {
  test(`with ${way} ms there and back the phone stays as far behind as it was`, async () => {
    const world = await newWorld();
    const { phone, node, record } = world;
    const underWay = atOnce(world);
    const recorder = await record();
    node.way = way;
    await phone.pass(30_000);
    let behind = 0;
    for (let i = 0; i < 40; i++) {
      await phone.pass(1_000);
      behind = Math.max(behind, recorder.state.onlyHereMs);
    }
    assert.ok(behind <= most(way), `${behind} ms behind`);
    assert.equal(recorder.state.mode, "video");
    if (way < 2_000) assert.equal(phone.recorders.length, 1, "the way is no reason for another quality");
    assert.equal(underWay(), 1);
    const sent = node.parcels.flat();
    assert.deepEqual(sent, sent.map((_, seq) => seq), "each once, in order");
    node.way = 0;
    await finish(recorder, phone);
    assert.deepEqual(Buffer.concat(originals(await node.open(only(node), DESK))), Buffer.concat(phone.recorded));
  });
}

test("several that were lost go on with the first of them alone", async () => {
  const { phone, node, record } = await newWorld();
  FakeRecorder.sliceBytes = 700;
  const recorder = await record();
  node.way = 3_000;
  let lost: number[] | undefined;
  node.fault = () => {
    if (lost || (node.parcels.at(-1)?.length ?? 0) < 3) return undefined;
    lost = [];
    return "lost";
  };
  await until(() => lost !== undefined, "several were lost", phone);
  const at = node.parcels.findIndex((parcel) => parcel.length >= 3);
  await until(() => node.parcels.length > at + 2, "the next", phone);
  node.way = 0;
  await finish(recorder, phone);
  const again = node.parcels.findIndex((parcel, i) => i > 0 && parcel[0] === node.parcels[i - 1]![0] && node.parcels[i - 1]!.length > 1);
  assert.equal(node.parcels[again]!.length, 1);
  assert.deepEqual(Buffer.concat(originals(await node.open(only(node), DESK))), Buffer.concat(phone.recorded));
});

test("where several are refused each goes alone, and the recording goes on", async () => {
  const { phone, node, record } = await newWorld();
  FakeRecorder.sliceBytes = 700;
  const recorder = await record();
  node.way = 800;
  node.fault = (path) => (path.endsWith("/chunks") ? { status: 405, code: "method_wrong" } : undefined);
  await phone.pass(8_000);
  assert.equal(recorder.state.phase, "recording");
  node.way = 0;
  assert.equal((await finish(recorder, phone)).length, 7);
  assert.ok(node.parcels.some((parcel) => parcel.length > 1));
  assert.deepEqual(Buffer.concat(originals(await node.open(only(node), DESK))), Buffer.concat(phone.recorded));
});

test("of several only what has its own receipt is safe", async () => {
  const { phone, node, record } = await newWorld();
  FakeRecorder.sliceBytes = 700;
  const recorder = await record();
  node.way = 3_000;
  await phone.pass(14_000);
  const forged: number[] = [];
  const isFrom = node.held.get(only(node))!.chunks.length + 1;
  node.forge = (receipt) => {
    const seq = Number(receipt.split("\n")[2]);
    if (seq < isFrom) return receipt;
    forged.push(seq);
    return receipt.replace(/ (?=[^ ]*\n$)/, " AAAA");
  };
  await phone.pass(14_000);
  assert.ok(forged.length > 1);
  assert.ok(forged.every((seq) => seq >= isFrom));
  const kept = (await node.open(only(node), DESK)).length;
  assert.ok(kept > isFrom + 1, "the node has more than it proved");
  assert.ok(recorder.state.onlyHereMs >= 14_000, "what it did not prove is not called safe");
  node.forge = (receipt) => receipt;
  node.way = 0;
  await finish(recorder, phone);
  assert.deepEqual(Buffer.concat(originals(await node.open(only(node), DESK))), Buffer.concat(phone.recorded));
});

test("a line that is slow and not long has its large seconds sent one by one", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(3_000);
  node.rate = 60_000;
  node.way = 100;
  await phone.pass(40_000);
  const sizes = node.held.get(only(node))!.chunks.map(({ raw }) => raw.length);
  const large = node.parcels.filter((parcel) => parcel.length > 1 && parcel.some((seq) => (sizes[seq] ?? 0) > 20_000));
  assert.deepEqual(large, []);
  node.rate = undefined;
  await finish(recorder, phone);
});

test("a line tells its way by the least of its last requests, and what may go beside it", () => {
  const line = new Line();
  assert.equal(line.wayMs, 0);
  const went = (bytes: number, took: number) => (line.leaves(bytes, 0), line.ended(took));
  went(1_000, 60);
  assert.ok(line.load < 55_000, "and not what the line carries");
  went(55_000, 7_400);
  assert.equal(line.wayMs, 60);
  assert.ok(line.load < 55_000, "it is slow: seconds go alone");
  for (let i = 0; i < 8; i++) went(i % 2 ? 4_000 : 55_000, i % 2 ? 1_500 : 1_600);
  assert.equal(line.wayMs, 1_500);
  assert.ok(line.load > 110_000, "it is long: several go together");
  const other = new Line();
  other.went(1_000, 1_500);
  assert.equal(other.achieved(0), undefined, "so small a request tells the way");
  other.went(55_000, 1_500);
  assert.ok(other.achieved(0)! > 290_000);
  line.leaves(55_000, 0);
  assert.equal(line.achieved(10_000), 44_000);
  line.ended();
  assert.ok(line.achieved(10_000)! > 44_000);
});


test("several that hang on a line gone dead are given up as soon as the first alone would be", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  node.way = 3_000;
  await phone.pass(30_000);
  let [left, first, back] = [0, 0, 0];
  phone.answer = (path, init) => {
    if (left && !back && path.includes("/chunks")) back = phone.clock;
    if (left || !path.endsWith("/chunks")) return node.answer(path, init);
    [left, first] = [phone.clock, fromBigEndian((init.body as Uint8Array).subarray(0, 4))];
    return new Promise((_, reject) => init.signal!.addEventListener("abort", () => reject(new TypeError("dead"))));
  };
  await until(() => back > 0, "the first alone", phone);
  assert.ok(back - left <= 20_000 + first + 1_000, `${back - left} ms for ${first} bytes`);
  node.way = 0;
  await finish(recorder, phone);
  assert.deepEqual(Buffer.concat(originals(await node.open(only(node), DESK))), Buffer.concat(phone.recorded));
});
