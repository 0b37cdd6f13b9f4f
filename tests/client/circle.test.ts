/** A circle on the phones: the same names, keys and boxes as the node's; who is believed, what takes back what, what stays. */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { openWith } from "../../client/src/circle/code_words.ts";
import { derive, doorNumber, openLetter, placeNumber, placeOf, sealDoor, sealEndpoint, sealLetter, shareOf, TooLong } from "../../client/src/circle/keys.ts";
import { type CircleStore, type Message, messages, receive } from "../../client/src/circle/member.ts";
import { certify, publicKeyOf, sign } from "../../client/src/circle/said.ts";
import { base64url, fromBase64url, type Bytes } from "../../client/src/crypto/bytes.ts";

interface Known {
  readonly [name: string]: string;
}
const all = JSON.parse(readFileSync("vectors/circle/known.json", "utf8")) as Record<string, unknown>;
const known = all as unknown as Known;
const wires = all["wires"] as Known;
const NOW = all["at"] as unknown as number;
const hex = (name: string): Bytes => new Uint8Array(Buffer.from(known[name]!, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

class InMemory implements CircleStore {
  readonly all = new Map<string, unknown>();
  constructor() {
    this.all.set("neutral", { title: "News", text: "There is something new.", page: "/en/circle/join" });
    this.all.set("memberships", [{ link: base64url(hex("link")), key: base64url(hex("key")) }]);
  }
  async get<T>(name: string): Promise<T | undefined> {
    return this.all.get(name) as T | undefined;
  }
  async put(name: string, value: unknown): Promise<void> {
    this.all.set(name, value);
  }
}

const heard = (store: InMemory): readonly Message[] => (store.all.get("messages") as Message[] | undefined) ?? [];

test("names, keys and boxes are those of the vectors", async () => {
  assert.equal(toHex(await shareOf(hex("link"))), known["share"]);
  assert.equal(toHex(await placeOf(hex("link"))), known["place_name"]);
  assert.equal(toHex(await placeNumber(hex("link"))), known["place_number"]);
  assert.equal(toHex(await derive(hex("share"), "endpoint")), known["endpoint_key"]);
  assert.equal(toHex(await derive(hex("link"), "letter")), known["letter_key"]);
  assert.equal(toHex(await doorNumber(hex("door"))), known["door_number"]);
  assert.equal(toHex(await publicKeyOf(hex("seed"))), known["key"]);
  const { door, seed, list } = await openWith(all["words"] as string[]);
  assert.deepEqual([door, seed, list].map(toHex), [known["words_door"], known["words_seed"], known["words_list"]]);
  assert.equal(toHex(await certify(hex("seed"), await publicKeyOf(seed))), known["certificate"]);
  assert.deepEqual(await openLetter(hex("link"), fromBase64url(known["letter"]!)), { text: known["text"], plan: known["plan"] });
});

test("every box of a kind has one size, and what does not fit is said", async () => {
  const links = (all["links"] as string[]).map((one) => new Uint8Array(Buffer.from(one, "hex")));
  const doors = [await sealDoor(hex("door"), "phone", links, hex("tail")), await sealDoor(hex("door"), "words", links, hex("certificate"))];
  const endpoints = [await sealEndpoint(hex("link"), { endpoint: "https://push.example/x", keys: {} }), await sealEndpoint(hex("link"), undefined)];
  const letters = [await sealLetter(hex("link"), { text: "", plan: "" }), await sealLetter(hex("link"), { text: "ñ".repeat(240), plan: "é".repeat(300) })];
  for (const [made, size] of [[doors, 637], [endpoints, 748], [letters, 1280]] as const) assert.deepEqual(made.map((one) => one.length), [size, size]);
  await assert.rejects(sealLetter(hex("link"), { text: "x".repeat(2_000), plan: "" }), TooLong);
});

test("who is believed: the circle's phone, whoever its phone certified, and nobody else", async () => {
  const believed: Record<string, string | undefined> = { tell: "phone", "tell with words": "words", "false alarm": "phone", "false alarm of everything": "phone", "false alarm with words": "words", "false alarm of everything with words": "words", trial: "phone" };
  for (const [name, wire] of Object.entries(wires)) {
    const store = new InMemory();
    const shown = await receive(store, wire, NOW + 60);
    assert.equal(heard(store)[0]?.by, believed[name], name);
    assert.equal(shown !== undefined, name in believed, name);
  }
});

test("what is changed, old, ahead, of another circle, or noise is dropped without a word", async () => {
  const wire = wires["tell"]!;
  const wrong: [string, number][] = [
    [wire.replace("tell", "trial"), NOW],
    [wire.replace(`${NOW}`, `${NOW + 1}`), NOW],
    [wire, NOW + 3 * 3600 + 1],
    [wire, NOW - 1801],
    ["Your data was sent to the authorities.", NOW],
    ['{"circle":1}', NOW],
    ['{"circle":1,"trial":"AAAAAAAAAAAAAAAAAAAAAA"}', NOW],
    ["", NOW],
  ];
  for (const [sent, now] of wrong) {
    const store = new InMemory();
    assert.equal(await receive(store, sent, now), undefined, sent.slice(0, 40));
    assert.equal(heard(store).length, 0);
  }
  const stranger = new InMemory();
  stranger.all.set("memberships", []);
  assert.equal(await receive(stranger, wire, NOW), undefined);
});

test("a telling is shown once, and what takes it back stands in its place", async () => {
  const store = new InMemory();
  const told = await receive(store, wires["tell"]!, NOW);
  assert.equal(await receive(store, wires["tell"]!, NOW), undefined);
  const back = await receive(store, wires["false alarm"]!, NOW);
  assert.equal(told?.tag, back?.tag, "one notification");
  assert.equal(await receive(store, wires["false alarm"]!, NOW), undefined);
  assert.equal(heard(store).find(({ kind }) => kind === "tell")?.back, NOW);
});

test("a false alarm that came first takes back what comes later", async () => {
  const store = new InMemory();
  await receive(store, wires["false alarm of everything"]!, NOW);
  await receive(store, wires["tell"]!, NOW);
  assert.equal(heard(store).find(({ kind }) => kind === "tell")?.back, NOW);
});

test("whoever has the words takes back what words told, and never what the phone told", async () => {
  for (const [told, back, isBack] of [["tell", "false alarm with words", false], ["tell", "false alarm of everything with words", false], ["tell with words", "false alarm with words", true], ["tell with words", "false alarm of everything", true]] as const) {
    const store = new InMemory();
    await receive(store, wires[told]!, NOW);
    await receive(store, wires[back]!, NOW);
    assert.equal(heard(store).find(({ kind }) => kind === "tell")!.back > 0, isBack, `${told}, ${back}`);
  }
});

test("a phone knows its own trial, once", async () => {
  const store = new InMemory();
  store.all.set("trial", "AAAAAAAAAAAAAAAAAAAAAA");
  const wire = '{"circle":1,"trial":"AAAAAAAAAAAAAAAAAAAAAA"}';
  assert.equal((await receive(store, wire, NOW))?.kind, "trial");
  assert.equal(await receive(store, wire, NOW), undefined);
  assert.equal(await receive(store, '{"circle":1,"trial":""}', NOW), undefined);
});

test("a message is gone after a day", async () => {
  const store = new InMemory();
  await receive(store, wires["tell"]!, NOW);
  assert.equal((await messages(store, NOW + 24 * 3600 - 1)).length, 1);
  assert.equal((await messages(store, NOW + 24 * 3600)).length, 0);
  assert.equal(heard(store).length, 0);
});

test("whatever is pushed, only what was signed is kept", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json(), fc.record({ circle: fc.constant(1), said: fc.string(), sig: fc.string(), cert: fc.string(), trial: fc.oneof(fc.constant(undefined), fc.string()) }).map((one) => JSON.stringify(one))), async (wire) => {
      const store = new InMemory();
      assert.equal(await receive(store, wire, NOW), undefined);
      assert.equal(heard(store).length, 0);
    }),
    { numRuns: 60 },
  );
});

test("what is signed here is believed there", async () => {
  const { said, signature } = await sign(hex("seed"), "tell", "AAAAAAAAAAAAAAAAAAAAAA", NOW);
  const store = new InMemory();
  assert.ok(await receive(store, JSON.stringify({ circle: 1, said, sig: signature, cert: "", letter: known["letter"] }), NOW));
});
