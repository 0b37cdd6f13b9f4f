/** The other side of `test_tokens.py`: a browser's code asks, finishes and evaluates, one JSON line for each question. */
import { createInterface } from "node:readline";
import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import { ask, finish, type Asked } from "../../client/src/crypto/tokens.ts";
import type { Bytes } from "../../client/src/crypto/bytes.ts";

const { voprf } = ristretto255_oprf;
const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, "hex"));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
let asked: Asked;

const VERBS: Record<string, (told: any) => unknown> = {
  ask: ({ key, digest, count }) => {
    asked = ask(hex(key), hex(digest), count);
    return text(asked.request);
  },
  finish: ({ answer }) => {
    try {
      return finish(asked, hex(answer)).map(text);
    } catch (error) {
      return (error as Error).message;
    }
  },
  derive: ({ seed, info }) => {
    const { secretKey, publicKey } = voprf.deriveKeyPair(hex(seed), hex(info));
    return [text(secretKey), text(publicKey)];
  },
  known: ({ secret, inputs }) => inputs.map((one: string) => text(voprf.evaluate(hex(secret), hex(one)))),
  evaluate: ({ secret, key, blinded }) => {
    const { evaluated, proof } = voprf.blindEvaluateBatch(hex(secret), hex(key), blinded.map(hex));
    return { elements: evaluated.map(text), proof: text(proof) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line);
  console.log(JSON.stringify(VERBS[told.verb]!(told)));
}
