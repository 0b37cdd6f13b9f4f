/** A sealed recording on a reader's device: checked in order, opened second by second, placed on one time line. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bigEndian, join, utf8, type Bytes } from "../../client/src/crypto/bytes.ts";
import { dumps, type Value } from "../../client/src/crypto/canonical.ts";
import { identityOf, recipientOf, sealTo } from "../../client/src/crypto/envelope.ts";
import { TYPE, Writer } from "../../client/src/crypto/stream.ts";
import { callsOf, marksOf } from "../../client/src/desk/marks.ts";
import { entryBefore } from "../../client/src/desk/media_index.ts";
import { Mp4Index } from "../../client/src/desk/mp4.ts";
import { Opened } from "../../client/src/desk/opened.ts";
import { Growing, WholeFile } from "../../client/src/desk/source.ts";
import { WebmIndex } from "../../client/src/desk/webm.ts";
import { clock } from "../../client/src/desk/times.ts";

const IDENTITY = identityOf(new Uint8Array(32).fill(7));

type Line = [type: number, at: number, body: Uint8Array | Record<string, Value>];

/** The chunks behind their lengths, and what opens them. */
async function sealed(lines: Line[], isStopped = true): Promise<{ header: Bytes; wraps: Bytes; frames: Bytes[] }> {
  const key = new Uint8Array(32).fill(3);
  const writer = await Writer.begin(key);
  const frames: Bytes[] = [];
  for (const [i, [type, at, body]] of lines.entries()) {
    const content = body instanceof Uint8Array ? body : dumps(body);
    const { bytes } = await writer.seal(type as 1, at, content, isStopped && i === lines.length - 1);
    frames.push(join(bigEndian(bytes.length, 4), bytes));
  }
  return { header: writer.header, wraps: await sealTo([await recipientOf(IDENTITY)], key), frames };
}

async function opened(lines: Line[], isStopped = true): Promise<Opened> {
  const { header, wraps, frames } = await sealed(lines, isStopped);
  const found = await Opened.begin(header, wraps, IDENTITY, new WholeFile(new Blob(frames)));
  await found.readOn();
  return found;
}

const START: Line = [TYPE.event, 0, { event: "start", at: 1, kind: "encounter", mime: "video/webm;codecs=vp8,opus" }];
const STOP: Line = [TYPE.event, 9_000, { event: "stop", reason: "person", at: 9 }];
const media = (at: number, text = `second ${at}`): Line => [TYPE.media, at, utf8(text)];

test("every second opens again by itself, in any order", async () => {
  const { seconds } = await opened([START, media(1000), media(2000), STOP]);
  assert.deepEqual(seconds.places.map(({ type, monotonicMs }) => [type, monotonicMs]), [[2, 0], [1, 1000], [1, 2000], [2, 9000]]); // prettier-ignore
  for (const seq of [2, 1, 2]) assert.equal(new TextDecoder().decode((await seconds.open(seq)).body), `second ${seq}000`);
  assert.ok(seconds.isFinal && seconds.fault === undefined);
});

test("a second that was changed, moved or left out stops the reading there and says so", async () => {
  const { header, wraps, frames } = await sealed([START, media(1000), media(2000), media(3000), STOP]);
  const read = async (pieces: Bytes[]): Promise<[number, string | undefined]> => {
    const found = await Opened.begin(header, wraps, IDENTITY, new WholeFile(new Blob(pieces)));
    await found.readOn();
    assert.equal(marksOf(found).at(-1)!.kind, found.seconds.fault ? "broken" : "end");
    return [found.seconds.places.length, found.seconds.fault];
  };
  const [a, b, c, d, e] = frames as [Bytes, Bytes, Bytes, Bytes, Bytes];
  const bent = c.slice();
  bent[200]! ^= 1;
  assert.deepEqual(await read([a, b, bent, d, e]), [2, "signature_wrong"]);
  assert.deepEqual(await read([a, b, d, c, e]), [2, "link_wrong"]);
  assert.deepEqual(await read([a, b, d, e]), [2, "link_wrong"]);
  assert.deepEqual(await read([a, b, c.slice(0, -9)]), [2, "cut_short"]);
  assert.deepEqual(await read([a, b, c, d, e, b]), [5, "after_final"]);
  assert.deepEqual(await read([a, b, c, d, e]), [5, undefined]);
});

test("a file that changes after it was checked does not open", async () => {
  const { header, wraps, frames } = await sealed([START, media(1000), STOP]);
  const whole = join(...frames);
  const found = await Opened.begin(header, wraps, IDENTITY, { isWhole: true, size: whole.length, slice: async (at, length) => whole.slice(at, at + length) });
  await found.readOn();
  whole[frames[0]!.length + 300]! ^= 1;
  await assert.rejects(found.seconds.open(1), { code: "chunk_unopenable" });
});

