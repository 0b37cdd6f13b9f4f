/** What ends a wait: the first of several, once, and at once where one is over already. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { after, firstOf } from "../../client/src/ui/ending.ts";

test("the first that ends ends the wait, whichever it is", () => {
  for (const which of [0, 1]) {
    const both = [new AbortController(), new AbortController()];
    const wait = firstOf(...both.map(({ signal }) => signal));
    assert.equal(wait.aborted, false);
    both[which]!.abort();
    assert.equal(wait.aborted, true);
    both[1 - which]!.abort();
  }
});

test("a wait that begins after its end is over", () => {
  assert.equal(firstOf(new AbortController().signal, AbortSignal.abort()).aborted, true);
});

test("a time ends a wait when it has passed, and not before", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const wait = firstOf(new AbortController().signal, after(1_000));
  mock.timers.tick(999);
  assert.equal(wait.aborted, false);
  mock.timers.tick(1);
  assert.equal(wait.aborted, true);
  mock.timers.reset();
});
