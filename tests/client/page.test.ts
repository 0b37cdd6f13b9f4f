/** What only a page has: being hidden, the wake lock, the network's own word that it is back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { settle, until } from "./fake_phone.ts";
import { DESK, finish, names, newWorld, only } from "./world.ts";

class Page extends EventTarget {
  visibilityState: "visible" | "hidden" = "visible";

  turn(state: "visible" | "hidden"): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

class Lock extends EventTarget {
  release(): Promise<void> {
    this.dispatchEvent(new Event("release"));
    return Promise.resolve();
  }
}

const page = new Page();
const locks: Lock[] = [];
Object.assign(globalThis, { document: page });
Object.defineProperty(navigator, "wakeLock", {
  value: {
    request: async () => {
      const lock = new Lock();
      locks.push(lock);
      return lock;
    },
  },
});

test("being hidden and losing the wake lock are part of the recording, and it is asked for again", async () => {
  const { phone, node, record } = await newWorld();
  const recorder = await record();
  await phone.pass(1_000);
  assert.equal(recorder.state.wakeLock, true);
  page.turn("hidden");
  void locks[0]!.release();
  await phone.pass(1_000);
  assert.equal(recorder.state.wakeLock, false);
  page.turn("visible");
  await phone.pass(1_000);
  assert.equal(recorder.state.wakeLock, true);
  await finish(recorder, phone);
  recorder.wordsCopied();
  assert.equal(recorder.state.wakeLock, false);
  const told = names(await node.open(only(node), DESK)).filter((name) => /hidden|visible|wake/.test(String(name)));
  assert.deepEqual(told, ["wake_lock_held", "hidden", "wake_lock_lost", "visible", "wake_lock_held"]);
  page.turn("hidden");
  await settle();
  assert.equal(recorder.state.phase, "stopped");
});

test("when the browser says that the network is back, nobody waits out the pause between tries", async () => {
  const { phone, node, record } = await newWorld();
  const target = new EventTarget();
  const { addEventListener, removeEventListener } = globalThis;
  Object.assign(globalThis, {
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
  });
  const recorder = await record();
  let isCut = true;
  node.fault = () => (isCut ? "lost" : undefined);
  await phone.pass(60_000);
  isCut = false;
  const before = phone.clock;
  target.dispatchEvent(new Event("online"));
  await until(() => recorder.state.safeMs > 50_000, "caught up", phone);
  assert.ok(phone.clock - before < 3_000, `${phone.clock - before}`);
  recorder.leaveNow(false);
  Object.assign(globalThis, { addEventListener, removeEventListener });
});