test("another identity opens nothing", async () => {
  const { header, wraps, frames } = await sealed([START, STOP]);
  const other = identityOf(new Uint8Array(32).fill(8));
  await assert.rejects(Opened.begin(header, wraps, other, new WholeFile(new Blob(frames))));
});

test("a recording that grows is read on from where it was, whatever the size of the pieces", async () => {
  const { header, wraps, frames } = await sealed([START, media(1000), media(2000), media(3000), STOP]);
  const source = new Growing();
  const found = await Opened.begin(header, wraps, IDENTITY, source);
  const whole = join(...frames);
  const counts: number[] = [];
  for (let at = 0; at < whole.length; at += 700) {
    source.append(whole.slice(at, at + 700));
    await found.readOn();
    counts.push(found.seconds.places.length);
    if (found.seconds.places.length < 5 && found.seconds.places.length > 0) assert.equal(marksOf(found).at(-1)!.kind, "live");
  }
  assert.deepEqual([...new Set(counts)], [0, 1, 2, 3, 4, 5]);
  assert.equal(found.seconds.fault, undefined);
  assert.equal(marksOf(found).at(-1)!.kind, "end");
  assert.equal(new TextDecoder().decode(await found.reels[0]!.bytes(0, 100)), "second 1000second 2000second 3000");
});

test("what goes on is called cut only once nothing more can come", async () => {
  const { header, wraps, frames } = await sealed([START, media(1000)], false);
  const source = new Growing();
  const found = await Opened.begin(header, wraps, IDENTITY, source);
  source.append(join(...frames));
  await found.readOn();
  assert.equal(marksOf(found).at(-1)!.kind, "live");
  assert.ok(!found.isOver && !found.reels[0]!.isClosed);
  source.end();
  await found.readOn();
  assert.equal(marksOf(found).at(-1)!.kind, "cut");
  assert.ok(found.isOver && found.reels[0]!.isClosed, "a player must not wait for what nobody expects");
});

test("a phone that comes back after a cut goes on in the same file", async () => {
  const { header, wraps, frames } = await sealed([START, media(1000), media(2000), STOP]);
  const source = new Growing();
  const found = await Opened.begin(header, wraps, IDENTITY, source);
  source.append(join(...frames.slice(0, 2)));
  await found.readOn();
  source.end();
  await found.readOn();
  source.append(frames[2]!);
  await found.readOn();
  assert.deepEqual([found.isOver, found.reels.length, found.reels[0]!.isClosed, marksOf(found).at(-1)!.kind], [false, 1, false, "live"]); // prettier-ignore
  source.append(frames[3]!);
  await found.readOn();
  assert.deepEqual([found.isOver, found.reels[0]!.isClosed, marksOf(found).at(-1)!.kind], [true, true, "end"]); // prettier-ignore
});

test("each start of the recorder is a file of its own, and any part of it can be had", async () => {
  const restart: Line = [TYPE.event, 3500, { event: "restarted_media", mime: "audio/webm;codecs=opus" }];
  const { reels } = await opened([START, media(1000, "abc"), media(2000, "defg"), restart, media(4000, "hi"), STOP]);
  assert.deepEqual(reels.map(({ size, startMs, isClosed }) => [size, startMs, isClosed]), [[7, 0, true], [2, 3500, true]]); // prettier-ignore
  for (const [at, length, text] of [[0, 7, "abcdefg"], [2, 3, "cde"], [3, 99, "defg"], [6, 1, "g"]] as const) {
    assert.equal(new TextDecoder().decode(await reels[0]!.bytes(at, length)), text); // prettier-ignore
  }
});

test("a pause stands on the recording's clock and not on the file's", async () => {
  const gap: Line = [TYPE.gap, 4000, { reason: "paused", from_ms: 2000, until_ms: 4000 }];
  const { reels } = await opened([START, media(1000), media(2000), gap, media(5000), STOP]);
  const [reel] = reels as [(typeof reels)[0]];
  assert.deepEqual([reel.toRecording(1000), reel.toRecording(2500)], [1000, 4500]);
  assert.deepEqual([reel.toFile(1000), reel.toFile(3000), reel.toFile(4500)], [1000, 2000, 2500]);
});

test("the time line tells gaps, absences, talks and ends, and no absence where a gap was declared", async () => {
  const gap: Line = [TYPE.gap, 30_000, { reason: "paused", from_ms: 2000, until_ms: 30_000 }];
  const call = (at: number, which: string): Line => [TYPE.call, at, { call: which, at }];
  const lines: Line[] = [START, media(1000), media(2000), gap, media(31_000), call(32_000, "begin"), media(33_000), call(34_000, "end"), media(50_000)];
  const told = marksOf(await opened(lines, false)).map(({ kind, atMs, untilMs }) => [kind, atMs, untilMs]);
  assert.deepEqual(told, [["begin", 0, undefined], ["gap", 2000, 30_000], ["call", 32_000, 34_000], ["absent", 33_000, 50_000], ["cut", 50_000, undefined]]); // prettier-ignore
});

