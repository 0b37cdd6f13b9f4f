/** A log, a witness and a desk list as a node would publish them, for the tests of what a phone believes. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { dumps } from "../../client/src/crypto/canonical.ts";
import { leafHash, nodeHash } from "../../client/src/crypto/merkle.ts";
import type { DeskKeys, Trust } from "../../client/src/crypto/desk.ts";

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

export interface Listed {
  act?: "add" | "remove";
  age: string;
  name?: string;
  notBefore?: number;
}

export interface World {
  log: Key;
  witness: Key;
  trust: Trust;
}

export const ORIGIN = "log.example/city";

export function newWorld(): World {
  const log = newKey(ORIGIN, 1);
  const witness = newKey("witness.example", 4);
  const witnesses = [{ vkey: witness.vkey, outside: true }];
  return { log, witness, trust: { log: log.vkey, origin: ORIGIN, witnesses } };
}

/**
 * A list of `entries`, in a tree of exactly them, signed by `world`'s log and cosigned by its witness at `seenAt`; each key says that it was
 * first seen at `since`, two days earlier where nothing else is said.
 */
export async function publish(world: World, entries: Listed[], seenAt: number, since = seenAt - 2 * 24 * 3600): Promise<DeskKeys> {
  const raw = entries.map(({ act = "add", age, name = "A", notBefore = 0 }) => {
    const body = dumps({ act, age, custodian: "AAAA", desk: "legal", name, not_before: notBefore });
    return Buffer.concat([Buffer.from("tocsin.leaf/v1 desk-key\n"), body]);
  });
  const leaves = await Promise.all(raw.map((entry) => leafHash(entry)));
  const root = await rootOf(leaves);
  const text = `${ORIGIN}\n${leaves.length}\n${Buffer.from(root).toString("base64")}\n`;
  const seen = (at: number) => `${text}\n${signLine(world.log, text)}${cosignLine(world.witness, text, at)}`;
  const keys = await Promise.all(
    raw.map(async (entry, index) => {
      const proof = (await pathOf(index, leaves)).map((hash) => Buffer.from(hash).toString("base64url"));
      return { entry: entry.toString("base64url"), index, proof, since: { checkpoint: seen(since), proof } };
    }),
  );
  return { origin: ORIGIN, desk: "legal", keys, checkpoint: seen(seenAt) };
}

async function rootOf(leaves: Uint8Array[]): Promise<Uint8Array> {
  if (leaves.length === 1) return leaves[0]!;
  const cut = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return nodeHash(await rootOf(leaves.slice(0, cut)), await rootOf(leaves.slice(cut)));
}

async function pathOf(index: number, leaves: Uint8Array[]): Promise<Uint8Array[]> {
  if (leaves.length === 1) return [];
  const cut = 2 ** Math.floor(Math.log2(leaves.length - 1));
  const [left, right] = [leaves.slice(0, cut), leaves.slice(cut)];
  if (index < cut) return [...(await pathOf(index, left)), await rootOf(right)];
  return [...(await pathOf(index - cut, right)), await rootOf(left)];
}
