/** Covers reach as far as they say, in time and place; a file of covered film is one that others read. */
import * as fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebmFile } from "../../client/src/desk/cover/webm_file.ts";
import { WebmIndex } from "../../client/src/desk/webm.ts";
import { apart, clipped, Covers, doMeet, grown, REACH_MS, type Box } from "../../client/src/faces/boxes.ts";

const share = fc.double({ min: 0, max: 0.8, noNaN: true });
const size = fc.double({ min: 0.02, max: 0.2, noNaN: true });
const box: fc.Arbitrary<Box> = fc.record({ x: share, y: share, width: size, height: size });
const isInside = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x - 1e-9 && inner.y >= outer.y - 1e-9 && inner.x + inner.width <= outer.x + outer.width + 1e-9 && inner.y + inner.height <= outer.y + outer.height + 1e-9;

test("a face that was found is covered in every picture within reach, also on its way to where it is found next", () => {
  fc.assert(
    fc.property(box, share, fc.integer({ min: 0, max: 250 }), (face, moved, later) => {
      const covers = new Covers(0, 2000);
      const next = { ...face, x: face.x + moved * face.width };
      covers.add({ atMs: 500, faces: [face] });
      covers.add({ atMs: 750, faces: [next] });
      for (const atMs of [500 - REACH_MS, 500, 500 + REACH_MS]) {
        const black = covers.at(atMs);
        assert.ok(black !== "all" && black.some((one) => isInside(face, one)));
      }
      // A face may leave the picture on its way; what is left of it in the picture is what must be black.
      const between = clipped({ ...face, x: face.x + (next.x - face.x) * (later / 250) });
      const black = covers.at(500 + later);
      assert.ok(black !== "all" && black.some((one) => isInside(between, one)));
      assert.deepEqual(covers.at(750 + REACH_MS + 1), []);
    }),
  );
});

test("a person's cover holds for its second and a little around; a whole second is black and no more", () => {
  const covers = new Covers(1000, 3000);
  const drawn = { x: 0.1, y: 0.1, width: 0.2, height: 0.2 };
  covers.seconds[0]!.drawn.push(drawn);
  for (const atMs of [1000 - REACH_MS, 1500, 1999 + REACH_MS]) assert.deepEqual(covers.at(atMs), [drawn]);
  assert.deepEqual(covers.at(2000 + REACH_MS), []);
  covers.seconds[1]!.isWhole = true;
  assert.equal(covers.at(2000), "all");
  assert.notEqual(covers.at(1999), "all");
  assert.equal(covers.unseen, 2);
});

test("what is no face is uncovered in its second and stays covered in the next", () => {
  const covers = new Covers(0, 2000);
  const face = { x: 0.4, y: 0.4, width: 0.1, height: 0.1 };
  for (const atMs of [0, 250, 1500]) covers.add({ atMs, faces: [face] });
  covers.uncover(covers.seconds[0]!, covers.found(covers.seconds[0]!)[0]!);
  assert.deepEqual(covers.found(covers.seconds[0]!), []);
  assert.deepEqual(covers.at(250), []);
  assert.deepEqual(covers.at(1500), [grown(face)]);
});

test("boxes that meet are told as one, and no two of what is told meet", () => {
  fc.assert(
    fc.property(fc.array(box, { maxLength: 12 }), (boxes) => {
      const told = apart(boxes);
      assert.ok(told.every((one, i) => told.slice(i + 1).every((other) => !doMeet(one, other))));
      assert.ok(boxes.every((one) => told.some((whole) => isInside(one, whole))));
    }),
  );
});

test("a film is written as the reader of films finds it: its clusters, their times, their key pictures", async () => {
  const file = new WebmFile(320, 240, { head: new Uint8Array([1, 2]), rate: 48_000, channels: 1 });
  for (let atMs = 0; atMs < 3000; atMs += 100) {
    file.add({ isFilm: true, isKey: atMs % 1000 === 0, atMs, content: new Uint8Array(300) });
    file.add({ isFilm: false, isKey: true, atMs: atMs + 20, content: new Uint8Array(40) });
  }
  const index = new WebmIndex();
  const whole = new Uint8Array(await file.end(3000).arrayBuffer());
  index.push(whole);
  assert.deepEqual(index.entries.map(({ ms, isKey }) => [ms, isKey]), [[0, true], [1000, true], [2000, true]]);
  assert.equal(index.type, 'video/webm; codecs="vp8,opus"');
  assert.equal(index.lastMs, 2920);
  assert.ok(!index.isBroken);
});