test("a talk that nobody ended lasts to the end, and a second one ends the first", async () => {
  const call = (at: number): Line => [TYPE.call, at, { call: "begin", at }];
  const { told } = await opened([START, call(1000), media(2000), call(3000), STOP]);
  assert.deepEqual(callsOf(told).map(({ number, fromMs, untilMs }) => [number, fromMs, untilMs]), [[1, 1000, 3000], [2, 3000, undefined]]); // prettier-ignore
});

const element = (id: string, content: Uint8Array, isOpen = false): Bytes =>
  join(Buffer.from(id, "hex"), isOpen ? new Uint8Array([1, 255, 255, 255, 255, 255, 255, 255]) : join(new Uint8Array([0x10]), bigEndian(content.length, 3)), content);
const block = (track: number, at: number, isKey: boolean): Bytes => element("a3", join(new Uint8Array([0x80 | track]), bigEndian(at, 2), new Uint8Array([isKey ? 0x80 : 0]), new Uint8Array(900)));
const track = (number: number, type: number, codec: string): Bytes => element("ae", join(element("d7", bigEndian(number, 1)), element("83", bigEndian(type, 1)), element("86", utf8(codec))));
const none = new Uint8Array(0);

test("clusters of a WebM file are found while it passes, cut anywhere", () => {
  const head = join(element("1a45dfa3", new Uint8Array(20)), element("18538067", none, true), element("1654ae6b", join(track(1, 2, "A_OPUS"), track(2, 1, "V_VP8"))));
  const cluster = (ms: number, isKey: boolean): Bytes =>
    join(element("1f43b675", none, true), element("e7", bigEndian(ms, 2)), block(1, 0, true), block(2, 1, isKey), block(2, 40, false));
  const [one, two, three] = [cluster(0, true), cluster(1000, false), cluster(2000, true)];
  const whole = join(head, one, two, three);
  for (const step of [1, 7, 100, 1000, whole.length]) {
    const index = new WebmIndex();
    for (let at = 0; at < whole.length; at += step) index.push(whole.slice(at, at + step));
    assert.equal(index.isBroken, false);
    assert.equal(index.type, 'video/webm; codecs="opus,vp8"');
    assert.deepEqual([index.initEnd, index.lastMs], [head.length, 2040]);
    const starts = [head.length, head.length + one.length, head.length + one.length + two.length];
    assert.deepEqual(index.entries, [[0, true], [1000, false], [2000, true]].map(([ms, isKey], i) => ({ at: starts[i], ms, isKey }))); // prettier-ignore
    assert.equal(entryBefore(index, 1500)!.ms, 0);
    assert.equal(entryBefore(index, 2500)!.ms, 2000);
  }
});

test("bytes that are no WebM and no MP4 break the index and nothing else", () => {
  for (const index of [new WebmIndex(), new Mp4Index("video/mp4")]) {
    for (let i = 0; i < 50; i++) index.push(new Uint8Array(500).fill(i));
    assert.deepEqual(index.entries, []);
  }
});

test("fragments of an MP4 file are found with their times", () => {
  const box = (kind: string, ...content: Uint8Array[]): Bytes => join(bigEndian(8 + content.reduce((sum, one) => sum + one.length, 0), 4), utf8(kind), ...content);
  const words = (...values: number[]): Bytes => join(...values.map((value) => bigEndian(value, 4)));
  const trak = box("trak", box("tkhd", words(0, 0, 0, 1)), box("mdia", box("mdhd", words(0, 0, 0, 600)), box("hdlr", words(0, 0), utf8("vide"))));
  const fragment = (time: number): Bytes => join(box("moof", box("traf", box("tfhd", words(0, 1)), box("tfdt", words(0, time)))), box("mdat", new Uint8Array(300)));
  const head = join(box("ftyp", words(0)), box("moov", trak));
  const whole = join(head, fragment(0), fragment(600));
  for (const step of [3, whole.length]) {
    const index = new Mp4Index("video/mp4;codecs=avc1.42E01E,mp4a.40.2");
    for (let at = 0; at < whole.length; at += step) index.push(whole.slice(at, at + step));
    assert.deepEqual(index.entries.map(({ at, ms }) => [at, ms]), [[head.length, 0], [head.length + fragment(0).length, 1000]]); // prettier-ignore
    assert.ok(index.hasPicture && index.initEnd === head.length && index.type.includes("avc1"));
  }
});

test("times are read as a person reads them", () => assert.deepEqual([0, 61_900, 3_723_000].map(clock), ["0:00", "1:01", "1:02:03"]));
