/**
 * Fetch a week's tokens: keys that are everybody's, the same number for each role, blinded afresh but for the renewal token, which the owner's
 * words can name again. What is asked is kept before it is sent: a phone that loses the network in the middle asks the same again.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { base64url, fromBase64url, join, randomBytes, utf8, type Bytes } from "../crypto/bytes.ts";
import type { LogTrust } from "../crypto/seen.ts";
import { ask, finish, type Asked } from "../crypto/tokens.ts";
import * as node from "./ask_passport.ts";
import { EPOCH_S, provenKey, type Acting, type KeysRefusal, type Role } from "./keys.ts";
import { renewalRandom } from "./seeds.ts";

/** Tokens of a week by the role that holds them (docs/spec/passport.md). */
export const SETS: Readonly<Record<Acting, readonly (readonly [Role, number])[]>> = {
  member: [["member", 64], ["voucher", 5], ["renew-member", 1]],
  confirmer: [["member", 32], ["confirmer", 32], ["voucher", 5], ["renew-confirmer", 1]],
  helper: [["member", 32], ["helper", 32], ["voucher", 5], ["renew-helper", 1]],
};

/** The node shows keys that are not to be believed. `why` says in a word what is wrong. */
export class KeysDoubted extends Error {
  readonly why: KeysRefusal;

  constructor(why: KeysRefusal) {
    super(why);
    this.why = why;
  }

  /** Whether the next beats may bring what is missing: a week has just begun, a role was just burnt, a node has just come back. */
  get isYoung(): boolean {
    return this.why === "week_young" || this.why === "no_key" || this.why === "too_old";
  }
}

/** A batch that was or will be sent; everything in base64url. */
interface Kept {
  readonly role: Role;
  readonly publicKey: string;
  readonly request: string;
  readonly items: readonly (readonly [input: string, blind: string, blinded: string])[];
}

/** A request as a box keeps it until it is answered. */
export interface Pending {
  readonly by: node.Issue["by"];
  readonly proof: string;
  readonly secret: string;
  readonly epoch: number;
  readonly kept: readonly Kept[];
}

export type Tokens = Partial<Record<Role, readonly string[]>>;

export function epochAt(ms: number): number {
  return Math.floor(ms / 1000 / EPOCH_S);
}

/** Prepare a request for `wanted` batches. Rejects with `KeysDoubted`, `Refused`. */
export async function prepare(
  right: Pick<Pending, "by" | "proof">,
  wanted: readonly (readonly [Role, number])[],
  { trust, cohort, seed, times }: { trust: LogTrust; cohort: number; seed: Bytes; times: number },
): Promise<Pending> {
  const list = await node.keys();
  const digest = challengeDigest(trust.origin);
  const kept: Kept[] = [];
  for (const [role, count] of wanted) {
    const found = await provenKey(list, trust, Date.now() / 1000, role, cohort);
    if ("refused" in found) throw new KeysDoubted(found.refused);
    const random = role.startsWith("renew-") ? await renewalRandom(seed, times) : randomBytes;
    kept.push(keep(role, ask(found.key, digest, count, random)));
  }
  return { ...right, secret: base64url(randomBytes(32)), epoch: list.epoch, kept };
}

/** Send what was prepared; the tokens by role. Rejects with `Refused`, and `AnswerRefused` where the node answered with another key. */
export async function send(pending: Pending, answers: readonly number[], training: string): Promise<Tokens> {
  const batches = pending.kept.map((one) => ({ key: base64url(sha256(fromBase64url(one.publicKey))), request: one.request }));
  const { by, proof, secret } = pending;
  const told = await node.issue({ by, proof, secret, batches, answers, training });
  const tokens: Partial<Record<Role, readonly string[]>> = {};
  pending.kept.forEach((one, at) => {
    tokens[one.role] = finish(asked(one), fromBase64url(told[at] ?? "")).map(base64url);
  });
  return tokens;
}

/** The digest of the challenge that every token of a city is made for. */
export function challengeDigest(origin: string): Bytes {
  const name = utf8(origin);
  const sized = join(new Uint8Array([name.length >> 8, name.length & 0xff]), name);
  return sha256(join(new Uint8Array([0, 5]), sized, new Uint8Array([0]), sized)) as Bytes;
}

function keep(role: Role, made: Asked): Kept {
  const items = made.items.map((one) => [base64url(one.input), base64url(one.blind), base64url(one.blinded)] as const);
  return { role, publicKey: base64url(made.publicKey), request: base64url(made.request), items };
}

function asked(kept: Kept): Asked {
  const items = kept.items.map(([input, blind, blinded]) => ({
    input: fromBase64url(input),
    blind: fromBase64url(blind),
    blinded: fromBase64url(blinded),
  }));
  return { request: fromBase64url(kept.request), publicKey: fromBase64url(kept.publicKey), items };
}
