/** What a phone does with a pushed message: believes its pins alone, once, while it lives. */
import { strict as assert } from "node:assert";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { type Kept, type Pins, type PushStore, receive } from "../../client/src/alerts/push.ts";

interface Vector {
  readonly city: string;
  readonly keys: Record<string, string>;
  readonly now: number;
  readonly says: "live" | "stale" | "refused";
  readonly wire: string;
}

const FOLDER = "vectors/alerts";
const vectors = new Map<string, Vector>();
for (const name of readdirSync(FOLDER)) {
  const one = JSON.parse(readFileSync(`${FOLDER}/${name}`, "utf8")) as Partial<Vector>;
  if (one.wire !== undefined && one.keys && one.says) vectors.set(name.replace(".json", ""), one as Vector);
}
const known = (name: string): Vector => vectors.get(name)!;
const NOW = known("alert").now;

function pinsOf({ city, keys }: Vector): Pins {
  const base64 = Object.fromEntries(Object.entries(keys).map(([status, hex]) => [status, Buffer.from(hex, "hex").toString("base64")]));
  return { city, keys: base64, title: "News", text: "There is something new. Open the page.", page: "/en/alerts" };
}

class InMemory implements PushStore {
  readonly all = new Map<string, Kept>();
  #pins: Pins | undefined;
  leavesWhileKeeping = false;
  constructor(pins: Pins | undefined) {
    this.#pins = pins;
  }
  async pins(): Promise<Pins | undefined> {
    return this.#pins;
  }
  async kept(): Promise<Kept[]> {
    return [...this.all.values()];
  }
  async keep(one: Kept): Promise<void> {
    await new Promise((done) => setTimeout(done, 1));
    this.all.set(one.root, one);
    if (this.leavesWhileKeeping) this.#pins = undefined;
  }
  async drop(root: string): Promise<void> {
    this.all.delete(root);
  }
}

const phone = (): InMemory => new InMemory(pinsOf(known("alert")));

for (const [name, vector] of vectors) {
  test(`pushed ${name} is ${vector.says === "live" ? "shown" : "dropped without a word"}`, async () => {
    const store = new InMemory(pinsOf(vector));
    const shown = await receive(store, vector.wire, vector.now);
    assert.equal(shown !== undefined, vector.says === "live");
    assert.equal(store.all.size, vector.says === "live" ? 1 : 0);
  });
}

test("there are vectors of each kind", () => {
  for (const says of ["live", "stale", "refused"]) assert.ok([...vectors.values()].some((one) => one.says === says), says);
});

test("what is shown is neutral, whatever it is about", async () => {
  const lines = new Set<string>();
  for (const name of ["alert", "exercise", "checked_and_nothing_seen", "cancel_for_danger"]) {
    const shown = await receive(phone(), known(name).wire, known(name).now);
    lines.add(`${shown?.pins.title} ${shown?.pins.text}`);
  }
  assert.deepEqual([...lines], ["News There is something new. Open the page."]);
});

test("the same message again is dropped", async () => {
  const store = phone();
  assert.ok(await receive(store, known("alert").wire, NOW));
  assert.equal(await receive(store, known("alert").wire, NOW), undefined);
});

test("a cancel takes the alert's place, and the alert does not come back after it", async () => {
  const store = phone();
  await receive(store, known("alert").wire, NOW);
  const cancelled = await receive(store, known("cancel").wire, NOW);
  assert.equal(cancelled?.type, "Cancel");
  assert.deepEqual([...store.all.values()].map(({ wire }) => wire), [known("cancel").wire]);
  assert.equal(await receive(store, known("alert").wire, NOW), undefined);
  const other = phone();
  assert.ok(await receive(other, known("cancel").wire, NOW), "as loud where the alert never came");
  assert.equal(await receive(other, known("alert").wire, NOW), undefined);
});

test("an alert and its cancel that come together end as the cancel, and the same twice is shown once", async () => {
  for (const together of [["alert", "cancel"], ["alert", "alert", "cancel"]]) {
    const store = phone();
    const shown = await Promise.all(together.map((name) => receive(store, known(name).wire, NOW)));
    assert.deepEqual([...store.all.values()].map(({ wire }) => wire), [known("cancel").wire]);
    assert.equal(shown.filter(Boolean).length, 2);
  }
});

test("a message that is on its way while its person leaves is neither kept nor shown", async () => {
  const store = phone();
  store.leavesWhileKeeping = true;
  assert.equal(await receive(store, known("alert").wire, NOW), undefined);
  assert.equal(store.all.size, 0);
});

test("what has ended is forgotten when the next message comes, whatever that is", async () => {
  const store = phone();
  await receive(store, known("alert").wire, NOW);
  await receive(store, "noise", NOW + 7200);
  assert.equal(store.all.size, 0);
});

test("a phone without pins, or with another city's, shows nothing", async () => {
  const { wire } = known("alert");
  assert.equal(await receive(new InMemory(undefined), wire, NOW), undefined);
  assert.equal(await receive(new InMemory({ ...pinsOf(known("alert")), city: "elsewhere.example/log" }), wire, NOW), undefined);
  assert.equal(await receive(new InMemory({ ...pinsOf(known("alert")), keys: { Actual: "no key" } }), wire, NOW), undefined);
});

test("a clock that is a day off shows nothing old", async () => {
  const day = 86_400;
  for (const now of [NOW - day, NOW + day]) assert.equal(await receive(phone(), known("alert").wire, now), undefined);
});
