import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bitsOf, BACKLOG_MS, CALM_MS, chooseRung, LADDER, LATEST_TRY_MS, SETTLE_MS, startRung, TRY_MS, Trying } from "../../client/src/encounter/ladder.ts";

const quiet = { backlogMs: 1_000, achieved: 10_000_000, isLost: false, sinceStepMs: 60_000, calmMs: CALM_MS, tryAfterMs: TRY_MS };

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

const isTry = (current: number, rung: number, { calmMs, tryAfterMs }: { calmMs: number; tryAfterMs: number }) =>
  current > 3 && rung === 3 && calmMs >= tryAfterMs;

test("on a line with a long way picture is tried out of sound alone, ever more seldom where it fails", () => {
  const small = { ...quiet, achieved: 90_000 };
  assert.equal(chooseRung(4, 0, { ...small, calmMs: TRY_MS - 1 }), 4);
  assert.equal(chooseRung(4, 0, { ...small, calmMs: TRY_MS }), 3);
  assert.equal(chooseRung(3, 0, { ...small, calmMs: TRY_MS }), 3, "a picture that is there is enough");
  assert.equal(chooseRung(4, 4, { ...small, calmMs: TRY_MS }), 4, "no camera, no picture");
  const trying = new Trying();
  trying.stepped(0, 4, 0);
  assert.equal(trying.afterMs, TRY_MS, "nothing was tried yet");
  for (let now = 0, count = 1; count < 9; now += 1_000_000, count++) {
    trying.stepped(4, 3, now);
    trying.stepped(3, 4, now + 9_000);
    assert.equal(trying.afterMs, Math.min(TRY_MS * 2 ** count, LATEST_TRY_MS));
  }
  trying.stepped(4, 3, 90_000_000);
  trying.stepped(3, 4, 90_000_000 + TRY_MS);
  assert.equal(trying.afterMs, TRY_MS, "one that held for a while did not fail");
});

test("a step waits until the last one has shown itself, and never leaves the ladder", () => {
  const measures = fc.record({
    backlogMs: fc.nat(100_000),
    achieved: fc.option(fc.nat(3_000_000), { nil: undefined }),
    isLost: fc.boolean(),
    sinceStepMs: fc.nat(100_000),
    calmMs: fc.nat(100_000),
    tryAfterMs: fc.integer({ min: TRY_MS, max: LATEST_TRY_MS }),
  });
  fc.assert(
    fc.property(fc.nat(LADDER.length - 1), measures, (current, seen) => {
      const rung = chooseRung(current, 0, seen);
      assert.ok(LADDER[rung]);
      if (seen.sinceStepMs < SETTLE_MS) assert.equal(rung, current);
      if (seen.backlogMs > BACKLOG_MS) assert.ok(rung >= current);
      else assert.ok(rung <= current && (rung === current || bitsOf(LADDER[rung]!) < (seen.achieved ?? 0) || isTry(current, rung, seen)));
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
