/** Small age v1 files (C2SP age): a secret sealed to X25519 recipients. */
import { bech32 } from "@scure/base";
import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { type Bytes } from "./bytes.ts";

/** An age file of `plain` for every one of `recipients` (`age1...`). Rejects when there is none or one is malformed. */
export async function sealTo(recipients: readonly string[], plain: Uint8Array): Promise<Bytes> {
  if (recipients.length === 0) throw new TypeError("nobody to seal to");
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return new Uint8Array(await encrypter.encrypt(plain));
}

/** The content of an age file, by an `AGE-SECRET-KEY-1...` identity. Rejects when it is not for this identity or was changed. */
export async function openWith(identity: string, sealed: Uint8Array): Promise<Bytes> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return new Uint8Array(await decrypter.decrypt(sealed, "uint8array"));
}

/** The age identity whose X25519 secret is the 32 bytes of `seed`. */
export function identityOf(seed: Uint8Array): string {
  return bech32.encodeFromBytes("AGE-SECRET-KEY-", seed).toUpperCase();
}

/** The recipient (`age1...`) of an identity. */
export function recipientOf(identity: string): Promise<string> {
  return identityToRecipient(identity);
}
