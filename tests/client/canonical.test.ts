import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CanonicalError, dumps, loads, type Value } from "../../client/src/crypto/canonical.ts";

const text = fc.string({ unit: "binary" });
const leaf = fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeInteger(), text);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie("value"), { maxLength: 4 }), fc.dictionary(text, tie("value"), { maxKeys: 4 })) as fc.Arbitrary<Value>,
}));

test("what is written is read again, and written again is the same", () => {
  fc.assert(
    fc.property(value, (one) => {
      const raw = dumps(one);
      assert.deepEqual(dumps(loads(raw)), raw);
    }),
  );
});

test("half a character, a fraction and a number nobody can hold are refused", () => {
  for (const wrong of ["\ud800", "a\udc00", { "\udfff": 1 }, 0.5, 2 ** 53 + 2, Number.NaN]) {
    assert.throws(() => dumps(wrong), CanonicalError);
  }
  assert.equal(Buffer.from(dumps("\u{1f514}")).toString(), '"\u{1f514}"');
});
