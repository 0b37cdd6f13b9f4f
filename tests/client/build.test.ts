import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
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
