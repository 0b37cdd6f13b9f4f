import assert from "node:assert/strict";
import { test } from "node:test";
import { derive } from "../../client/src/crypto/words.ts";
import { TYPE } from "../../client/src/crypto/stream.ts";
import { SLICE_LIMIT } from "../../client/src/crypto/stream.ts";
import { Recorder } from "../../client/src/encounter/recorder.ts";
import { FakeRecorder, settle, until } from "./fake_phone.ts";
import { DESK, events, finish, names, newWorld, only, originals, states } from "./world.ts";
import { storedRecordings } from "./storage.ts";

test("what was recorded arrives, opens for the desk and for the words, and leaves nothing on the phone", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(5_100);
  assert.equal(recorder.state.phase, "recording");
  const words = await finish(recorder, phone);
  assert.equal(words.length, 7);
  const id = only(node);
  const inners = await node.open(id, DESK);
  assert.deepEqual(originals(inners), [Buffer.concat(phone.recorded)]);
  const [start] = events(inners);
  assert.deepEqual(
    [start!["event"], start!["mime"], start!["width"], start!["recipients_note"], start!["continues"], start!["build"]],
    ["start", "video/webm;codecs=vp8,opus", 640, "desk", "", "test"],
  );
  assert.equal(events(inners).at(-1)!["reason"], "person");
  assert.ok(node.held.get(id)!.chunks.at(-1)!.isFinal);
  assert.equal((await node.open(id, (await derive(words)).identity)).length, inners.length);
  recorder.wordsCopied();
  assert.equal(recorder.state.phase, "stopped");
  assert.equal(recorder.state.words, undefined);
  await until(() => true, "");
  assert.deepEqual(await storedRecordings(), []);
});

test("the recorder is asked for a key frame a second and a slice a second", async () => {
  const { phone, record } = await newWorld();
  await record();
  assert.deepEqual(phone.recorders[0]!.options, {
    mimeType: "video/webm;codecs=vp8,opus",
    audioBitsPerSecond: 32_000,
    videoBitsPerSecond: 800_000,
    videoKeyFrameIntervalDuration: 1000,
  });
});

test("the camera runs before the node has answered anything", async () => {
  const { phone, record } = await newWorld();
  phone.answer = () => new Promise(() => undefined);
  const recorder = await record();
  assert.equal(recorder.state.phase, "recording");
  assert.equal(phone.recorders.length, 1);
});

test("what is said to be safe was signed for, at every instant", async () => {
  const { phone, node, record } = await newWorld();
  let count = 0;
  node.fault = () => (count++ % 3 === 1 ? "lost" : count % 5 === 2 ? "answer_lost" : undefined);
  const recorder = await record();
  recorder.addEventListener("change", () => {
    const held = [...node.held.values()][0];
    const slices = held ? held.chunks.filter((chunk) => chunk.raw.length > 3_000).length : 0;
    // Slice n ends at n seconds; what is safe never passes the last slice that the node holds.
    assert.ok(recorder.state.safeMs <= slices * 1000, `${recorder.state.safeMs} with ${slices} slices`);
    assert.equal(recorder.state.onlyHereMs, recorder.state.recordedMs - recorder.state.safeMs);
  });
  await phone.pass(20_000);
  assert.ok(recorder.state.safeMs > 5_000);
  recorder.leaveNow(false);
});

test("a receipt that is forged, or about something else, makes nothing safe", async () => {
  for (const forge of [
    (receipt: string) => receipt.replace(/\n\n\u2014.*\n/, "\n\n\u2014 log.example/city/receipts AAAAAAAAAAAA\n"),
    (receipt: string) => receipt.replace("\n5\n", "\n6\n"),
    () => "",
  ]) {
    const { phone, node, record } = await newWorld();
    node.forge = forge;
    const recorder = await record();
    await phone.pass(6_000);
    assert.equal(recorder.state.safeMs, 0);
    assert.ok(recorder.state.onlyHereMs >= 6_000);
    recorder.leaveNow(false);
  }
});

