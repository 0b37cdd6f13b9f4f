/** What the ends of a call seal for each other, and for the desk: who may open it, and what does not open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { base64url, fromBase64url, randomBytes } from "../../client/src/crypto/bytes.ts";
import { identityOf, recipientOf } from "../../client/src/crypto/envelope.ts";
import { Quality } from "../../client/src/calls/quality.ts";
import { listenerIdentity, listenerSecret, openFor, Sealer, sealFor, shiftCapability, shiftDay } from "../../client/src/calls/sealed.ts";

const call = base64url(randomBytes(16));

test("what one end seals the other opens once, and nobody else", async () => {
  const secret = randomBytes(32);
  const [phone, lawyer] = [new Sealer(secret.slice(), call, 0), new Sealer(secret.slice(), call, 1)];
  const sealed = await phone.seal({ t: "text", text: "they opened the door" });
  assert.equal((await lawyer.open(0, sealed))?.["text"], "they opened the door");
  assert.equal(await lawyer.open(0, sealed), undefined, "a second time is a replay");
  assert.equal(await lawyer.open(2, await phone.seal({ t: "text", text: "x" })), undefined, "the node cannot say it is another's");
  assert.equal(await new Sealer(randomBytes(32), call, 1).open(0, await phone.seal({})), undefined, "the node has no secret");
  assert.equal(await new Sealer(secret.slice(), base64url(randomBytes(16)), 1).open(0, await phone.seal({})), undefined, "nor from another call");
});

test("a changed bit does not open", async () => {
  const secret = randomBytes(32);
  const raw = fromBase64url(await new Sealer(secret.slice(), call, 0).seal({ t: "line", sdp: "a=fingerprint:sha-256 AA" }));
  for (const at of [0, 7, 8, 19, 20, raw.length - 1]) {
    const bent = raw.slice();
    bent[at]! ^= 1;
    assert.equal(await new Sealer(secret.slice(), call, 1).open(0, base64url(bent)), undefined, `byte ${at}`);
  }
});

test("a page that begins anew is still believed, an older one is not", async () => {
  const secret = randomBytes(32);
  const lawyer = new Sealer(secret.slice(), call, 1);
  const old = await new Sealer(secret.slice(), call, 0, 1_000).seal({ t: "hello" });
  assert.ok(await lawyer.open(0, await new Sealer(secret.slice(), call, 0, 2_000).seal({ t: "hello" })));
  assert.equal(await lawyer.open(0, old), undefined);
});

test("what was said before a node died and comes after it still counts once", async () => {
  const secret = randomBytes(32);
  const [phone, lawyer] = [new Sealer(secret.slice(), call, 0), new Sealer(secret.slice(), call, 1)];
  const [first, second] = [await phone.seal({ t: "text", text: "1" }), await phone.seal({ t: "text", text: "2" })];
  assert.ok(await lawyer.open(0, second));
  assert.ok(await lawyer.open(0, first));
  assert.equal(await lawyer.open(0, first), undefined);
});

const counts = (got: number, lost: number, kind = "audio"): Map<string, object> => new Map([[kind, { id: kind, type: "inbound-rtp", kind, packetsReceived: got, packetsLost: lost }]]);

test("two looks at a line that loses a tenth make it poor, two without sound make it deaf, and it heals", () => {
  const quality = new Quality();
  assert.deepEqual(quality.judge(counts(0, 0)), { isPoor: false, isDeaf: false }, "nothing has come yet: it is not lost");
  assert.deepEqual(quality.judge(counts(100, 0)), { isPoor: false, isDeaf: false });
  assert.deepEqual(quality.judge(counts(180, 20)), { isPoor: false, isDeaf: false }, "one look is a moment");
  assert.deepEqual(quality.judge(counts(260, 40)), { isPoor: true, isDeaf: false });
  assert.deepEqual(quality.judge(counts(260, 40)), { isPoor: false, isDeaf: false });
  assert.deepEqual(quality.judge(counts(260, 40)), { isPoor: false, isDeaf: true });
  assert.deepEqual(quality.judge(counts(360, 40)), { isPoor: false, isDeaf: false });
});

test("a microphone that never was is no lost sound", () => {
  const quality = new Quality();
  for (let look = 0; look < 5; look += 1) assert.equal(quality.judge(counts(0, 0)).isDeaf, false);
});

test("a volunteer cannot seal as a lawyer would", async () => {
  const secret = randomBytes(32);
  const theirs = await listenerSecret(secret.slice(), call);
  const volunteer = new Sealer(theirs, call, 1);
  const said = await volunteer.seal({ t: "hello", role: "lawyer" });
  assert.equal(await new Sealer(secret.slice(), call, 0).open(1, said), undefined);
  assert.ok(await new Sealer(await listenerSecret(secret.slice(), call), call, 0).open(1, said));
});

test("a card of another call is not believed, and a stranger opens none", async () => {
  const [identity, other] = [identityOf(randomBytes(32)), identityOf(randomBytes(32))];
  const card = await sealFor([await recipientOf(identity)], { area: "Powderhorn", call, v: 1 });
  assert.equal((await openFor(identity, card, call))?.["area"], "Powderhorn");
  assert.equal(await openFor(identity, card, base64url(randomBytes(16))), undefined);
  assert.equal(await openFor(other, card, call), undefined);
});

test("a shift is the same on each device of a lawyer, and nobody else's", async () => {
  const seed = randomBytes(32);
  assert.deepEqual(await shiftCapability(seed, 20_000), await shiftCapability(seed, 20_000));
  assert.notDeepEqual(await shiftCapability(seed, 20_000), await shiftCapability(randomBytes(32), 20_000));
  assert.notDeepEqual(await shiftCapability(seed, 20_000), await shiftCapability(seed, 20_001), "no two evenings are told to be one person's");
  const ears = await listenerIdentity(seed, 20_000);
  assert.equal(ears, await listenerIdentity(seed, 20_000));
  assert.notEqual(ears, await listenerIdentity(seed, 20_001));
  assert.notEqual(ears, identityOf(seed), "it is not the one of the table of staff");
  assert.match(await recipientOf(ears), /^age1[02-9ac-hj-np-z]{58}$/);
  assert.deepEqual([9, 10, 33, 34].map((hour) => shiftDay(hour * 3_600_000)), [-1, 0, 0, 1]);
});
