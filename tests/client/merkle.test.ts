import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isConsistent, isIncluded } from "../../client/src/crypto/merkle.ts";

interface Case {
  leafIdx?: number;
  treeSize?: number;
  root?: string;
  leafHash?: string;
  size1?: number;
  size2?: number;
  root1?: string;
  root2?: string;
  proof: string[] | null;
  wantErr: boolean;
}

const cases: Record<string, Case> = JSON.parse(readFileSync(new URL("../../vectors/merkle/proofs.json", import.meta.url), "utf8"));
const bytes = (text = "") => new Uint8Array(Buffer.from(text, "base64"));

test("every public proof is accepted or refused as its vector says", async () => {
  for (const [name, told] of Object.entries(cases)) {
    const proof = (told.proof ?? []).map(bytes);
    const isGood =
      told.leafIdx === undefined
        ? await isConsistent(told.size1!, told.size2!, proof, bytes(told.root1), bytes(told.root2))
        : await isIncluded(bytes(told.leafHash), told.leafIdx, told.treeSize!, proof, bytes(told.root));
    assert.equal(isGood, !told.wantErr, name);
  }
});