test("a minute without network loses nothing, and is told", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(5_000);
  let isCut = true;
  node.fault = () => (isCut ? "lost" : undefined);
  await phone.pass(60_000);
  assert.equal(recorder.state.network, "lost");
  assert.ok(recorder.state.onlyHereMs > 55_000);
  isCut = false;
  const back = phone.clock;
  await until(() => recorder.state.onlyHereMs < 3_000, "caught up", phone);
  assert.ok(phone.clock - back < 60_000);
  await finish(recorder, phone);
  const inners = await node.open(only(node), DESK);
  assert.deepEqual(names(inners).filter((name) => String(name).startsWith("network")), ["network_lost", "network_back"]);
  assert.deepEqual(Buffer.concat(originals(inners)), Buffer.concat(phone.recorded));
  assert.ok(events(inners).every((event) => event["event"] !== "bitrate" || event["mode"] === "video"));
});

test("a line that cannot carry video gets sound, in separate files, and never stalls", async () => {
  const { phone, node, record } = await newWorld();
  node.rate = 60_000;
  phone.hint = {};
  const recorder = await record();
  await phone.pass(90_000);
  assert.equal(recorder.state.mode, "audio");
  assert.ok(recorder.state.onlyHereMs < 10_000, `${recorder.state.onlyHereMs}`);
  node.rate = undefined;
  await finish(recorder, phone);
  const inners = await node.open(only(node), DESK);
  const files = originals(inners);
  assert.ok(files.length >= 2);
  assert.equal(files.length, phone.recorders.length);
  files.forEach((file, name) => assert.ok(file.toString("latin1").startsWith(`${name}:0;`)));
  assert.deepEqual(Buffer.concat(files), Buffer.concat(phone.recorded));
});

test("a recorder's late last slice stays before the next file's first", async () => {
  const { phone, node, record } = await newWorld();
  FakeRecorder.lateness = 1_300;
  node.rate = 200_000;
  const recorder = await record();
  await phone.pass(30_000);
  node.rate = undefined;
  await finish(recorder, phone);
  const files = originals(await node.open(only(node), DESK));
  assert.ok(files.length >= 2);
  files.forEach((file, name) => assert.equal(new Set(file.toString("latin1").match(/\d+(?=:\d+;)/g)).size, 1, `file ${name}`));
});

test("a late, large slice is split, and is whole again on the other side", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  FakeRecorder.sliceBytes = 3 * SLICE_LIMIT + 17;
  await phone.pass(1_100);
  FakeRecorder.sliceBytes = 40;
  await finish(recorder, phone);
  const inners = await node.open(only(node), DESK);
  assert.ok(inners.every((inner) => inner.body.length <= SLICE_LIMIT));
  assert.deepEqual(originals(inners), [Buffer.concat(phone.recorded)]);
});

test("without a camera it records sound and says so; without both it fails and says why", async () => {
  const { phone, node, record } = await newWorld();
  phone.refuses = ["video"];
  const recorder = await record();
  assert.equal(recorder.state.mode, "audio");
  await phone.pass(2_000);
  await finish(recorder, phone);
  assert.ok(names(await node.open(only(node), DESK)).includes("camera_refused"));
  phone.refuses = ["audio", "video"];
  const refused = await record();
  assert.deepEqual([refused.state.phase, refused.state.stoppedBecause], ["failed", "permission_refused"]);
});

test("without a microphone it records the picture and says so, and no weak line makes it go on with a sound that is not there", async () => {
  const { phone, node, record } = await newWorld();
  phone.refuses = ["audio"];
  phone.hint = {};
  node.rate = 40_000;
  const recorder = await record();
  assert.deepEqual(recorder.state.takes, { picture: true, sound: false });
  await phone.pass(60_000);
  assert.deepEqual([recorder.state.phase, recorder.state.mode], ["recording", "video"]);
  node.rate = undefined;
  await finish(recorder, phone);
  const told = events(await node.open(only(node), DESK));
  assert.ok(told.some(({ event }) => event === "microphone_refused"));
  assert.equal(told.at(-1)!["reason"], "person");
});

test("taking the microphone away from a recording of sound alone brings the picture back", async () => {
  const { phone, node, record } = await newWorld();
  phone.hint = {};
  node.rate = 60_000;
  const recorder = await record();
  await phone.pass(60_000);
  assert.equal(recorder.state.mode, "audio");
  phone.streams[0]!.getAudioTracks()[0]!.end();
  await phone.pass(1_000);
  assert.deepEqual([recorder.state.phase, recorder.state.mode], ["recording", "video"]);
  assert.deepEqual(recorder.state.takes, { picture: true, sound: false });
  recorder.leaveNow(false);
});

