/** What a circle says: signed on the phone that says it, verified on the phone that hears it (docs/spec/circle.md, Said). */
import { newSigner, verifyEd25519 } from "../crypto/asymmetric.ts";
import { base64url, fromBase64url, join, utf8, type Bytes } from "../crypto/bytes.ts";
import { dumps, loads } from "../crypto/canonical.ts";

export type Word = "tell" | "false_alarm" | "trial";
export type By = "phone" | "words";

export interface Said {
  readonly at: number;
  readonly kind: Word;
  readonly number: string;
  readonly v: 1;
}

/** A signed saying as it goes to the node. */
export interface Wire {
  readonly said: string;
  readonly signature: string;
}

/** A false alarm of the phone with this number takes back everything that its circle said before. */
export const EVERYTHING = base64url(new Uint8Array(16));
/** How old what is said may be, and how far ahead a clock may run. */
const OLDEST_S = 3 * 3600;
const AHEAD_S = 1800;
const SAID_LABEL = "tocsin.circle/v1 said\n";
const WORDS_LABEL = "tocsin.circle/v1 words\n";
const WORDS = ["tell", "false_alarm", "trial"];
const NUMBER = /^[A-Za-z0-9_-]{22}$/;

export async function sign(seed: Bytes, kind: Word, number: string, at: number): Promise<Wire> {
  const signer = await newSigner(seed);
  const said = dumps({ at, kind, number, v: 1 });
  const signature = base64url(await signer.sign(join(utf8(SAID_LABEL), said)));
  signer.drop();
  return { said: new TextDecoder().decode(said), signature };
}

/** The phone's word for the key of code words: public key, then signature. */
export async function certify(seed: Bytes, wordsKey: Bytes): Promise<Bytes> {
  const signer = await newSigner(seed);
  const signature = await signer.sign(join(utf8(WORDS_LABEL), wordsKey));
  signer.drop();
  return join(wordsKey, signature);
}

export async function publicKeyOf(seed: Bytes): Promise<Bytes> {
  const signer = await newSigner(seed);
  signer.drop();
  return signer.publicKey;
}

/** What was said and who could have said it; undefined for what `key`'s circle did not say, or said too long ago. */
export async function verify(key: Bytes, wire: Wire & { readonly certificate: string }, nowS: number): Promise<(Said & { by: By }) | undefined> {
  try {
    const raw = utf8(wire.said);
    const said = loads(raw) as unknown as Said;
    if (Object.keys(said).sort().join() !== "at,kind,number,v" || said.v !== 1 || !WORDS.includes(said.kind) || !NUMBER.test(said.number)) return undefined;
    if (!Number.isInteger(said.at) || said.at < nowS - OLDEST_S || said.at > nowS + AHEAD_S) return undefined;
    const certificate = fromBase64url(wire.certificate);
    const by = certificate.length === 0 ? "phone" : "words";
    const signer = by === "phone" ? key : await certified(key, certificate);
    const isSigned = signer && (await verifyEd25519(signer, fromBase64url(wire.signature), join(utf8(SAID_LABEL), raw)));
    return isSigned && !(by === "words" && said.kind === "trial") ? { ...said, by } : undefined;
  } catch {
    return undefined;
  }
}

async function certified(key: Bytes, certificate: Bytes): Promise<Bytes | undefined> {
  const [own, signature] = [certificate.slice(0, 32), certificate.slice(32)];
  return (await verifyEd25519(key, signature, join(utf8(WORDS_LABEL), own))) ? own : undefined;
}

