import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { randomBytes } from "../../client/src/crypto/bytes.ts";
import { parseChunk, parseHeader, Reader, StreamError, TYPE, Writer } from "../../client/src/crypto/stream.ts";

const rk = () => randomBytes(32);

async function reading(key: Uint8Array<ArrayBuffer>, writer: Writer): Promise<Reader> {
  return Reader.begin(key, await parseHeader(writer.header));
}

test("what was sealed is opened, byte for byte, with its type and time", async () => {
  const bodies = fc.array(fc.tuple(fc.constantFrom(1, 2, 3, 4, 6), fc.nat(), fc.uint8Array({ maxLength: 5000 })), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(bodies, async (seconds) => {
      const key = rk();
      const writer = await Writer.begin(key);
      const reader = await reading(key, writer);
      for (const [type, at, body] of seconds) {
        const sealed = await writer.seal(type as 1, at, body);
        const inner = await reader.open(await parseChunk(sealed.bytes));
        assert.deepEqual(inner, { type, monotonicMs: at, body: new Uint8Array(body) });
      }
    }),
    { numRuns: 25 },
  );
});

test("any flipped bit of a chunk is refused", async () => {
  const key = rk();
  const writer = await Writer.begin(key);
  const { bytes } = await writer.seal(TYPE.media, 0, randomBytes(40));
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
      const changed = bytes.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const reader = await reading(key, writer);
      await assert.rejects(async () => reader.open(await parseChunk(changed)), StreamError);
    }),
    { numRuns: 60 },
  );
});

test("a dropped writer seals nothing and keeps no key", async () => {
  const writer = await Writer.begin(rk());
  await writer.seal(TYPE.media, 0, randomBytes(3));
  writer.drop();
  await assert.rejects(writer.seal(TYPE.media, 1, randomBytes(3)), { code: "writer_closed" });
});

test("drop in the middle of a seal never yields a chunk under another nonce", async () => {
  for (let waits = 0; waits < 12; waits++) {
    const key = rk();
    const writer = await Writer.begin(key);
    const reader = await reading(key, writer);
    const sealing = writer.seal(TYPE.media, 0, randomBytes(3)).catch((error: StreamError) => error);
    for (let i = 0; i < waits; i++) await new Promise((resolve) => setImmediate(resolve));
    writer.drop();
    const sealed = await sealing;
    if (!(sealed instanceof Error)) await reader.open(await parseChunk(sealed.bytes));
  }
});

test("calls made together are sealed in the order of the calls, and nothing follows the last", async () => {
  const writer = await Writer.begin(rk());
  const sealed = await Promise.all([0, 1, 2, 3].map((n) => writer.seal(TYPE.media, n, randomBytes(9), n === 3)));
  assert.deepEqual(sealed.map((one) => one.seq), [0, 1, 2, 3]);
  assert.equal((await parseChunk(sealed[3]!.bytes)).isFinal, true);
  await assert.rejects(writer.seal(TYPE.media, 4, randomBytes(1)), { code: "writer_closed" });
});

test("another recording's key is refused before anything is opened", async () => {
  const writer = await Writer.begin(rk());
  await assert.rejects(reading(rk(), writer), { code: "commitment_wrong" });
});
