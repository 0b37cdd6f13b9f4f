/** What a lawyer's browser makes of the desk's list, of an intake sheet and of a recording key that is handed over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bech32 } from "@scure/base";
import fc from "fast-check";
import { base64url, fromBase64url, join, randomBytes } from "../../client/src/crypto/bytes.ts";
import { dumps } from "../../client/src/crypto/canonical.ts";
import { identityOf, openWith, recipientOf, sealTo } from "../../client/src/crypto/envelope.ts";
import { deadlines, nextDeadline, readANumber } from "../../client/src/desk/clocks.ts";
import { Lines, silentFor, type Line } from "../../client/src/desk/lines.ts";
import { keyId, Ours } from "../../client/src/desk/ours.ts";

const TRUST = { log: "", origin: "", witnesses: [] };
Object.assign(globalThis, { fetch: async () => new Response("", { status: 503 }) });

const line = (over: Partial<Line> = {}): Line => ({
  recording: base64url(randomBytes(16)), kind: "encounter", stream: "open", state: "waiting", turn: 0, day: 1, rank: null, ticket: "", label: "", marks: [], is_late: false, quiet: "coming", ...over,
});

async function lawyer(): Promise<Ours> {
  return Ours.of(identityOf(randomBytes(32)), TRUST);
}

test("a lawyer finds what is theirs by its ticket, and nobody else does", async () => {
  const [wren, kestrel] = [await lawyer(), await lawyer()];
  const recording = base64url(randomBytes(16));
  const { digest, ticket } = await wren.draw(recording);
  const taken = line({ recording, state: "taken", turn: 1, ticket, label: await wren.label("Wren") });
  for (const one of [wren, kestrel]) await one.look(taken);
  const capability = wren.capability(recording)!;
  assert.equal(base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", capability))), digest);
  assert.equal(wren.name(recording), "Wren");
  assert.equal(kestrel.capability(recording), undefined);
  // A node that gives one recording's ticket to another is not believed.
  const other = line({ state: "taken", turn: 1, ticket });
  await wren.look(other);
  assert.equal(wren.capability(other.recording), undefined);
});

test("while a new turn of a line is being looked at, what is ours stays ours, and nobody is answered before it is known", async () => {
  const wren = await lawyer();
  const recording = base64url(randomBytes(16));
  const { ticket } = await wren.draw(recording);
  const taken = line({ recording, state: "taken", turn: 1, ticket });
  const first = wren.look(taken);
  await wren.look(taken);
  assert.ok(wren.capability(taken.recording), "the second look waited for the first");
  await first;
  const opened = wren.look({ ...taken, state: "opened", turn: 2 });
  assert.ok(wren.capability(taken.recording), "not lost meanwhile");
  await opened;
  assert.ok(wren.capability(taken.recording));
  await wren.look({ ...taken, state: "waiting", turn: 3, ticket: "" });
  assert.equal(wren.capability(taken.recording), undefined);
});

test("what is handed over opens for the colleague alone, with the owner's list of recipients", async () => {
  const [wren, kestrel] = [await lawyer(), await lawyer()];
  const [recording, key] = [base64url(randomBytes(16)), randomBytes(32)];
  const list = dumps({ recipients: [wren.recipient] });
  const wraps = await sealTo([wren.recipient], join(key, list));
  const { ticket, wraps: sealed, to } = await wren.handedOver(recording, wraps, { name: "Kestrel", recipient: kestrel.recipient });
  assert.deepEqual(await openWith(kestrel.identity, fromBase64url(sealed)), join(key, list));
  await assert.rejects(openWith(wren.identity, fromBase64url(sealed)));
  await kestrel.look(line({ recording, state: "taken", turn: 2, ticket }));
  assert.equal(kestrel.capability(recording)?.length, 32);
  assert.equal(to, await keyId(kestrel.recipient));
  await assert.rejects(kestrel.handedOver(recording, wraps, { name: "Wren", recipient: wren.recipient }));
});

test("a mark is ours alone, for one recording alone, and the same on each of our devices", async () => {
  const seed = randomBytes(32);
  const [here, there, kestrel] = [await Ours.of(identityOf(seed), TRUST), await Ours.of(identityOf(seed), TRUST), await lawyer()];
  const [first, second] = [base64url(randomBytes(16)), base64url(randomBytes(16))];
  const mark = await here.mark(first);
  assert.equal(await there.mark(first), mark);
  assert.notEqual(await here.mark(second), mark);
  assert.notEqual(await kestrel.mark(first), mark);
  await there.look(line({ recording: first, marks: [mark] }));
  assert.equal(there.isDeclined(first), true);
});

test("notes of any length within a step have one size, and open for their lawyer alone", async () => {
  const [wren, kestrel] = [await lawyer(), await lawyer()];
  const sealed = await Promise.all(["x", "A-number 123456789, five children, at the corner"].map((text) => wren.seal({ text, type: "note" })));
  assert.equal(sealed[0]!.length, sealed[1]!.length);
  assert.deepEqual(await wren.open(sealed[1]!), { text: "A-number 123456789, five children, at the corner", type: "note" });
  assert.equal(await kestrel.open(sealed[1]!), undefined);
});

test("what waits stands before what somebody has, the oldest first", () => {
  const lines = new Lines(() => undefined, async () => undefined);
  const told = [line({ day: 2, rank: 7 }), line({ day: 2, rank: 3 }), line({ day: 1 }), line({ day: 1, state: "opened" }), line({ day: 0, state: "done" })];
  lines.take({ all: true, lines: told.map((one) => ({ line: one, silent_s: null, waiting_min: null })), left: [] });
  assert.deepEqual(lines.sorted().map((one) => told.indexOf(one.line)), [2, 1, 0, 3, 4]);
  lines.take({ all: false, lines: [{ line: { ...told[0]!, quiet: "silent" }, silent_s: 12, waiting_min: 1 }], left: [told[2]!.recording] });
  const shown = lines.get(told[0]!.recording)!;
  assert.equal(silentFor(shown, shown.at + 5_900), 17);
  assert.equal(lines.get(told[2]!.recording), undefined);
});

test("an A-number has eight or nine digits, however it is written", () => {
  for (const text of ["123456789", "A123456789", "a 123-456-789", "A12345678", " A 12 345 678 "]) assert.match(readANumber(text)!, /^A\d{8,9}$/);
  for (const text of ["1234567", "1234567890", "A1234567B", "AA12345678", "१२३४५६७८"]) assert.equal(readANumber(text), undefined);
  assert.equal(readANumber("  "), "");
  fc.assert(fc.property(fc.stringMatching(/^\d{8,9}$/), (digits) => readANumber(`A${digits}`) === `A${digits}`));
});

test("the next deadline is the first that is not past, and none is invented", () => {
  const clocks = [{ id: "b", name: "b", hours: 72, source: "s" }, { id: "a", name: "a", hours: 1, source: "s" }];
  const at = Date.UTC(2026, 0, 24, 12);
  const all = deadlines(clocks, at, at + 2 * 3_600_000);
  assert.deepEqual(all.map((one) => [one.id, one.isPast]), [["a", true], ["b", false]]);
  assert.equal(nextDeadline(all)?.at, at + 72 * 3_600_000);
  assert.deepEqual(deadlines(clocks, undefined, at), []);
  assert.deepEqual(deadlines(clocks, Number.NaN, at), []);
  assert.equal(nextDeadline(deadlines(clocks, at, at + 100 * 3_600_000)), undefined);
});

test("an identity's bytes are those it was made of", async () => {
  const seed = randomBytes(32);
  assert.deepEqual(new Uint8Array(bech32.decodeToBytes(identityOf(seed).toLowerCase()).bytes), seed);
  const key = randomBytes(32);
  const sealed = await sealTo([await recipientOf(identityOf(seed))], join(key));
  assert.deepEqual(await openWith(identityOf(seed), sealed), key);
});
