/** A custodian's signing key from a file: PEM, PKCS #8, Ed25519, as `tocsin custodian` and `openssl genpkey -algorithm ed25519` make it. */
import { isSame, type Bytes } from "../../crypto/bytes.ts";

const PKCS8_ED25519 = new Uint8Array([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);

/** The 32-byte seed; undefined for anything else, a key with a passphrase included. */
export function seedInPem(text: string): Bytes | undefined {
  const body = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(text)?.[1];
  if (!body) return undefined;
  try {
    const der = Uint8Array.from(atob(body.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
    return der.length === 48 && isSame(der.subarray(0, 16), PKCS8_ED25519) ? der.slice(16) : undefined;
  } catch {
    return undefined;
  }
}
