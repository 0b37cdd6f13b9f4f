/**
 * What the ends of a call seal (docs/spec/calls.md): card and offer to the proven desk, and everything they then send each other under the
 * call's secret. The node passes it on and can neither read nor make a word of it.
 */
import { base64url, bigEndian, fromBase64url, fromBigEndian, join, utf8, wipe, type Bytes } from "../crypto/bytes.ts";
import { dumps, loads, type Value } from "../crypto/canonical.ts";
import { identityOf, openWith, sealTo } from "../crypto/envelope.ts";
import { hkdf } from "../crypto/hkdf.ts";

export type Said = { readonly [key: string]: Value };

const STEP = 512;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const COUNT_BYTES = 8;
/** How far behind the newest count a message may come: a node that was killed is told again what it may not have passed on. */
const WINDOW = 256;
const END = utf8("tocsin.calls/v1 end");
const LISTENER = utf8("tocsin.calls/v1 listener");
const SHIFT = utf8("tocsin.calls/v1 shift");
const EARS = utf8("tocsin.calls/v1 ears");

/** An age file of `said` for `recipients`. */
export async function sealFor(recipients: readonly string[], said: Said): Promise<string> {
  return base64url(await sealTo(recipients, padded(dumps(said))));
}

/** What an age file says about this call; undefined for one that is not for us, was changed, or is about another call. */
export async function openFor(identity: string, sealed: string, call: string): Promise<Said | undefined> {
  try {
    const said = loads(unpadded(await openWith(identity, fromBase64url(sealed)))) as Said;
    return said["call"] === call ? said : undefined; // the node could put one file in another's place
  } catch {
    return undefined;
  }
}

/** Days of shifts begin at 10:00 UTC. */
export function shiftDay(now: number): number {
  return Math.floor((now / 3_600_000 - 10) / 24);
}

/** The capability of a shift that began on `day`: the same on each of somebody's devices, on nobody else's, and another on each day. */
export async function shiftCapability(seed: Bytes, day: number): Promise<Bytes> {
  return hkdf(seed, bigEndian(day, 4), SHIFT, KEY_BYTES);
}

/** What a volunteer opens calls with on that day: a key that is in no table, so that a row of a shift says of nobody who they are. */
export async function listenerIdentity(seed: Bytes, day: number): Promise<string> {
  const ears = await hkdf(seed, bigEndian(day, 4), EARS, KEY_BYTES);
  const identity = identityOf(ears);
  wipe(ears);
  return identity;
}

/** What a call with a volunteer is sealed under: who has it cannot pass for a lawyer, who would have the secret it is made from. */
export function listenerSecret(secret: Bytes, call: string): Promise<Bytes> {
  return hkdf(secret, fromBase64url(call), LISTENER, KEY_BYTES);
}

/** Seals as one end of a call, and opens what the others sealed. */
export class Sealer {
  readonly #secret: Bytes;
  readonly #call: Bytes;
  readonly #me: number;
  readonly #keys = new Map<number, Promise<CryptoKey>>();
  readonly #seen = new Map<number, number[]>();
  #count: number;

  /** `count`: where to go on counting; the clock's milliseconds, so that a page that begins anew does not count what it sealed before. */
  constructor(secret: Bytes, call: string, me: number, count = Date.now()) {
    this.#secret = secret;
    this.#call = fromBase64url(call);
    this.#me = me;
    this.#count = count;
  }

  async seal(said: Said): Promise<string> {
    const n = (this.#count += 1);
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const plain = padded(dumps({ ...said, n }));
    const sealed = await crypto.subtle.encrypt(this.#algorithm(nonce, this.#me, n), await this.#key(this.#me), plain);
    return base64url(join(bigEndian(n, COUNT_BYTES), nonce, new Uint8Array(sealed)));
  }

  /** What end `from` sealed; undefined for what does not open, or has a count that was seen or is far behind (RFC 4303, section 3.4.3). */
  async open(from: number, sealed: string): Promise<Said | undefined> {
    try {
      const raw = fromBase64url(sealed);
      const n = fromBigEndian(raw.subarray(0, COUNT_BYTES));
      const nonce = raw.slice(COUNT_BYTES, COUNT_BYTES + NONCE_BYTES);
      const key = await this.#key(from);
      const plain = await crypto.subtle.decrypt(this.#algorithm(nonce, from, n), key, raw.slice(COUNT_BYTES + NONCE_BYTES));
      const said = loads(unpadded(new Uint8Array(plain))) as Said;
      const seen = this.#seen.get(from) ?? [];
      if (said["n"] !== n || seen.includes(n) || n <= Math.max(0, ...seen) - WINDOW) return undefined;
      this.#seen.set(from, [...seen, n].slice(-WINDOW));
      return said;
    } catch {
      return undefined;
    }
  }

  drop(): void {
    wipe(this.#secret);
    this.#keys.clear();
  }

  #algorithm(iv: Bytes, from: number, n: number): AesGcmParams {
    return { name: "AES-GCM", iv, additionalData: join(this.#call, bigEndian(from, 1), bigEndian(n, COUNT_BYTES)) };
  }

  #key(from: number): Promise<CryptoKey> {
    const known = this.#keys.get(from);
    if (known) return known;
    const made = hkdf(this.#secret, this.#call, join(END, bigEndian(from, 1)), KEY_BYTES).then((raw) =>
      crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]),
    );
    this.#keys.set(from, made);
    return made;
  }
}

function padded(raw: Bytes): Bytes {
  const whole = new Uint8Array(Math.ceil((raw.length + 1) / STEP) * STEP);
  whole.set(raw);
  return whole;
}

function unpadded(plain: Bytes): Bytes {
  let end = plain.length;
  while (end > 0 && plain[end - 1] === 0) end -= 1;
  return plain.slice(0, end);
}
