/** The slow lane's proof of work, as the node checks it. */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { work } from "../../client/src/passport/work.ts";

test("the work of a ticket is the least number that is enough", async () => {
  const known = JSON.parse(readFileSync("vectors/passport/work.json", "utf8")) as { ticket: string; bits: number; work: string };
  let rests = 0;
  const done = await work(known.ticket, known.bits, async () => void rests++);
  assert.equal(done, known.work);
  assert.equal(rests, Math.floor(Number(known.work) / 2000));
});
