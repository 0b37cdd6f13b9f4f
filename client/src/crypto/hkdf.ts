/** HKDF-SHA256 (RFC 5869) by the browser, and the ratchet step of the formats. */
import { join, utf8, type Bytes } from "./bytes.ts";

/** `length` bytes. `secret` is not overwritten here: its owner does that. */
export async function hkdf(secret: Bytes, salt: Uint8Array, info: Uint8Array, length: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: salt as Bytes, info: info as Bytes };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, length * 8));
}

/** One step: the key for this message and the chain key for the next. The caller overwrites `chainKey` at once. */
export async function ratchet(chainKey: Bytes, label: Uint8Array, use: string): Promise<{ key: Bytes; next: Bytes }> {
  const none = new Uint8Array(0);
  const [key, next] = await Promise.all([
    hkdf(chainKey, none, join(label, utf8(` ${use}`)), 32),
    hkdf(chainKey, none, join(label, utf8(" next")), 32),
  ]);
  return { key, next };
}
