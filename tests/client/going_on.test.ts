/** What goes on without a hand on the keyboard keeps a page from locking, as long as it goes on and no longer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { callOver, counted, countsWhile, isCallWhile, isInCall, isSomethingDone } from "../../client/src/staff/going_on.ts";

test("a film counts while it moves, and what was taken back no more", () => {
  let moves = true;
  const end = countsWhile(() => moves);
  assert.equal(isSomethingDone(), true);
  moves = false;
  assert.equal(isSomethingDone(), false);
  moves = true;
  end();
  assert.equal(isSomethingDone(), false);
});

test("an act counts until it has ended, well or not", async () => {
  let finish: (() => void) | undefined;
  const going = counted(new Promise<void>((resolve) => (finish = resolve)));
  assert.equal(isSomethingDone(), true);
  finish!();
  await going;
  assert.equal(isSomethingDone(), false);
  await assert.rejects(counted(Promise.reject(new Error("no"))));
  assert.equal(isSomethingDone(), false);
});

test("nobody is asked to sign in over a call, and whoever waits for its end is not kept longer", async () => {
  let talks = true;
  isCallWhile(() => talks);
  assert.ok(isInCall() && isSomethingDone());
  let isOver = false;
  const over = callOver().then(() => (isOver = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isOver, false);
  talks = false;
  await over;
  assert.equal(isInCall(), false);
});