test("what a telephone call takes for itself is told while it lasts, and is part of the recording", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  const [camera, microphone] = [phone.streams[0]!.getVideoTracks()[0]!, phone.streams[0]!.getAudioTracks()[0]!];
  await phone.pass(2_000);
  microphone.mute(true);
  await phone.pass(1_000);
  assert.deepEqual([recorder.state.takes, recorder.state.isHeldBack], [{ picture: true, sound: false }, true]);
  camera.mute(true);
  await phone.pass(1_000);
  assert.deepEqual([recorder.state.phase, recorder.state.takes], ["recording", { picture: false, sound: false }]);
  camera.mute(false);
  microphone.mute(false);
  await phone.pass(1_000);
  assert.deepEqual([recorder.state.takes, recorder.state.isHeldBack], [{ picture: true, sound: true }, false]);
  await finish(recorder, phone);
  const told = events(await node.open(only(node), DESK)).filter(({ track }) => track !== undefined);
  assert.deepEqual(
    told.map(({ event, track }) => [event, track]),
    [["held_back", "audio"], ["held_back", "video"], ["given_again", "video"], ["given_again", "audio"]],
  );
});

test("a browser that only knows MP4 records MP4", async () => {
  const { phone, record } = await newWorld();
  phone.kinds = ["video/mp4"];
  const recorder = await record();
  assert.equal(phone.recorders[0]!.options.mimeType, "video/mp4");
  recorder.leaveNow(false);
});

test("a pause is a declared gap", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(3_000);
  recorder.pause();
  assert.equal(recorder.state.phase, "paused");
  assert.ok(phone.streams[0]!.tracks.every((track) => !track.enabled));
  await phone.pass(10_000);
  assert.equal(recorder.state.recordedMs, 3_000);
  recorder.resume();
  await phone.pass(2_000);
  assert.equal(recorder.state.recordedMs, 5_000);
  await finish(recorder, phone);
  const inners = await node.open(only(node), DESK);
  const gap = inners.find((inner) => inner.type === TYPE.gap)!;
  assert.deepEqual(JSON.parse(Buffer.from(gap.body).toString()), { from_ms: 3_000, reason: "paused", until_ms: 13_000 });
  assert.deepEqual(names(inners).filter((name) => name === "paused" || name === "resumed"), ["paused", "resumed"]);
});

test("stopping while paused declares the gap too", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(2_000);
  recorder.pause();
  await phone.pass(4_000);
  await finish(recorder, phone);
  assert.equal(recorder.state.stoppedAtMs, 2_000);
  assert.ok((await node.open(only(node), DESK)).some((inner) => inner.type === TYPE.gap));
});

test("leaving while paused declares the gap too", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(2_000);
  recorder.pause();
  await phone.pass(4_000);
  recorder.leaveNow(true);
  await phone.pass(3_000);
  const inners = await node.open(only(node), DESK);
  assert.ok(inners.some((inner) => inner.type === TYPE.gap));
  assert.equal(events(inners).at(-1)!["reason"], "leave_now");
});

test("what was refused to whoever asked for the stream is an event of the recording as well", async () => {
  for (const [wanted, event] of [[{ audio: true }, "camera_refused"], [{ video: true }, "microphone_refused"]] as const) {
    const { phone, node } = await newWorld();
    const recorder = new Recorder({ config: await node.config(), kind: "encounter", lang: "en", device: phone, stream: await phone.getUserMedia(wanted) });
    await recorder.start();
    await phone.pass(2_000);
    await finish(recorder, phone);
    assert.ok(names(await node.open(only(node), DESK)).includes(event));
  }
});

test("taking the camera away leaves sound; taking both away ends it and says so", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(2_000);
  phone.streams[0]!.getVideoTracks()[0]!.end();
  await phone.pass(2_000);
  assert.deepEqual([recorder.state.phase, recorder.state.mode], ["recording", "audio"]);
  phone.streams[0]!.getAudioTracks()[0]!.end();
  await until(() => recorder.state.phase === "words", "words", phone);
  assert.equal(recorder.state.stoppedBecause, "track_ended");
  const inners = await node.open(only(node), DESK);
  assert.equal(names(inners).filter((name) => name === "permission_withdrawn").length, 2);
  assert.equal(events(inners).at(-1)!["reason"], "track_ended");
});

