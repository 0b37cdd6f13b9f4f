/** An open passport on a phone that has other windows, and a network that goes. */
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { tryOne } from "../../client/src/passport/ask_passport.ts";
import { Box, ChangedElsewhere, NothingOpens, empty } from "../../client/src/passport/box.ts";
import { epochAt } from "../../client/src/passport/fetching.ts";
import { NoTokenLeft, Passport } from "../../client/src/passport/passport.ts";

const PASSPHRASE = "seven herons stood by the old canal";

/** Put a confirmer's passport of this week into the phone's box. */
async function keep(tokens: readonly string[]): Promise<void> {
  const held = {
    v: 1, role: "confirmer", cohort: 1, epoch: epochAt(Date.now()), seed: "", times: 0, isNew: false,
    tokens: { confirmer: tokens, member: [], voucher: [], "renew-confirmer": ["cmVuZXc"] }, right: { by: "renewal", proof: "" },
  };
  await (await Box.make(PASSPHRASE)).save(JSON.stringify(held));
}

/** What the node is asked from now on, each answered by the next of `answers`. */
function answering(...answers: (() => Response)[]): string[] {
  const asked: string[] = [];
  globalThis.fetch = async (_, init) => {
    asked.push(String(init?.body));
    return answers.shift()!();
  };
  return asked;
}

const away = (): never => {
  throw new TypeError("no network");
};
const refused = (code: string) => () => Response.json({ code }, { status: 409 });
const seen = () => Response.json({ role: "confirmer", cohort: 1, epoch: 2970 });

test("what another window took out or took away is never put back", async () => {
  await keep(["b25l", "dHdv"]);
  const [one, other] = [await Passport.open(PASSPHRASE), await Passport.open(PASSPHRASE)];
  await Promise.all([one.take("confirmer"), one.take("confirmer")]);
  await assert.rejects(other.take("confirmer"), ChangedElsewhere);
  assert.equal((await Passport.open(PASSPHRASE)).left("confirmer"), 0, "both are gone from the box, whichever was saved last");
  await empty();
  await assert.rejects(one.getReady([1, 2, 3]), ChangedElsewhere);
  await assert.rejects(Passport.open(PASSPHRASE), NothingOpens);
});

test("a token that was not answered, or not spent, is shown again with the same secret, and then another one", async () => {
  await keep(["b25l", "dHdv"]);
  const mine = await Passport.open(PASSPHRASE);
  const cut = () => new Response('{"role":"confir', { status: 200 });
  const asked = answering(away, cut, refused("cohort_small"), seen, refused("token_spent"));
  for (const code of ["absent", "absent", "cohort_small"]) await assert.rejects(mine.spend("confirmer", tryOne), { code });
  assert.equal((await mine.spend("confirmer", tryOne)).cohort, 1);
  assert.equal(new Set(asked).size, 1, "one token, one secret, however often it had to be asked");
  assert.equal(mine.left("confirmer"), 1);
  await assert.rejects(mine.spend("confirmer", tryOne), { code: "token_spent" });
  assert.equal(new Set(asked).size, 2);
  await assert.rejects(mine.spend("confirmer", tryOne), NoTokenLeft);
});

test("after a burning the box knows that new tokens are needed, also when it is opened again", async () => {
  await keep(["b25l", "dHdv"]);
  const mine = await Passport.open(PASSPHRASE);
  answering(refused("token_burnt"));
  await assert.rejects(mine.spend("confirmer", tryOne), { code: "token_burnt" });
  for (const one of [mine, await Passport.open(PASSPHRASE)]) {
    assert.deepEqual([one.isBurnt, one.isToRenew, one.left("confirmer")], [true, false, 0]);
  }
});

test("an answer that never comes is not waited for without end", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.fetch = (_, init) => new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
  const answer = assert.rejects(tryOne("b25l", "dHdv"), { code: "absent" });
  mock.timers.tick(60_000);
  await answer;
  mock.timers.reset();
});
