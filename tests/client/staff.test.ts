/** Keys of staff: sealed and proven as docs/spec/staff.md says, and how strong a passphrase is said to be. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { join, type Bytes } from "../../client/src/crypto/bytes.ts";
import { recipientOf } from "../../client/src/crypto/envelope.ts";
import { wordList } from "../../client/src/crypto/words.ts";
import { ageIdentity, newKeys, open, proving, seal, SealWrong, stretch, stretchWords } from "../../client/src/staff/sealing.ts";
import { confirm, fingerprint, made, propose, read as readStatement, StatementWrong, type Statement } from "../../client/src/staff/statement.ts";
import { isEnough, strengthOf } from "../../client/src/staff/strength.ts";

const VECTORS = new URL("../../vectors/staff/", import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, VECTORS), "utf8"));
const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, "hex"));

for (const name of ["passkey", "passphrase", "sheet"]) {
  test(`${name}: sealed keys, recipient and proving key are the known ones`, async () => {
    const told = read(name);
    const [secret, staff] = [hex(told.secret), hex(told.staff)];
    const keys = { identity: hex(told.keys).slice(0, 32), signing: hex(told.keys).slice(32) };
    assert.deepEqual(await seal(secret, staff, keys, hex(told.nonce)), hex(told.sealed));
    assert.deepEqual(await open(secret, staff, hex(told.sealed)), keys);
    assert.deepEqual((await proving(secret)).publicKey, hex(told.proving));
    assert.equal(ageIdentity(keys), told.identity);
    assert.equal(await recipientOf(ageIdentity(keys)), told.recipient);
  });
}

test("a passphrase and a sheet are stretched as the known answers are", async () => {
  const [typed, sheet] = [read("passphrase"), read("sheet")];
  assert.deepEqual(await stretch(typed.passphrase.normalize("NFD"), hex(typed.salt)), hex(typed.secret));
  assert.deepEqual(await stretchWords(sheet.words), hex(sheet.secret));
});

test("another secret, another person, another bit, another version: nothing opens", async () => {
  const told = read("passkey");
  const [secret, staff, sealed] = [hex(told.secret), hex(told.staff), hex(told.sealed)];
  const flip = (bytes: Bytes, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)) as Bytes;
  for (const [a, b, c] of [
    [flip(secret, 0), staff, sealed],
    [secret, flip(staff, 15), sealed],
    [secret, staff, flip(sealed, 92)],
    [secret, staff, flip(sealed, 0)],
    [secret, staff, sealed.slice(0, 40)],
  ] as const) {
    await assert.rejects(open(a, b, c), SealWrong);
  }
});

test("the same keys are sealed differently each time", async () => {
  const [secret, staff, keys] = [new Uint8Array(32), new Uint8Array(16), newKeys()];
  const sealed = [await seal(secret, staff, keys), await seal(secret, staff, keys)];
  assert.notDeepEqual(sealed[0], sealed[1]);
  assert.equal(sealed[0]!.length, join(sealed[0]!).length);
});

test("strength is told carefully: length counts, repetition and runs do not", async () => {
  const words = await wordList();
  const list = new Set(words);
  const said: Record<string, string> = {
    "": "days",
    "correct horse": "days",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": "days",
    "abcdefghijklmnopqrstuvwxyz0123456789": "days",
    "abcabcabcabcabcabcabcabcabcabcabcabcabc": "days",
    "the cat sat on the mat": "years",
    [words.slice(5, 9).join(" ")]: "long",
    [words.filter((_, at) => at % 300 === 0).join(" ")]: "longest",
  };
  for (const [passphrase, wanted] of Object.entries(said)) assert.equal(strengthOf(passphrase, list), wanted, passphrase);
  assert.ok(isEnough("long") && !isEnough("years"));
});

test("two stewards' signatures are those of the known answer, and one steward's twice are refused", async () => {
  const told = JSON.parse(readFileSync(new URL("../stewards/hold.json", VECTORS), "utf8"));
  const statement = JSON.parse(told.statement) as Statement;
  const [first, second] = told.seeds.map(hex) as [Bytes, Bytes];
  const proposed = await propose(statement, first);
  const signed = readStatement(proposed, statement.node);
  assert.equal(await confirm(signed, second), told.signed);
  await assert.rejects(confirm(signed, first), StatementWrong);
  assert.throws(() => readStatement(proposed, "another.example/log"), StatementWrong);
  assert.throws(() => readStatement(proposed.replace("{", "{ "), statement.node), StatementWrong);
});

test("a statement has the fields of its kind, and a key its seven words", async () => {
  const key = { key: "age1x", name: "Wren", custodian: "" };
  assert.deepEqual(Object.keys(made("desk-add", { keys: [key] }, "n", 86_400_000 * 3)).sort(), ["act", "day", "keys", "node", "salt"]);
  const hold = made("hold", { recording: "r", reason: "subpoena" }, "n", 86_400_000 * 3);
  assert.deepEqual({ ...hold, salt: "" }, { act: "hold", day: 3, days: {}, node: "n", number: 0, reason: "subpoena", recording: "r", salt: "" });
  const words = (await fingerprint(key)).split(" ");
  assert.equal(words.length, 7);
  assert.notDeepEqual(words, (await fingerprint({ ...key, custodian: "other" })).split(" "));
});
