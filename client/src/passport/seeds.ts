/** What recovery words derive for a passport (docs/spec/passport.md, Issuing): a seed for each week, each of the one before and never back. */
import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import { base64url, sha256, utf8, wipe, type Bytes } from "../crypto/bytes.ts";
import { hkdf } from "../crypto/hkdf.ts";
import { argon2id } from "../crypto/words.ts";

const LABEL = "tocsin.passport/v1 ";
const FIRST = 2900;
const NONE = new Uint8Array(0);

/** The seed of a week from seven words. 64 MiB and some tenths of a second. */
export async function fromWords(words: readonly string[], epoch: number): Promise<Bytes> {
  const salt = (await sha256(utf8(`${LABEL}words`))).slice(0, 16);
  return later(await argon2id(utf8(words.join(" ")), salt, 32), FIRST, epoch);
}

/** The seed of a later week. `seed` is overwritten. */
export async function later(seed: Bytes, from: number, to: number): Promise<Bytes> {
  let now = seed;
  for (let week = from; week < to; week++) {
    const next = await hkdf(now, NONE, utf8(`${LABEL}next`), 32);
    wipe(now);
    now = next;
  }
  return now;
}

/** Where `ask` gets nonce and blind of a week's renewal token from: first the one, then the other. `times`: how often the phone was lost this week. */
export async function renewalRandom(seed: Bytes, times: number): Promise<(length: number) => Uint8Array> {
  const nonce = await hkdf(seed, NONE, utf8(`${LABEL}nonce ${times}`), 32);
  const blind = await hkdf(seed, NONE, utf8(`${LABEL}blind ${times}`), 64);
  const given = [nonce, blind];
  return (length) => given.shift()!.slice(0, length);
}

/** Nonce and blind of a week's renewal token, as a request made with them has them. */
export async function derived(seed: Bytes, times: number): Promise<{ nonce: string; blind: string }> {
  const random = await renewalRandom(seed, times);
  const nonce = random(32);
  // The library turns random bytes into a scalar its own way; asking it is how to have the same one.
  const { blind } = ristretto255_oprf.voprf.blind(utf8("any"), (length) => random(length ?? 32));
  return { nonce: base64url(nonce), blind: base64url(blind) };
}