test("taking the microphone away leaves a picture that goes on arriving", async () => {
  const { phone, record } = await newWorld();
  const recorder = await record();
  await phone.pass(2_000);
  phone.streams[0]!.getAudioTracks()[0]!.end();
  await phone.pass(5_000);
  await until(() => recorder.state.safeMs > 5_000, "safe", phone);
  assert.deepEqual([recorder.state.phase, recorder.state.takes], ["recording", { picture: true, sound: false }]);
  recorder.leaveNow(false);
});

test("after an hour it asks, goes on when answered, and stops when not", async () => {
  const { phone, record } = await newWorld();
  phone.answer = () => Promise.reject(new TypeError("no network"));
  FakeRecorder.sliceBytes = 8;
  const recorder = await record();
  await phone.jump(60 * 60 * 1000);
  assert.ok(recorder.state.promptDueMs! > 100_000);
  recorder.stillThere();
  assert.equal(recorder.state.promptDueMs, undefined);
  await phone.jump(60 * 60 * 1000);
  assert.ok(recorder.state.promptDueMs! > 0);
  await phone.jump(3 * 60 * 1000);
  assert.deepEqual([recorder.state.phase, recorder.state.stoppedBecause], ["finishing", "prompt_unanswered"]);
  recorder.leaveNow(false);
});

test("leaving drops the keys at once; what is sealed goes on, or goes", async () => {
  for (const keeps of [true, false]) {
    const { phone, node, record } = await newWorld();
    const recorder = await record();
    await phone.pass(3_000);
    let isCut = true;
    node.fault = () => (isCut ? "lost" : undefined);
    await phone.pass(3_000);
    recorder.leaveNow(keeps);
    assert.deepEqual([recorder.state.phase, recorder.state.stoppedBecause], ["stopped", "leave_now"]);
    assert.ok(phone.streams[0]!.tracks.every((track) => track.readyState === "ended"));
    isCut = false;
    await phone.pass(30_000);
    const inners = await node.open(only(node), DESK);
    assert.equal(events(inners).at(-1)!["event"] === "stop", keeps);
    assert.equal(recorder.state.words, undefined);
    assert.deepEqual(await storedRecordings(), []);
  }
});

test("a rehearsal lasts ten seconds, is marked, and is sealed to the person alone", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record("rehearsal");
  const seen = states(recorder);
  await phone.pass(11_000);
  await until(() => recorder.state.phase === "words", "words", phone);
  assert.ok(seen.every((state) => state.rehearsal && state.recipients === "self"));
  assert.equal(node.held.get(only(node))!.kind, "rehearsal");
  await assert.rejects(node.open(only(node), DESK));
});

test("an unproven desk is not sealed to, and the recording says so", async () => {
  const { phone, node, record } = await newWorld();
  node.desk = { ...(node.desk as object), checkpoint: (node.desk as { checkpoint: string }).checkpoint.replace(/\u2014 witness.*\n/, "") };
  const recorder = await record();
  await phone.pass(2_000);
  assert.equal(recorder.state.recipients, "desk-unproven");
  const words = await finish(recorder, phone);
  await assert.rejects(node.open(only(node), DESK));
  const [start] = events(await node.open(only(node), (await derive(words)).identity));
  assert.equal(start!["recipients_note"], "desk-unproven");
});

test("ten seconds before the longest time that the node allows it ends by itself, with words, and says why", async () => {
  const { phone, node, record } = await newWorld();
  node.limits = { max_seconds: 20 };
  const recorder = await record();
  await phone.pass(9_000);
  assert.equal(recorder.state.phase, "recording");
  await phone.pass(2_000);
  await until(() => recorder.state.phase === "words", "words", phone);
  assert.equal(recorder.state.stoppedBecause, "too_long");
  assert.equal(events(await node.open(only(node), DESK)).at(-1)!["reason"], "too_long");
});

test("a node that takes nothing more ends it, and it says so", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(3_000);
  node.fault = (path) => (path.includes("/chunks/") ? { status: 410, code: "recording_erased" } : undefined);
  await phone.pass(3_000);
  assert.deepEqual([recorder.state.phase, recorder.state.stoppedBecause], ["stopped", "refused_recording_erased"]);
  await settle();
});
