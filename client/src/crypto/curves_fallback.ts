/** Ed25519 and X25519 in JavaScript, loaded only where the browser has none. The private key is a plain array here: overwritten on drop. */
import { ed25519, x25519 as montgomery } from "@noble/curves/ed25519.js";
import type { Signer } from "./asymmetric.ts";
import { randomBytes, wipe, type Bytes } from "./bytes.ts";

/** A signing key from `seed`, or a fresh one. */
export function newSigner(seed?: Uint8Array): Signer {
  let secret: Bytes | undefined = seed ? new Uint8Array(seed) : randomBytes(32);
  return {
    publicKey: new Uint8Array(ed25519.getPublicKey(secret)),
    async sign(message) {
      if (!secret) throw new Error("the signing key was dropped");
      return new Uint8Array(ed25519.sign(message, secret));
    },
    drop() {
      if (secret) wipe(secret);
      secret = undefined;
    },
  };
}

/** RFC 8032 verification, strict: false where a lenient reader would accept a point that is not canonical. */
export function verifyEd25519(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

/** RFC 7748 scalar multiplication; throws for a point of small order. */
export function x25519(secret: Uint8Array, u: Uint8Array): Bytes {
  return new Uint8Array(montgomery.scalarMult(secret, u));
}
