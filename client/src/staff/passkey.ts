/**
 * Passkeys with the PRF extension (WebAuthn level 3, section 10.1.4): one touch proves who asks and gives 32 bytes that no server sees.
 * What goes to the node is written field by field: the browser's own JSON of a credential would carry those bytes along.
 */
import { base64url, randomBytes, type Bytes } from "../crypto/bytes.ts";
import { prfInput } from "./sealing.ts";

/** This browser or this passkey has no PRF: a passphrase has to do. */
export class NoPrf extends Error {}

export interface Passkey {
  readonly secret: Bytes;
  readonly id: Bytes;
  /** The credential as the node takes it. */
  readonly credential: object;
}

/** ES256, EdDSA, RS256: what authenticators have, in the order in which we like it (IANA COSE). */
const ALGORITHMS = [-8, -7, -257].map((alg) => ({ type: "public-key" as const, alg }));

export function isPossible(): boolean {
  return "PublicKeyCredential" in globalThis && Boolean(navigator.credentials) && !/^[\d.]+$|^\[/.test(location.hostname);
}

/** Make one for this person on this device. Rejects with `NoPrf`, or what the browser says when the person declines. */
export async function makePasskey(staffId: Bytes, pseudonym: string, challenge: Bytes): Promise<Passkey> {
  const first = await prfInput();
  const made = (await navigator.credentials.create({
    publicKey: {
      challenge,
      rp: { name: "Tocsin" },
      user: { id: staffId, name: pseudonym, displayName: pseudonym },
      pubKeyCredParams: ALGORITHMS,
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
      extensions: { prf: { eval: { first } } },
    },
  })) as PublicKeyCredential;
  const told = made.getClientExtensionResults().prf;
  const id = new Uint8Array(made.rawId);
  const secret = told?.results?.first ? bytes(told.results.first) : told?.enabled ? (await touch(randomBytes(32), [id])).secret : undefined;
  if (!secret) throw new NoPrf();
  const response = made.response as AuthenticatorAttestationResponse;
  const sent = { clientDataJSON: base64url(bytes(response.clientDataJSON)), attestationObject: base64url(bytes(response.attestationObject)) };
  return { secret, id, credential: written(id, sent) };
}

/** Use one: any that this device has for this node, or one of `allowed`. Rejects as above. */
export async function usePasskey(challenge: Bytes, allowed: readonly Bytes[] = []): Promise<Passkey> {
  const { secret, used } = await touch(challenge, allowed);
  const response = used.response as AuthenticatorAssertionResponse;
  const id = new Uint8Array(used.rawId);
  const sent = {
    clientDataJSON: base64url(bytes(response.clientDataJSON)),
    authenticatorData: base64url(bytes(response.authenticatorData)),
    signature: base64url(bytes(response.signature)),
    ...(response.userHandle && { userHandle: base64url(bytes(response.userHandle)) }),
  };
  return { secret, id, credential: written(id, sent) };
}

async function touch(challenge: Bytes, allowed: readonly Bytes[]): Promise<{ secret: Bytes; used: PublicKeyCredential }> {
  const used = (await navigator.credentials.get({
    publicKey: {
      challenge,
      allowCredentials: allowed.map((id) => ({ type: "public-key" as const, id })),
      userVerification: "required",
      extensions: { prf: { eval: { first: await prfInput() } } },
    },
  })) as PublicKeyCredential;
  const first = used.getClientExtensionResults().prf?.results?.first;
  if (!first) throw new NoPrf();
  return { secret: bytes(first), used };
}

function written(id: Bytes, response: object): object {
  return { id: base64url(id), rawId: base64url(id), type: "public-key", response };
}

function bytes(source: BufferSource): Bytes {
  const view = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
  return new Uint8Array(view);
}
