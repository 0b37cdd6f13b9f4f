import assert from "node:assert/strict";
import { test } from "node:test";
import { sendUnsent } from "../../client/src/encounter/resume.ts";
import { droppedRecordings, tellChoice } from "../../client/src/phone/leaving.ts";
import { Unsent } from "../../client/src/phone/unsent.ts";
import { FakePhone } from "./fake_phone.ts";
import { deleteUnsent, storedRecordings } from "./storage.ts";

const kept = new Map<string, string>();
Object.defineProperty(globalThis, "localStorage", {
  value: {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
    removeItem: (name: string) => void kept.delete(name),
  },
});

test("what was to be dropped is dropped by the next page, even if the page that was left could not do it any more", async () => {
  await deleteUnsent();
  const unsent = await Unsent.open();
  const row = { id: "A", upload: "u", create: "{}", sealed: 1, isClosed: false, touched: 0 };
  await unsent.keepChunk(row, 0, new Uint8Array(9));
  tellChoice("A", "drop");
  assert.deepEqual(droppedRecordings(), ["A"]);
  const phone = new FakePhone();
  phone.answer = () => assert.fail("it was sent");
  assert.equal(await sendUnsent(phone), 0);
  assert.deepEqual([await storedRecordings(), droppedRecordings()], [[], []]);
  assert.equal(kept.size, 0, "nothing is left of it");
  unsent.close();
});

test("what is to be sent is not on the list", () => {
  tellChoice("B", "send");
  assert.deepEqual(droppedRecordings(), []);
});
