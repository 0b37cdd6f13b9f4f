/**
 * How a member of the staff keeps two secret keys without any disk having them: sealed under the secret of a door (docs/spec/staff.md).
 * A door's secret is the PRF output of a passkey, a stretched passphrase, or the stretched words of a recovery sheet.
 */
import { newSigner, type Signer } from "../crypto/asymmetric.ts";
import { join, randomBytes, sha256, utf8, type Bytes } from "../crypto/bytes.ts";
import { identityOf } from "../crypto/envelope.ts";
import { hkdf } from "../crypto/hkdf.ts";
import { argon2id } from "../crypto/words.ts";

const LABEL = "tocsin.staff/v1 ";
const VERSION = 1;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const NO_SALT = new Uint8Array(0);

export class SealWrong extends Error {}

/** `identity`: 32 bytes of X25519, an age identity; `signing`: 32 bytes, the seed of an Ed25519 key. */
export interface Keys {
  readonly identity: Bytes;
  readonly signing: Bytes;
}

export function newKeys(): Keys {
  return { identity: randomBytes(KEY_BYTES), signing: randomBytes(KEY_BYTES) };
}

/** `AGE-SECRET-KEY-1...` */
export function ageIdentity(keys: Keys): string {
  return identityOf(keys.identity);
}

/** The keys as the node keeps them. `nonce` is for known answers only. */
export async function seal(secret: Bytes, staffId: Bytes, keys: Keys, nonce = randomBytes(NONCE_BYTES)): Promise<Bytes> {
  const key = await sealKey(secret, staffId);
  const plain = join(keys.identity, keys.signing);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: about(staffId) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain));
  plain.fill(0);
  return join(new Uint8Array([VERSION]), nonce, sealed);
}

/** The keys again. Rejects with `SealWrong` when the secret is another's, or a bit was changed. */
export async function open(secret: Bytes, staffId: Bytes, sealed: Uint8Array): Promise<Keys> {
  const nonce = sealed.slice(1, 1 + NONCE_BYTES) as Bytes;
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: about(staffId) };
  try {
    if (sealed[0] !== VERSION) throw new SealWrong();
    const key = await sealKey(secret, staffId);
    const plain = new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed.slice(1 + NONCE_BYTES) as Bytes));
    return { identity: plain.slice(0, KEY_BYTES), signing: plain.slice(KEY_BYTES) };
  } catch {
    throw new SealWrong();
  }
}

/** The key that proves a passphrase or a sheet to the node. It tells nothing of the one that seals. */
export async function proving(secret: Bytes): Promise<Signer> {
  return newSigner(await hkdf(secret, NO_SALT, utf8(`${LABEL}sign-in`), KEY_BYTES));
}

/** A passphrase's secret: 64 MiB and some tenths of a second for each that is tried. */
export function stretch(passphrase: string, salt: Uint8Array): Promise<Bytes> {
  return argon2id(utf8(passphrase.normalize("NFKC")), salt, KEY_BYTES);
}

/** The secret of a recovery sheet's words. They are drawn, 77 bits: their salt needs to be no one's own. */
export async function stretchWords(words: readonly string[]): Promise<Bytes> {
  const salt = (await sha256(utf8(`${LABEL}sheet`))).slice(0, 16);
  return argon2id(utf8(words.join(" ")), salt, KEY_BYTES);
}

/** What a passkey is asked to make its output of: the same for everybody, since each passkey answers with its own. */
export function prfInput(): Promise<Bytes> {
  return sha256(utf8(`${LABEL}prf`));
}

/** What is signed over a challenge of this node, on this page's origin. */
export function said(act: "sign-in" | "keys", challenge: Uint8Array, more: Uint8Array = NO_SALT): Bytes {
  return join(utf8(`${LABEL}${act}\n${location.origin}\n`), challenge, more);
}

async function sealKey(secret: Bytes, staffId: Bytes): Promise<CryptoKey> {
  const raw = await hkdf(secret, staffId, utf8(`${LABEL}seal`), KEY_BYTES);
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  raw.fill(0);
  return key;
}

function about(staffId: Uint8Array): Bytes {
  return join(utf8(`${LABEL}identity\n`), staffId);
}
