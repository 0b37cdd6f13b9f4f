/**
 * Ed25519 (RFC 8032) and X25519 (RFC 7748) by the browser, and by @noble/curves where the browser has none.
 * The fallback is a lazy import: a phone that does not need it never loads it.
 */
import { fromBase64url, join, type Bytes } from "./bytes.ts";

/** DER before a raw 32-byte private key: PKCS #8 of RFC 8410 section 7. */
const PKCS8_ED25519 = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const PKCS8_X25519 = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];

export interface Signer {
  readonly publicKey: Bytes;
  sign(message: Uint8Array): Promise<Bytes>;
  /** Drop the private key; `sign` rejects from then on. */
  drop(): void;
}

const curves = () => import("./curves_fallback.ts");

/** A fresh signing key that cannot be read out where the browser can keep it so. `seed` (32 bytes) is for known answers only. */
export async function newSigner(seed?: Bytes): Promise<Signer> {
  try {
    return await browserSigner(seed);
  } catch (error) {
    if (!isMissing(error)) throw error;
    return (await curves()).newSigner(seed);
  }
}

async function browserSigner(seed?: Bytes): Promise<Signer> {
  const made = seed ? await importSeed(seed) : await generate();
  let key: CryptoKey | undefined = made.key;
  return {
    publicKey: made.publicKey,
    async sign(message) {
      if (!key) throw new Error("the signing key was dropped");
      return new Uint8Array(await crypto.subtle.sign("Ed25519", key, message as Bytes));
    },
    drop() {
      key = undefined;
    },
  };
}

async function generate(): Promise<{ key: CryptoKey; publicKey: Bytes }> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  return { key: pair.privateKey, publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

async function importSeed(seed: Bytes): Promise<{ key: CryptoKey; publicKey: Bytes }> {
  const pkcs8 = join(new Uint8Array(PKCS8_ED25519), seed);
  const readable = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", readable);
  return { key: readable, publicKey: fromBase64url(x as string) };
}

/** Whether `signature` over `message` is by the owner of `publicKey`. False for anything malformed. */
export async function verifyEd25519(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    const key = await crypto.subtle.importKey("raw", publicKey as Bytes, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature as Bytes, message as Bytes);
  } catch (error) {
    if (!isMissing(error)) return false;
    return (await curves()).verifyEd25519(publicKey, signature, message);
  }
}

/** X25519 of `secret` (clamped here or by the browser) with the point `u`. Throws for an all-zero result (RFC 7748 section 6.1). */
export async function x25519(secret: Bytes, u: Uint8Array): Promise<Bytes> {
  const shared = await multiply(secret, u);
  if (shared.every((byte) => byte === 0)) throw new Error("the other key has a small order");
  return shared;
}

/** The public key of an X25519 secret: its product with the point 9. */
export function x25519Public(secret: Bytes): Promise<Bytes> {
  return x25519(secret, new Uint8Array(32).fill(9, 0, 1));
}

async function multiply(secret: Bytes, u: Uint8Array): Promise<Bytes> {
  try {
    const pkcs8 = join(new Uint8Array(PKCS8_X25519), secret);
    const key = await crypto.subtle.importKey("pkcs8", pkcs8, "X25519", false, ["deriveBits"]);
    pkcs8.fill(0);
    const peer = await crypto.subtle.importKey("raw", u as Bytes, "X25519", false, []);
    return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: peer }, key, 256));
  } catch (error) {
    if (!isMissing(error)) throw error;
    return (await curves()).x25519(secret, u);
  }
}

/** Browsers without the curve answer NotSupportedError; some older ones SyntaxError or TypeError for the unknown name. */
function isMissing(error: unknown): boolean {
  const name = (error as { name?: string } | null)?.name ?? "";
  return ["NotSupportedError", "SyntaxError", "TypeError", "ReferenceError"].includes(name);
}
