/** How cards are read aloud: as they were recorded, by the browser's voice where that fails, and the truth at once between them. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const heard: string[] = [];
/** Ends what is read now. */
let ends: () => void = () => undefined;

class FakeAudio extends EventTarget {
  src = "";

  async play(): Promise<void> {
    if (this.src.endsWith("broken")) throw new Error("not to be played");
    heard.push(this.src);
    ends = () => this.dispatchEvent(new Event("ended"));
  }

  pause(): void {
    heard.push("paused");
  }
}

class FakeUtterance extends EventTarget {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}

const voice = {
  speak(said: FakeUtterance): void {
    heard.push(`voice: ${said.text}`);
    ends = () => said.dispatchEvent(new Event("end"));
  },
  cancel: () => heard.push("voice is silent"),
};

Object.assign(globalThis, {
  Audio: FakeAudio,
  SpeechSynthesisUtterance: FakeUtterance,
  speechSynthesis: voice,
  fetch: async (address: string) => ({ ok: address !== "/gone", blob: async () => address }),
});
Object.assign(URL, { createObjectURL: (raw: unknown) => String(raw), revokeObjectURL: () => undefined });

const { Reading } = await import("../../client/src/calls/reading.ts");

class Place {
  readonly marks = new Map<string, string>();
  setAttribute = (name: string, value: string): unknown => this.marks.set(name, value);
  removeAttribute = (name: string): unknown => this.marks.delete(name);
}

const places = [new Place(), new Place(), new Place()];

function reading(...addresses: string[]): { made: InstanceType<typeof Reading>; button: EventTarget & { textContent: string } } {
  const button = Object.assign(new EventTarget(), { textContent: "" });
  const lines = addresses.map((address, number) => ({ text: `card ${number}`, heard: address, place: places[number] as unknown as HTMLElement }));
  return { made: new Reading(button as unknown as HTMLButtonElement, lines, "en", { read: "read", stop: "stop" }), button };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
const marked = (): number[] => places.flatMap(({ marks }, number) => (marks.has("aria-current") ? [number] : []));

beforeEach(() => {
  heard.length = 0;
});

test("cards are read in order, marked while they are, and the button says what it does", async () => {
  const { button } = reading("/one", "/two");
  button.dispatchEvent(new Event("click"));
  await settled();
  assert.deepEqual([heard, marked(), button.textContent], [["/one"], [0], "stop"]);
  ends();
  await settled();
  assert.deepEqual([heard, marked()], [["/one", "/two"], [1]]);
  ends();
  await settled();
  assert.deepEqual([marked(), button.textContent], [[], "read"]);
});

test("what has no recording, is not to be had or does not play is read by the browser's voice", async () => {
  const { made } = reading("", "/gone", "/broken");
  made.start();
  for (const number of [0, 1, 2]) {
    await settled();
    assert.equal(heard.at(-1), `voice: card ${number}`);
    ends();
  }
  await settled();
  assert.deepEqual(marked(), []);
});

test("how it stands is said at once, and the card it interrupts is read again", async () => {
  const { made } = reading("/one", "/two");
  made.start();
  await settled();
  made.say("nobody is free");
  made.say("somebody is rung");
  await settled();
  assert.deepEqual([heard, marked()], [["/one", "paused", "voice: somebody is rung"], []], "and of two the newest");
  ends();
  await settled();
  assert.deepEqual([heard.slice(3), marked()], [["/one"], [0]]);
  made.silence();
  await settled();
});

test("it stops at once and begins anew from the first", async () => {
  const { made, button } = reading("/one", "/two");
  made.start();
  await settled();
  made.start();
  await settled();
  assert.deepEqual([heard, marked()], [["/one", "paused", "/one"], [0]]);
  ends();
  await settled();
  made.silence();
  await settled();
  assert.deepEqual([heard, marked(), button.textContent], [["/one", "paused", "/one", "/two", "paused"], [], "read"]);
});
