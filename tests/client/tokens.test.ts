/** The browser's own library and code against the public known answers: RFC 9497 appendix A.1 and the draft's batches of tokens. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Bytes } from "../../client/src/crypto/bytes.ts";
import { AnswerRefused, ask, finish } from "../../client/src/crypto/tokens.ts";

interface Suite {
  readonly mode: number;
  readonly seed: string;
  readonly keyInfo: string;
  readonly skSm: string;
  readonly pkSm: string;
  readonly vectors: readonly (Record<"Input" | "Blind" | "BlindedElement" | "EvaluationElement" | "Output", string> & { readonly Proof: { readonly proof: string } })[];
}
interface Batched {
  readonly pkS: string;
  readonly token_challenge: string;
  readonly nonces: readonly string[];
  readonly blinds: readonly string[];
  readonly token_request: string;
  readonly token_response: string;
  readonly tokens: readonly string[];
}

const { voprf } = ristretto255_oprf;
const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, "hex"));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const read = <T>(path: string) => JSON.parse(readFileSync(`vectors/${path}`, "utf8")) as T;
const all = (several: string) => several.split(",").map(hex);

/** Random bytes from which the library makes this very scalar: it takes them as a number, modulo the order less one, plus one. */
function scalarBytes(scalar: string, size: number): Uint8Array {
  let left = hex(scalar).reduceRight((number, byte) => number * 256n + BigInt(byte), 0n) - 1n;
  return Uint8Array.from({ length: size }, () => {
    const byte = Number(left & 255n);
    left >>= 8n;
    return byte;
  });
}

test("keys, blinds, proofs and outputs are those of RFC 9497", () => {
  const suite = read<Suite[]>("oprf/rfc9497_ristretto255.json").find((one) => one.mode === 1)!;
  const { secretKey, publicKey } = voprf.deriveKeyPair(hex(suite.seed), hex(suite.keyInfo));
  assert.deepEqual([text(secretKey), text(publicKey)], [suite.skSm, suite.pkSm]);
  for (const one of suite.vectors) {
    const evaluated = all(one.EvaluationElement);
    const blinds = one.Blind.split(",");
    const items = all(one.Input).map((input, at) => {
      const made = voprf.blind(input, (size) => scalarBytes(blinds[at]!, size ?? 32));
      return { input, ...made, evaluated: evaluated[at]! };
    });
    assert.deepEqual(items.map(({ blinded }) => text(blinded)).join(), one.BlindedElement);
    const again = voprf.blindEvaluateBatch(secretKey, publicKey, items.map(({ blinded }) => blinded));
    assert.equal(again.evaluated.map(text).join(), one.EvaluationElement);
    for (const proof of [hex(one.Proof.proof), again.proof]) {
      assert.equal(voprf.finalizeBatch(items, publicKey, proof).map(text).join(), one.Output);
    }
  }
});

test("a phone asks for and makes the tokens of the draft, and takes no answer that is one bit off", () => {
  for (const one of read<Batched[]>("tokens/batched.json")) {
    const given = one.nonces.flatMap((nonce, at) => [() => hex(nonce), (size: number) => scalarBytes(one.blinds[at]!, size)]);
    const digest = sha256(hex(one.token_challenge)) as Bytes;
    const asked = ask(hex(one.pkS), digest, one.nonces.length, (size) => given.shift()!(size));
    assert.equal(text(asked.request), one.token_request);
    assert.deepEqual(finish(asked, hex(one.token_response)).map(text), one.tokens);
    for (const place of [0, 5, one.token_response.length / 2 - 1]) {
      const wrong = hex(one.token_response);
      wrong[place]! ^= 1;
      assert.throws(() => finish(asked, wrong), AnswerRefused);
    }
  }
});
