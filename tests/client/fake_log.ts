/** A log, a witness and a desk list as a node would publish them, for the tests of what a phone believes. */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { dumps, loads } from "../../client/src/crypto/canonical.ts";
import { leafHash, nodeHash } from "../../client/src/crypto/merkle.ts";
import type { DeskKeys, Trust } from "../../client/src/crypto/desk.ts";
import { rollHead } from "../../client/src/crypto/roll.ts";

export interface Key {
  readonly name: string;
  readonly kind: number;
  readonly privateKey: KeyObject;
  readonly vkey: string;
  readonly keyId: Buffer;
}

export function newKey(name: string, kind: number): Key {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.concat([Buffer.from([kind]), Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url")]);
  const keyId = createHash("sha256").update(`${name}\n`).update(raw).digest().subarray(0, 4);
  return { name, kind, privateKey, keyId, vkey: `${name}+${keyId.toString("hex")}+${raw.toString("base64")}` };
}

export function signLine(key: Key, text: string): string {
  return line(key, sign(null, Buffer.from(text), key.privateKey));
}

export function cosignLine(key: Key, text: string, at: number): string {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(at));
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${at}\n${text}`), key.privateKey);
  return line(key, Buffer.concat([time, signature]));
}

function line(key: Key, raw: Buffer): string {
  return `\u2014 ${key.name} ${Buffer.concat([key.keyId, raw]).toString("base64")}\n`;
}

export type Act = "steward-found" | "steward-add" | "steward-remove" | "desk-add" | "desk-remove" | "alert-desk-add" | "alert-desk-remove";

/** A steward of a trial: an Ed25519 key under a pseudonym. */
export interface Steward {
  readonly name: string;
  readonly key: string;
  readonly privateKey: KeyObject;
}

export function newSteward(name: string): Steward {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { name, key: Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url").toString("base64"), privateKey };
}

/** A change of the roll. Without `by` the world's two stewards sign. `raw` stands for an entry made by hand. */
export interface Change {
  act?: Act;
  age?: string;
  name?: string;
  steward?: Steward;
  by?: readonly Steward[];
  node?: string;
  since?: number | null;
  raw?: Buffer;
}

export interface World {
  log: Key;
  witness: Key;
  trust: Trust;
  stewards: readonly [Steward, Steward];
  /** Its entries do not change when it is published again. */
  founding: Buffer;
}

export const ORIGIN = "log.example/city";

export function newWorld(): World {
  const log = newKey(ORIGIN, 1);
  const witness = newKey("witness.example", 4);
  const witnesses = [{ vkey: witness.vkey, outside: true }];
  const stewards = [newSteward("Wren"), newSteward("Kestrel")] as const;
  const founding = entryOf({ stewards } as unknown as World, { act: "steward-found" });
  return { log, witness, trust: { log: log.vkey, origin: ORIGIN, witnesses }, stewards, founding };
}

/** The log entry of a change, signed. */
export function entryOf(world: World, { act = "desk-add", age, name = "A", steward, by = world.stewards, node = ORIGIN, raw }: Change): Buffer {
  if (raw) return raw;
  const one = { custodian: "", key: steward?.key ?? age ?? "", name: steward?.name ?? name };
  const keys = act === "steward-found" ? world.stewards.map((who) => ({ custodian: "", key: who.key, name: who.name })) : [one];
  const salt = randomBytes(32).toString("base64url");
  const statement = dumps({ act, day: 20_833, keys, node, salt });
  const signatures = by.map(({ key, privateKey }, i) => {
    const label = ["propose", "confirm"][i]!;
    const message = Buffer.concat([Buffer.from(`tocsin.steward/v1 ${label}\n`), statement]);
    return { key, signature: sign(null, message, privateKey).toString("base64") };
  });
  const line = act.startsWith("steward") ? "steward-key" : "desk-key";
  const body = dumps({ signatures, statement: loads(statement) });
  return Buffer.concat([Buffer.from(`tocsin.leaf/v2 ${line}\n`), body]);
}

/** A lawyer's recipient of a trial; nobody has its identity. */
export function age(letter: string): string {
  return `age1${letter.repeat(58)}`;
}

/**
 * A list of two founders and `changes`, in a tree of exactly them and what the beat says of them, signed by `world`'s log and cosigned by its
 * witness at `seenAt`; each change says that it was first seen at `since`, two days earlier where nothing else is said. `told`: what the node
 * shows of its entries, all where nothing else is said; `stated`: what it claims to be all.
 */
export async function publish(world: World, changes: Change[], seenAt: number, since = seenAt - 2 * 24 * 3600, how: How = {}): Promise<DeskKeys> {
  const founding: Change = { raw: world.founding };
  const all = how.isFounded === false ? changes : [founding, ...changes];
  const raw = all.map((change) => entryOf(world, change));
  const told = raw.filter((_, i) => how.told?.(all[i]!) ?? true);
  const state = Buffer.concat([Buffer.from("tocsin.leaf/v1 roll\n"), dumps({ beat: how.beat ?? seenAt, ...(await rollHead(how.stated === "told" ? told : raw)) })]);
  const leaves = await Promise.all([...raw, state].map((entry) => leafHash(entry)));
  const root = await rootOf(leaves);
  const text = `${ORIGIN}\n${leaves.length}\n${Buffer.from(root).toString("base64")}\n`;
  const seen = (at: number) => `${text}\n${signLine(world.log, text)}${cosignLine(world.witness, text, at)}`;
  const show = async (entry: Buffer, index: number) => {
    const proof = (await pathOf(index, leaves)).map((hash) => Buffer.from(hash).toString("base64"));
    return { entry: entry.toString("base64"), index, proof };
  };
  const roll = [];
  for (const [index, entry] of raw.entries()) {
    if (!told.includes(entry)) continue;
    const shown = await show(entry, index);
    const at = all[index]!.since === undefined ? since : all[index]!.since;
    roll.push({ ...shown, since: at === null ? null : { checkpoint: seen(at!), proof: shown.proof } });
  }
  return { format: "tocsin.desk/v2", origin: ORIGIN, desk: "legal", checkpoint: seen(seenAt), state: await show(state, raw.length), roll };
}

export interface How {
  told?: (change: Change) => boolean;
  stated?: "told";
  beat?: number;
  isFounded?: boolean;
}

export async function rootOf(leaves: Uint8Array[]): Promise<Uint8Array> {
  if (leaves.length === 1) return leaves[0]!;
  const cut = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return nodeHash(await rootOf(leaves.slice(0, cut)), await rootOf(leaves.slice(cut)));
}

export async function pathOf(index: number, leaves: Uint8Array[]): Promise<Uint8Array[]> {
  if (leaves.length === 1) return [];
  const cut = 2 ** Math.floor(Math.log2(leaves.length - 1));
  const [left, right] = [leaves.slice(0, cut), leaves.slice(cut)];
  if (index < cut) return [...(await pathOf(index, left)), await rootOf(right)];
  return [...(await pathOf(index - cut, right)), await rootOf(left)];
}
