/** The known answers that the Python side reads too. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { utf8, type Bytes } from "../../client/src/crypto/bytes.ts";
import { CanonicalError, dumps, loads } from "../../client/src/crypto/canonical.ts";
import { identityOf, recipientOf } from "../../client/src/crypto/envelope.ts";
import { HalvesWrong, joinHalves } from "../../client/src/crypto/halves.ts";
import { padded } from "../../client/src/crypto/padding.ts";
import { parseChunk, parseHeader, Reader, StreamError, Writer, type Inner } from "../../client/src/crypto/stream.ts";

const VECTORS = new URL("../../vectors/", import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, VECTORS), "utf8"));
const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, "hex"));

interface Told {
  type: number;
  monotonic_ms: number;
  body: string;
}

const RECORDINGS = readdirSync(new URL("recording/", VECTORS));

test("there is a vector for each defect", () => assert.ok(RECORDINGS.length >= 14));

for (const name of RECORDINGS) {
  test(`recording/${name} is opened or refused as it says`, async () => {
    const vector = read(`recording/${name}`);
    const opened: Inner[] = [];
    let refusal = "ok";
    try {
      const reader = await Reader.begin(hex(vector.rk), await parseHeader(hex(vector.header)));
      for (const raw of vector.chunks) opened.push(await reader.open(await parseChunk(hex(raw))));
    } catch (error) {
      refusal = (error as StreamError).code;
    }
    assert.deepEqual([refusal, opened.length], [vector.expect, vector.at]);
    const told = (vector.inners as Told[]).map((inner) => ({ type: inner.type, monotonicMs: inner.monotonic_ms, body: hex(inner.body) }));
    assert.deepEqual(opened, told.slice(0, opened.length));
  });
}

test("canonical values have the text of the vectors, both ways", () => {
  for (const [value, text] of read("canonical/accepted.json").cases) {
    assert.equal(Buffer.from(dumps(value)).toString(), text);
    assert.deepEqual(loads(utf8(text)), value);
  }
});

test("any other spelling is refused", () => {
  for (const text of read("canonical/refused.json").cases) assert.throws(() => loads(utf8(text)), CanonicalError, text);
});

test("keys are sorted by code point, not by UTF-16 unit", () => {
  assert.equal(Buffer.from(dumps({ "\u{10000}": 1, "\uffff": 2 })).toString(), '{"\uffff":2,"\u{10000}":1}');
});

test("padding gives the classes of the vectors", () => {
  for (const [size, class_] of read("padding/padded.json").cases) assert.equal(padded(size), class_);
});

test("a seed has the age identity and recipient of the vector", async () => {
  const vector = read("words/age_key.json");
  assert.equal(identityOf(hex(vector.seed)), vector.identity);
  assert.equal(await recipientOf(vector.identity), vector.recipient);
});

/** The randomness of the vectors: SHA-256 of a name and a count (tests/crypto/counted_clock.py). */
const counted = (count: number): Bytes => {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(count));
  return new Uint8Array(createHash("sha256").update("recording").update(place).digest());
};

test("the writer gives the chunks of the vector, byte for byte", async () => {
  const vector = read("recording/honest.json");
  const fixed = { recordingId: counted(1).slice(0, 16), salt: counted(2).slice(0, 24), signingSeed: counted(3) };
  const writer = await Writer.begin(counted(0), fixed);
  assert.deepEqual(writer.header, hex(vector.header));
  assert.deepEqual(writer.custodyPublic, hex(vector.custody_public));
  assert.deepEqual(writer.ownerDigest, hex(vector.owner_digest));
  for (const [place, inner] of (vector.inners as Told[]).entries()) {
    const sealed = await writer.seal(inner.type as 1, inner.monotonic_ms, hex(inner.body), place === 3);
    assert.equal(Buffer.from(sealed.bytes).toString("hex"), vector.chunks[place]);
  }
});

test("any two of a secret's parts give it back, one and the same do not", () => {
  const { secret, parts } = read("halves/five_parts.json") as { secret: string; parts: string[] };
  for (const one of parts) {
    for (const other of parts) {
      if (one === other) assert.throws(() => joinHalves(hex(one), hex(other)), HalvesWrong);
      else assert.equal(Buffer.from(joinHalves(hex(one), hex(other))).toString("hex"), secret);
    }
  }
  assert.throws(() => joinHalves(hex(parts[0]!), hex(parts[1]!).subarray(1)), HalvesWrong);
});
