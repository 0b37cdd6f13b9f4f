import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
// @ts-expect-error the build script is plain JavaScript
import { build } from "../../client/build.mjs";

test("two builds give the same bytes, and the manifest names them", async () => {
  const [first, second] = [await build(), await build()];
  assert.deepEqual([...first.outputs.keys()], [...second.outputs.keys()]);
  for (const [name, bytes] of first.outputs) {
    assert.ok(bytes.equals(second.outputs.get(name)), name);
    assert.equal(first.manifest.files[name].sha256, createHash("sha256").update(bytes).digest("hex"));
  }
  assert.deepEqual(first.manifest, second.manifest);
});

/** A built file and every file it imports before it runs. */
function closure(name: string, outputs: Map<string, Buffer>, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, wanted] of outputs.get(name)!.toString().matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g)) closure(wanted!, outputs, seen);
  return seen;
}

const zipped = (names: Iterable<string>, outputs: Map<string, Buffer>) =>
  [...names].reduce((sum, name) => sum + gzipSync(outputs.get(name)!, { level: 9 }).length, 0);

test("a recording loads at most 48 kB of script, and neither words, fallbacks nor verifier", async () => {
  const { outputs, manifest } = await build();
  const files = outputs as Map<string, Buffer>;
  const recorder = [...files.keys()].find((name) => name.endsWith(".js") && /prompt_unanswered[^]*Recorder|Recorder[^]*prompt_unanswered/.test(files.get(name)!.toString()));
  const loaded = new Set([...manifest.entries.first.loads, ...closure(recorder!, files)]);
  assert.ok(zipped(loaded, files) <= 48 * 1024, `${zipped(loaded, files)} bytes`);
  const text = [...loaded].map((name) => files.get(name)!.toString()).join("");
  assert.ok(!text.includes("zebra"), "the word list is lazy");
  assert.ok(!text.includes("AGFzbQ"), "WebAssembly is lazy");
  assert.ok(!/edwards|Edwards/.test(text), "the Ed25519 fallback is lazy");
});
