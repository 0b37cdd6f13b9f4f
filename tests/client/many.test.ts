/** A lawyer leaves: all they have goes to a colleague in one act that may be cut off; a steward who is a lawyer takes what an absent one has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { base64url, fromBase64url, join, randomBytes, type Bytes } from "../../client/src/crypto/bytes.ts";
import { dumps } from "../../client/src/crypto/canonical.ts";
import { identityOf, openWith, sealTo } from "../../client/src/crypto/envelope.ts";
import type { Line } from "../../client/src/desk/lines.ts";
import { each, handOver, mine, takeBack, theirs } from "../../client/src/desk/many_acts.ts";
import { Ours } from "../../client/src/desk/ours.ts";
import { isSomethingDone } from "../../client/src/staff/going_on.ts";

interface Item {
  readonly key: Bytes;
  line: Line;
  wraps: Bytes;
}

/** A desk that does what docs/spec/desk.md says, as far as these acts ask it. `refuses`: recordings whose hand-over fails. */
class Desk {
  readonly items = new Map<string, Item>();
  readonly refuses = new Set<string>();
  readonly asked: string[] = [];

  get lines(): Line[] {
    return [...this.items.values()].map(({ line }) => line);
  }

  async add(owner: Ours, name: string, state: Line["state"] = "opened"): Promise<string> {
    const [recording, key] = [base64url(randomBytes(16)), randomBytes(32)];
    const { ticket } = await owner.draw(recording);
    const label = await owner.label(name);
    const line: Line = { recording, kind: "encounter", stream: "stopped", state, turn: 1, day: 1, rank: null, ticket, label, marks: [], is_late: false, quiet: "" };
    this.items.set(recording, { key, line, wraps: await sealTo([owner.recipient], join(key, dumps({ recipients: [owner.recipient] }))) });
    return recording;
  }

  answer(address: string, body: Record<string, string>): Response {
    const [, , , recording, act] = address.split("/") as [string, string, string, string, string];
    this.asked.push(act);
    const item = this.items.get(recording)!;
    const { line } = item;
    if (act === "open") return Response.json({ header: "", wraps: base64url(item.wraps) });
    if (this.refuses.has(recording)) return Response.json({ code: "unexpected" }, { status: 500 });
    if (act === "take-back") item.line = { ...line, state: "waiting", turn: line.turn + 1, ticket: "", label: "" };
    else item.line = { ...line, state: "taken", turn: line.turn + 1, ticket: body["ticket"]!, label: body["label"]! };
    if (act === "hand-over") item.wraps = fromBase64url(body["wraps"]!);
    return Response.json({ state: item.line.state, turn: item.line.turn });
  }
}

async function lawyer(): Promise<Ours> {
  return Ours.of(identityOf(randomBytes(32)), { log: "", origin: "", witnesses: [] });
}

function wired(): Desk {
  const desk = new Desk();
  const fetch = async (address: string, { body }: RequestInit = {}): Promise<Response> =>
    address.startsWith("/desk/items/") ? desk.answer(address, JSON.parse(String(body ?? "{}"))) : new Response("", { status: 503 });
  Object.assign(globalThis, { fetch });
  return desk;
}

async function looked(ours: Ours, desk: Desk): Promise<Line[]> {
  for (const line of desk.lines) await ours.look(line);
  return desk.lines;
}

const quiet = new AbortController().signal;

test("everything goes to a colleague; one that fails does not keep the others, and the next time only that one is left", async () => {
  const desk = wired();
  const [wren, kestrel, other] = [await lawyer(), await lawyer(), await lawyer()];
  for (let i = 0; i < 6; i++) await desk.add(wren, "Wren", i === 0 ? "done" : "taken");
  await desk.add(other, "Other");
  const frozen = await desk.add(wren, "Wren", "frozen");
  const all = mine(await looked(wren, desk), wren);
  assert.equal(all.length, 6, "what is frozen stays, and what is another's is not ours to give");
  desk.refuses.add(all[2]!.recording);
  const to = { name: "Kestrel", recipient: kestrel.recipient };
  const seen: [number, boolean][] = [];
  const first = await each(all, (line) => (seen.push([seen.length, isSomethingDone()]), handOver(wren, line, to)), () => undefined, quiet);
  assert.deepEqual(first, { done: 5, failed: [all[2]!.recording], left: 1 });
  assert.equal(isSomethingDone(), false);
  desk.refuses.clear();
  const rest = mine(await looked(wren, desk), wren);
  assert.deepEqual(rest.map(({ recording }) => recording), [all[2]!.recording]);
  assert.equal((await each(rest, (line) => handOver(wren, line, to), () => undefined, quiet)).left, 0);
  const got = mine(await looked(kestrel, desk), kestrel);
  assert.equal(got.length, 6);
  for (const { recording } of got) {
    const { key, wraps } = desk.items.get(recording)!;
    assert.deepEqual((await openWith(kestrel.identity, wraps)).subarray(0, 32), key);
    await assert.rejects(openWith(wren.identity, wraps), "the leaver opens none of them any more");
  }
  assert.equal(desk.items.get(frozen)!.line.state, "frozen");
});

test("it stops when it is told to, and by itself when everything fails", async () => {
  const desk = wired();
  const [wren, kestrel] = [await lawyer(), await lawyer()];
  for (let i = 0; i < 9; i++) desk.refuses.add(await desk.add(wren, "Wren"));
  const all = mine(await looked(wren, desk), wren);
  const to = { name: "Kestrel", recipient: kestrel.recipient };
  const failed = await each(all, (line) => handOver(wren, line, to), () => undefined, quiet);
  assert.deepEqual([failed.done, failed.failed.length, failed.left], [0, 5, 9]);
  desk.refuses.clear();
  const leaving = new AbortController();
  const stopped = await each(all, (line) => handOver(wren, line, to), (n) => n === 2 && leaving.abort(), leaving.signal);
  assert.deepEqual([stopped.done, stopped.left], [3, 6]);
});

test("what an absent colleague has waits again and is taken; what others have stays theirs", async () => {
  const desk = wired();
  const [gone, stays, steward] = [await lawyer(), await lawyer(), await lawyer()];
  // A label is sealed to the proven desk: here to the steward too, who reads whose each is.
  const known = (name: string) => steward.label(name);
  const recordings = [await desk.add(gone, "Gone"), await desk.add(gone, "Gone"), await desk.add(stays, "Stays")];
  for (const [i, recording] of recordings.entries()) desk.items.get(recording)!.line = { ...desk.items.get(recording)!.line, label: await known(i < 2 ? "Gone" : "Stays") };
  const found = theirs(await looked(steward, desk), steward);
  assert.deepEqual([...found].map(([name, lines]) => [name, lines.length]), [["Gone", 2], ["Stays", 1]]);
  const result = await each(found.get("Gone")!, (line) => takeBack(steward, line, "Steward", true), () => undefined, quiet);
  assert.equal(result.done, 2);
  assert.equal(mine(await looked(steward, desk), steward).length, 2);
  assert.ok(stays.capability(recordings[2]!) || (await looked(stays, desk), stays.capability(recordings[2]!)));
  assert.ok(!desk.asked.includes("open"), "nothing was opened");
  assert.equal((await each(theirs(desk.lines, steward).get("Stays")!, (line) => takeBack(steward, line, "Steward", false), () => undefined, quiet)).done, 1);
  assert.equal(desk.items.get(recordings[2]!)!.line.state, "waiting");
});
