/** Makes ways in, and goes in by them. Secrets live in the arguments of these functions and are overwritten before they return. */
import { newSigner } from "../crypto/asymmetric.ts";
import { base64url, fromBase64url, join, randomBytes, utf8, wipe, type Bytes } from "../crypto/bytes.ts";
import { recipientOf } from "../crypto/envelope.ts";
import { challenge, post } from "./ask.ts";
import { makePasskey, usePasskey } from "./passkey.ts";
import { ageIdentity, open, proving, said, seal, stretch, stretchWords, type Keys } from "./sealing.ts";

export type Kind = "passkey" | "passphrase" | "sheet";

/** A door as the node lists it to whoever it belongs to; bytes are base64url. */
export interface Door {
  readonly id: string;
  readonly kind: Kind;
  readonly credential: string;
  readonly salt: string;
  readonly sealed: string;
  readonly day: number;
}

export interface Entered {
  readonly staff: string;
  readonly pseudonym: string;
  readonly roles: readonly string[];
  readonly keys: Keys;
}

/** What opens a door: the person's passkey is asked of the browser. */
export type Secret = { readonly kind: "passkey" } | { readonly kind: "passphrase"; readonly text: string } | { readonly kind: "sheet"; readonly words: readonly string[] };

const SALT_BYTES = 16;

/** Accept an invitation with fresh keys, and be signed in. */
export async function accept(invitation: string, staff: string, pseudonym: string, keys: Keys, secret: Secret): Promise<void> {
  const door = await made(staff, pseudonym, keys, secret);
  const recipient = await recipientOf(ageIdentity(keys));
  const signer = await newSigner(keys.signing.slice());
  const about = join(utf8(`\n${recipient}\n`), signer.publicKey);
  const keysSignature = await signer.sign(said("keys", fromBase64url(door.proof.challenge), about));
  signer.drop();
  await post("/staff/join", {
    secret: invitation,
    recipient,
    signing_key: base64url(signer.publicKey),
    keys_signature: base64url(keysSignature),
    door,
  });
}

/** Make another door for keys that are open. */
export async function addDoor(staff: string, pseudonym: string, keys: Keys, secret: Secret): Promise<void> {
  const door = await made(staff, pseudonym, keys, secret);
  const signer = await newSigner(keys.signing.slice());
  const about = join(utf8("\n"), fromBase64url(door.sealed));
  const keysSignature = await signer.sign(said("keys", fromBase64url(door.proof.challenge), about));
  signer.drop();
  await post("/staff/doors", { keys_signature: base64url(keysSignature), door });
}

/** Sign in and open the keys. Rejects with `Refused`, `NoPrf`, `SealWrong`. */
export async function enter(secret: Secret, pseudonym = ""): Promise<Entered> {
  const { text, bytes } = await challenge();
  const { raw, proof } = await proven(secret, pseudonym, text, bytes);
  const found = await post<Omit<Entered, "keys"> & { sealed: string }>("/staff/sign-in", { kind: secret.kind, pseudonym, proof });
  const keys = await open(raw, fromBase64url(found.staff), fromBase64url(found.sealed));
  wipe(raw);
  return { staff: found.staff, pseudonym: found.pseudonym, roles: found.roles, keys };
}

/** Open the keys of who is signed in, by one of their doors, without telling the node. */
export async function unseal(staff: string, doors: readonly Door[], secret: Secret): Promise<Keys> {
  const own = doors.filter((door) => door.kind === secret.kind);
  if (secret.kind === "passkey") {
    const used = await usePasskey(randomBytes(32), own.map((door) => fromBase64url(door.credential)));
    const door = own.find((one) => one.credential === base64url(used.id));
    return open(used.secret, fromBase64url(staff), fromBase64url(door?.sealed ?? ""));
  }
  const raw = secret.kind === "sheet" ? await stretchWords(secret.words) : await stretch(secret.text, fromBase64url(own[0]?.salt ?? ""));
  return open(raw, fromBase64url(staff), fromBase64url(own[0]?.sealed ?? ""));
}

async function made(staff: string, pseudonym: string, keys: Keys, secret: Secret) {
  const staffId = fromBase64url(staff);
  const { text, bytes } = await challenge();
  if (secret.kind === "passkey") {
    const fresh = await makePasskey(staffId, pseudonym, bytes);
    const sealed = base64url(await seal(fresh.secret, staffId, keys));
    wipe(fresh.secret);
    return { kind: secret.kind, salt: "", sealed, proof: { challenge: text, credential: fresh.credential } };
  }
  const salt = secret.kind === "passphrase" ? randomBytes(SALT_BYTES) : new Uint8Array(0);
  const raw = secret.kind === "passphrase" ? await stretch(secret.text, salt) : await stretchWords(secret.words);
  const sealed = base64url(await seal(raw, staffId, keys));
  const proof = await signed(raw, text, bytes);
  wipe(raw);
  return { kind: secret.kind, salt: base64url(salt), sealed, proof };
}

async function proven(secret: Secret, pseudonym: string, text: string, bytes: Bytes): Promise<{ raw: Bytes; proof: object }> {
  if (secret.kind === "passkey") {
    const used = await usePasskey(bytes);
    return { raw: used.secret, proof: { challenge: text, credential: used.credential } };
  }
  const raw = secret.kind === "sheet" ? await stretchWords(secret.words) : await stretch(secret.text, await saltOf(pseudonym));
  return { raw, proof: await signed(raw, text, bytes) };
}

async function saltOf(pseudonym: string): Promise<Bytes> {
  return fromBase64url((await post<{ salt: string }>("/staff/salt", { pseudonym })).salt);
}

async function signed(raw: Bytes, text: string, bytes: Bytes): Promise<{ challenge: string; public: string; signature: string }> {
  const signer = await proving(raw);
  const signature = await signer.sign(said("sign-in", bytes));
  signer.drop();
  return { challenge: text, public: base64url(signer.publicKey), signature: base64url(signature) };
}
