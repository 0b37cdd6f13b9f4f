import assert from "node:assert/strict";
import { test } from "node:test";
import { derive, draw, readWords, typedWords, wordList, WordsWrong } from "../../client/src/crypto/words.ts";
import { openWith, recipientOf, sealTo } from "../../client/src/crypto/envelope.ts";
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { createHash } from "node:crypto";

function* oneAway(word: string): Generator<string> {
  const letters = "abcdefghijklmnopqrstuvwxyz";
  for (let i = 0; i <= word.length; i++) {
    for (const letter of letters) {
      yield word.slice(0, i) + letter + word.slice(i);
      yield word.slice(0, i) + letter + word.slice(i + 1);
    }
    yield word.slice(0, i) + word.slice(i + 1);
    yield word.slice(0, i) + word.slice(i + 1, i + 2) + word.slice(i, i + 1) + word.slice(i + 2);
  }
}

test("the list has 2,048 words in order that four letters tell apart and that no single slip turns into another", async () => {
  const words = await wordList();
  const known = new Set(words);
  assert.equal(known.size, 2048);
  assert.deepEqual([...words].sort(), words);
  assert.equal(new Set(words.map((word) => word.slice(0, 4))).size, 2048);
  for (const word of words) {
    assert.match(word, /^[a-z]{4,8}$/);
    for (const slip of oneAway(word)) assert.ok(slip === word || !known.has(slip), `${word} and ${slip}`);
  }
});

test("seven words are drawn from the whole list", async () => {
  const words = await wordList();
  const drawn = await Promise.all(Array.from({ length: 300 }, draw));
  assert.ok(drawn.every((seven) => seven.length === 7 && seven.every((word) => words.includes(word))));
  assert.ok(new Set(drawn.flat()).size > 1000);
});

test("words are read in any case and spacing, and others are refused", async () => {
  const seven = await draw();
  assert.deepEqual(await readWords(`  ${seven.join("  ").toUpperCase()}\n`), seven);
  for (const wrong of ["", seven.slice(1).join(" "), `${seven.slice(1).join(" ")} zzzz`]) {
    await assert.rejects(readWords(wrong), WordsWrong);
  }
});

test("words are read off a numbered sheet as a hand or a keyboard writes them", () => {
  const [first, ...others] = "abandon orbit velvet ranch dilemma copper zebra".split(" ");
  for (const text of [`1. Ábandon, 2. ${others.join(" 3) ")}.`, [first, ...others].join("-"), [first, ...others].join("\n")]) {
    assert.deepEqual(typedWords(text), [first, ...others]);
  }
});

test("both implementations of Argon2id derive the same, and the identity opens what was sealed to it", async () => {
  const seven = (await wordList()).slice(0, 7);
  const { identity, locator } = await derive(seven);
  const salt = createHash("sha256").update("tocsin.words/v1").digest().subarray(0, 16);
  const other = await argon2idAsync(seven.join(" "), salt, { t: 3, m: 65536, p: 1, dkLen: 64 });
  assert.deepEqual(locator, new Uint8Array(other.slice(32)));
  const sealed = await sealTo([await recipientOf(identity)], new Uint8Array([7]));
  assert.deepEqual(await openWith(identity, sealed), new Uint8Array([7]));
});
