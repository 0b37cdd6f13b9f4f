import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bitsOf, BACKLOG_MS, CALM_MS, chooseRung, LADDER, SETTLE_MS, startRung } from "../../client/src/encounter/ladder.ts";

const quiet = { backlogMs: 1_000, achieved: 10_000_000, isLost: false, sinceStepMs: 60_000, calmMs: CALM_MS };

test("the ladder is the stated one", () => {
  assert.deepEqual(
    LADDER.map((rung) => [rung.mode, rung.video / 1000, rung.audio / 1000]),
    [
      ["video", 800, 32],
      ["video", 400, 32],
      ["video", 200, 32],
      ["video", 100, 32],
      ["audio", 0, 32],
      ["audio", 0, 16],
    ],
  );
});

test("it goes down to what the line carries, and up again when it is calm", () => {
  assert.equal(chooseRung(0, 0, { ...quiet, backlogMs: BACKLOG_MS + 1, achieved: 300_000 }), 2);
  assert.equal(chooseRung(0, 0, { ...quiet, backlogMs: BACKLOG_MS + 1, achieved: 60_000 }), 4);
  assert.equal(chooseRung(1, 0, { ...quiet, backlogMs: BACKLOG_MS + 1, achieved: undefined }), 2);
  assert.equal(chooseRung(4, 0, quiet), 0);
  assert.equal(chooseRung(4, 0, { ...quiet, achieved: 500_000 }), 2);
  assert.equal(chooseRung(4, 4, quiet), 4, "no camera, no picture");
  assert.equal(chooseRung(4, 0, { ...quiet, calmMs: CALM_MS - 1 }), 4);
});

test("a backlog that the line is catching up is no reason to go down", () => {
  assert.equal(chooseRung(1, 0, { ...quiet, backlogMs: 60_000, achieved: 2_000_000 }), 1);
});

test("without any network picture stays", () => {
  let rung = 0;
  for (let i = 0; i < 9; i++) rung = chooseRung(rung, 0, { ...quiet, backlogMs: 60_000, isLost: true });
  assert.equal(LADDER[rung]!.mode, "video");
});

test("a step waits until the last one has shown itself, and never leaves the ladder", () => {
  const measures = fc.record({
    backlogMs: fc.nat(100_000),
    achieved: fc.option(fc.nat(3_000_000), { nil: undefined }),
    isLost: fc.boolean(),
    sinceStepMs: fc.nat(100_000),
    calmMs: fc.nat(100_000),
  });
  fc.assert(
    fc.property(fc.nat(LADDER.length - 1), measures, (current, seen) => {
      const rung = chooseRung(current, 0, seen);
      assert.ok(LADDER[rung]);
      if (seen.sinceStepMs < SETTLE_MS) assert.equal(rung, current);
      if (seen.backlogMs > BACKLOG_MS) assert.ok(rung >= current);
      else assert.ok(rung <= current && (rung === current || bitsOf(LADDER[rung]!) < seen.achieved!));
    }),
  );
});

test("it begins where the browser's hint allows, in the middle without one", () => {
  assert.deepEqual(
    [{}, { downlink: 9.5 }, { effectiveType: "3g" }, { effectiveType: "slow-2g", downlink: 9 }, { saveData: true, downlink: 9 }].map((hint) => startRung("video", hint)),
    [1, 0, 2, 3, 2],
  );
  assert.equal(LADDER[startRung("audio")]!.mode, "audio");
});
