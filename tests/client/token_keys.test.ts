import assert from "node:assert/strict";
import { test } from "node:test";
import { EPOCH_S, LIST_LIFE_S, keysHead, provenKey, type Found, type TokenKeys } from "../../client/src/passport/keys.ts";
import { dumps } from "../../client/src/crypto/canonical.ts";
import { leafHash } from "../../client/src/crypto/merkle.ts";
import { ORIGIN, cosignLine, newKey, newWorld, pathOf, rootOf, signLine, type World } from "./fake_log.ts";

const NOW = 1_800_000_000;
const EPOCH = Math.floor(NOW / EPOCH_S);

interface Entry {
  act?: "add" | "remove";
  letter?: string;
  role?: string;
  cohort?: number;
  epoch?: number;
  node?: string;
}

interface Lie {
  /** What the node shows of its entries. */
  told?: (entry: Entry) => boolean;
  /** What it lets a beat say: of all that stands there, or of what it shows. */
  stated?: "told";
  at?: number;
  beat?: number;
  epoch?: number;
  /** The epoch of which the newest beat speaks. */
  said?: number;
}

const spelled = (letter: string) => Buffer.alloc(32, letter).toString("base64");
const raw = ({ act = "add", letter = "a", role = "confirmer", cohort = 1, epoch = EPOCH, node = ORIGIN }: Entry) =>
  Buffer.concat([Buffer.from("tocsin.leaf/v1 token-key\n"), dumps({ act, cohort, epoch, key: spelled(letter), node, role })]);

/** A list as a node would publish it, in a log of exactly these entries and what the beat says of them. */
async function publish(world: World, entries: Entry[], { told, stated, at = NOW, beat = at, epoch = EPOCH, said = epoch }: Lie = {}): Promise<TokenKeys> {
  const shown = entries.filter((entry) => told?.(entry) ?? true);
  const counted = (stated === "told" ? shown : entries).filter((one) => (one.epoch ?? EPOCH) === said);
  const state = Buffer.concat([Buffer.from("tocsin.leaf/v1 token-keys\n"), dumps({ beat, epoch: said, ...(await keysHead(counted.map(raw))) })]);
  const leaves = await Promise.all([...entries.map(raw), state].map((entry) => leafHash(entry)));
  const text = `${ORIGIN}\n${leaves.length}\n${Buffer.from(await rootOf(leaves)).toString("base64")}\n`;
  const show = async (entry: Buffer, index: number) => {
    const proof = (await pathOf(index, leaves)).map((hash) => Buffer.from(hash).toString("base64"));
    return { entry: entry.toString("base64"), index, proof };
  };
  const keys = await Promise.all(shown.map((entry) => show(raw(entry), entries.indexOf(entry))));
  const checkpoint = `${text}\n${signLine(world.log, text)}${cosignLine(world.witness, text, at)}`;
  return { format: "tocsin.passport/v1", origin: ORIGIN, epoch, checkpoint, state: await show(state, entries.length), keys };
}

const told = (found: Found) => ("refused" in found ? found.refused : Buffer.from(found.key).toString());
const judged = async (world: World, entries: Entry[], lie: Lie = {}, nowS = NOW) =>
  told(await provenKey(await publish(world, entries, lie), world.trust, nowS, "confirmer", 1));
const others: Entry[] = [
  { letter: "b", role: "member" },
  { letter: "c", cohort: 2 },
];

test("the one key of a role and cohort is taken, also after a burn", async () => {
  const world = newWorld();
  assert.equal(await judged(world, [{}, ...others]), "a".repeat(32));
  assert.equal(await judged(world, [{}, ...others, { act: "remove" }, { letter: "d" }]), "d".repeat(32));
});

test("a key of one's own is refused: beside the others', in place of theirs, left out of what is told, or new at every beat", async () => {
  const world = newWorld();
  const mine = { letter: "m" };
  assert.equal(await judged(world, [{}, mine]), "several_keys");
  assert.equal(await judged(world, [{}, mine], { told: (entry) => entry === mine }), "list_incomplete");
  const swapped: Entry[] = [{}, { act: "remove" }, mine];
  assert.equal(await judged(world, swapped, { told: (entry) => entry !== mine }), "list_incomplete", "the others hear of it");
  const turning = ["p", "q", "r"].flatMap((letter): Entry[] => [{ letter }, { act: "remove", letter }]);
  assert.equal(await judged(world, [...turning, mine]), "too_many_keys");
  assert.equal(await judged(world, [{}, { act: "remove" }]), "no_key");
  assert.equal(await judged(world, others), "no_key");
});

test("an unlogged key, an old epoch, another city's key and an old list are refused", async () => {
  const world = newWorld();
  const list = await publish(world, [{}]);
  const forged = { ...list, keys: [{ ...list.keys[0]!, entry: raw({ letter: "f" }).toString("base64") }] };
  const ask = async (changed: TokenKeys, nowS = NOW) => told(await provenKey(changed, world.trust, nowS, "confirmer", 1));
  assert.equal(await ask(forged), "not_in_the_log");
  assert.equal(await ask({ ...list, state: null }), "list_incomplete");
  assert.equal(await ask({ ...list, keys: [] }), "list_incomplete");
  assert.equal(await ask({ ...list, epoch: EPOCH - 1 }), "old_epoch");
  assert.equal(await ask({} as TokenKeys), "list_malformed");
  const next = (EPOCH + 1) * EPOCH_S;
  assert.equal(await judged(world, [{}], { at: next - 60 }, next + 3600), "old_epoch", "an hour into the next week");
  assert.equal(await judged(world, [{ epoch: EPOCH - 1 }]), "list_malformed");
  assert.equal(await judged(world, [{ node: "log.example/other" }]), "list_malformed");
  const old = NOW - LIST_LIFE_S - 1;
  assert.equal(await judged(world, [{}], { at: old }), "too_old");
  assert.equal(await judged(world, [{}], { beat: NOW - 3601 }), "list_incomplete");
});

test("until a beat of a new week was seen there is a word of its own for it, and no key", async () => {
  const world = newWorld();
  const turn = (EPOCH + 1) * EPOCH_S;
  const keys = [{ epoch: EPOCH + 1 }];
  assert.equal(await judged(world, keys, { at: turn - 60, epoch: EPOCH + 1, said: EPOCH }, turn + 5), "week_young");
  assert.equal(await judged(world, [{}], { at: turn - 60 }, turn + 5), "week_young", "the phone's clock is ahead of the node's");
  assert.equal(await judged(world, keys, { at: turn + 60, epoch: EPOCH + 1 }, turn + 65), "a".repeat(32));
  assert.equal(await judged(world, keys, { at: turn + 60, epoch: EPOCH + 1, said: EPOCH - 1 }, turn + 65), "list_incomplete");
});

test("a log or a witness that is not the pinned one is refused", async () => {
  const world = newWorld();
  const list = await publish(world, [{}]);
  const ask = async (trust: World["trust"]) => told(await provenKey(list, trust, NOW, "confirmer", 1));
  assert.equal(await ask({ ...world.trust, log: newKey(ORIGIN, 1).vkey }), "not_signed_by_the_log");
  assert.equal(await ask({ ...world.trust, origin: "log.example/other" }), "other_log");
  assert.equal(await ask({ ...world.trust, witnesses: [{ vkey: newKey("witness.example", 4).vkey, outside: true }] }), "no_outside_witness");
  assert.equal(await ask({ ...world.trust, witnesses: [{ vkey: world.witness.vkey, outside: false }] }), "no_outside_witness");
});
