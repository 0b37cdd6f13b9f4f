/** The parts of a package's making that need no recording: keys, zips, proofs, decisions, and stopping. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { join, utf8, type Bytes } from "../../client/src/crypto/bytes.ts";
import { isConsistent, isIncluded, leafHash, nodeHash } from "../../client/src/crypto/merkle.ts";
import { seedInPem } from "../../client/src/desk/package/custodian.ts";
import type { LogSource } from "../../client/src/desk/package/log_source.ts";
import { timestampName } from "../../client/src/desk/package/by_hand.ts";
import { plain, span, utc } from "../../client/src/desk/package/text.ts";
import { Tree } from "../../client/src/desk/package/tree.ts";
import { Withholding } from "../../client/src/desk/package/withholding.ts";
import { Archive } from "../../client/src/desk/package/zip.ts";

test("a custodian's key is read from PEM, and nothing else is", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const seed = Buffer.from(privateKey.export({ format: "jwk" }).d!, "base64url");
  assert.deepEqual([...seedInPem(`# a note\n${pem}`)!], [...seed]);
  const sealed = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" }) as string;
  const other = generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  for (const wrong of ["", "AGE-SECRET-KEY-1", sealed, other, pem.replace("MC4", "MC5")]) assert.equal(seedInPem(wrong), undefined);
});

test("a member that is not what was announced stops the writing", async () => {
  const written = async (content: Bytes): Promise<void> => {
    for await (const _ of new Archive().member("a.txt", 3, 0x352441c2, [content]));
  };
  await written(utf8("abc"));
  await assert.rejects(written(utf8("abd")));
  await assert.rejects(written(utf8("abcd")));
});

test("proofs that are computed from tiles hold, at every size and place of a tree of two levels of tiles", async () => {
  const leaves = await Promise.all(Array.from({ length: 700 }, (_, i) => leafHash(utf8(`entry ${i}`))));
  const root = async (hashes: Bytes[]): Promise<Bytes> => {
    if (hashes.length === 1) return hashes[0]!;
    const half = 2 ** Math.ceil(Math.log2(hashes.length) - 1);
    return nodeHash(await root(hashes.slice(0, half)), await root(hashes.slice(half)));
  };
  const source: LogSource = {
    keys: async () => ({ log: null, receipts: [], witnesses: [] }),
    async file(name) {
      const [, level, where] = /^tile\/([0-9]+)\/([0-9]{3})/.exec(name)!.map(Number) as [number, number, number];
      const width = Number(/\.p\/([0-9]+)$/.exec(name)?.[1] ?? 256);
      const hashes = level === 0 ? leaves : await Promise.all([0, 256].map((at) => root(leaves.slice(at, at + 256))));
      return join(...hashes.slice(where * 256, where * 256 + width));
    },
  };
  for (const size of [1, 2, 255, 256, 257, 512, 700]) {
    const [tree, head] = [new Tree(source, size), await root(leaves.slice(0, size))];
    for (const index of new Set([0, 1, 254, 256, 300, size - 1].filter((one) => one < size))) {
      assert.ok(await isIncluded(leaves[index]!, index, size, await tree.inclusion(index), head), `${index} of ${size}`);
    }
    for (const old of [1, 255, 256, 300].filter((one) => one < size)) {
      assert.ok(await isConsistent(old, size, await tree.consistency(old), await root(leaves.slice(0, old)), head), `${old} to ${size}`);
    }
  }
});

test("what was being recorded when a talk ended goes with it, and a talk too long after its end is refused", () => {
  const talk = new Withholding(new Map([[1, "mute"]]));
  const call = (seq: number, at: number, which: string): boolean => talk.takes(4, seq, at, { call: which });
  const media = (seq: number, at: number): boolean => talk.takes(1, seq, at, undefined);
  const told = [media(1, 1000), call(2, 1500, "begin"), media(3, 2000), call(4, 2500, "end"), media(5, 3000), media(6, 3000), media(7, 4000), media(8, 5000)];
  assert.deepEqual(told, [false, false, true, false, true, true, true, false]);
  const late = new Withholding(new Map([[1, "mute"]]));
  late.takes(4, 0, 0, { call: "begin" });
  late.takes(4, 1, 1, { call: "end" });
  for (let seq = 2; seq < 18; seq++) assert.ok(late.takes(1, seq, 5000, undefined));
  assert.throws(() => late.takes(1, 18, 5000, undefined), { code: "call_entangled" });
});

test("texts of a node cannot act on a page or a terminal, and names of authorities are plain", () => {
  assert.equal(plain("a\u001b[2Jb\u202ec\u00a0d e"), "a[2Jbcd e");
  assert.equal(plain(undefined), "not stated");
  assert.equal(timestampName(64, "Zeit & Co. \u00e9"), "64-Zeit---Co.tsr");
  assert.deepEqual([utc(undefined), utc(1_800_000_000), span(3_723_900)], ["-", "2027-01-15 08:00:00 UTC", "1:02:03"]);
});
