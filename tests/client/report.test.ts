/** What a report's page does on the phone alone: the area of a fix, the cover of a photo, the code, and what waits for a network. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import "./storage.ts";
import { areaOf, byNearness, type Place } from "../../client/src/alerts/areas.ts";
import { codeOf } from "../../client/src/alerts/code.ts";
import { Cover } from "../../client/src/alerts/cover.ts";
import { seal, type Answers } from "../../client/src/alerts/seal.ts";
import { send, sendWaiting } from "../../client/src/alerts/send.ts";
import { keep, waiting, LIFE_MS } from "../../client/src/alerts/waiting.ts";
import { base64url, fromBase64url } from "../../client/src/crypto/bytes.ts";
import { identityOf, openWith, recipientOf } from "../../client/src/crypto/envelope.ts";

const PLACES: readonly Place[] = [["east", 45, -93.2], ["east", 45.01, -93.21], ["west", 45, -93.3]];
const ANSWERS: Answers = {
  kind: "street-check", how_many: "few", wearing: ["masked"], vehicles: "no", when: "now", area: "canary-area", language: "es",
  key: base64url(new Uint8Array(32)), text: "",
};
const node = identityOf(new Uint8Array(32).fill(1));
const desk = identityOf(new Uint8Array(32).fill(2));

test("a fix becomes the area of the nearest place, and none outside the city", () => {
  assert.equal(areaOf({ latitude: 45.011, longitude: -93.211 }, PLACES), "east");
  assert.equal(areaOf({ latitude: 45, longitude: -93.29 }, PLACES), "west");
  assert.equal(areaOf({ latitude: 48.85, longitude: 2.35 }, PLACES), undefined);
  assert.deepEqual(byNearness({ latitude: 45, longitude: -93.3 }, PLACES).map(([area]) => area), ["west", "east"]);
});

test("a photo is covered until a finger goes over it, and all of it again at one touch", () => {
  const cover = new Cover(1280, 960);
  assert.equal([...cover.covered()].length, 16 * 12);
  cover.wipe(0, 0.5, 1, 0.5);
  assert.equal([...cover.covered()].length, 16 * 11, "a whole row, with no gap where the finger was fast");
  cover.wipe(-3, -3, -2, -2);
  cover.toggle(99, 99);
  assert.equal([...cover.covered()].length, 16 * 11, "outside is nothing");
  cover.toggle(0, 6);
  assert.equal(cover.isCovered(0, 6), true);
  cover.coverAll();
  assert.equal(cover.isWhole, true);
});

test("the return code is the node's", async () => {
  const { key, code } = JSON.parse(readFileSync("vectors/reports/return_code.json", "utf8")) as { key: string; code: string };
  assert.equal(await codeOf(fromBase64url(key)), code);
});

test("answers are sealed to the node, photo and voice to the desk alone", async () => {
  const body = JSON.parse(await seal(ANSWERS, { photo: new Uint8Array([9]) }, await recipientOf(node), [await recipientOf(desk)])) as Record<string, string>;
  assert.deepEqual(Object.keys(body).sort(), ["photo", "sealed"]);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(await openWith(node, fromBase64url(body["sealed"]!)))), ANSWERS);
  assert.deepEqual(await openWith(desk, fromBase64url(body["photo"]!)), new Uint8Array([9]));
  await assert.rejects(openWith(node, fromBase64url(body["photo"]!)));
});

test("what waits says nothing of itself, is sent when there is a network, and is gone then", async () => {
  const body = await seal(ANSWERS, {}, await recipientOf(node), []);
  await keep({ id: "CODE", body, kept: 1000 });
  assert.ok(!JSON.stringify(await waiting(1000)).includes("canary"));
  assert.equal(await sendWaiting(1000, () => Promise.reject(new TypeError("no network"))), 1);
  const asked: string[] = [];
  const node_ = (path: string, init?: RequestInit): Promise<Response> => {
    asked.push(`${path} ${String(init?.body ?? "")}`);
    return Promise.resolve(Response.json(path.endsWith("ticket") ? { ticket: "T", bits: 16 } : { code: "C", state: "received" }));
  };
  assert.equal(await sendWaiting(1000, node_), 0);
  assert.match(asked[1]!, /^\/alerts\/reports\/sealed .*"ticket":"T","work":""/);
  assert.deepEqual(await waiting(1000), []);
});

test("what is two hours old is not sent any more", async () => {
  await keep({ id: "OLD", body: "{}", kept: 0 });
  assert.deepEqual(await waiting(LIFE_MS + 1), []);
});

test("a node that is full or down keeps it waiting, and a refusal is told", async () => {
  const answering = (status: number, code: string) => () => Promise.resolve(Response.json({ code }, { status }));
  const ticket = { ticket: "T", work: "1" };
  assert.deepEqual(await send("{}", ticket, answering(503, "not_ready")), { is: "offline" });
  assert.deepEqual(await send("{}", ticket, answering(503, "lane_full")), { is: "refused", code: "lane_full" });
  assert.deepEqual(await send("{}", ticket, answering(422, "alerts_text_refused")), { is: "refused", code: "alerts_text_refused" });
});
