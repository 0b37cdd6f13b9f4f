/** Names, keys and boxes of a circle (docs/spec/circle.md). Everything is derived from three kinds of secret: a link's, a door's, code words. */
import { base64url, join, randomBytes, sha256, utf8, type Bytes } from "../crypto/bytes.ts";
import { hkdf } from "../crypto/hkdf.ts";

export const PLACES = 15;
export const SECRET_BYTES = 32;
const NONCE_BYTES = 12;
const TAIL_BYTES = 128;
const ENDPOINT_BYTES = 720;
const LETTER_BYTES = 1252;
const LABEL = "tocsin.circle/v1 ";
const KIND = { phone: 1, words: 2 } as const;

export type DoorKind = keyof typeof KIND;

/** What somebody tells one contact: written beforehand, opened on that contact's phone alone. */
export interface Letter {
  readonly text: string;
  readonly plan: string;
}

/** Longer than what fits the one size. */
export class TooLong extends Error {}

export function derive(secret: Bytes, use: "share" | "letter" | "place" | "endpoint" | "name" | "box" | "note"): Promise<Bytes> {
  return hkdf(secret, new Uint8Array(0), utf8(LABEL + use), SECRET_BYTES);
}

/** What the node needs of a link's secret: it opens the place with it, and no letter. */
export function shareOf(link: Bytes): Promise<Bytes> {
  return derive(link, "share");
}

/** What a contact shows to fill its place. */
export async function placeOf(link: Bytes): Promise<Bytes> {
  return derive(await shareOf(link), "place");
}

export async function placeNumber(link: Bytes): Promise<Bytes> {
  return sha256(await placeOf(link));
}

export async function doorNumber(door: Bytes): Promise<Bytes> {
  return sha256(await derive(door, "name"));
}

/** A door's box: its kind, what opens the places, and what its kind keeps at the end. */
export async function sealDoor(door: Bytes, kind: DoorKind, links: readonly Bytes[], tail: Bytes): Promise<Bytes> {
  const shares = await Promise.all(links.map(shareOf));
  const plain = join(new Uint8Array([KIND[kind]]), ...shares, padded(tail, TAIL_BYTES));
  return seal(await derive(door, "box"), plain, await doorNumber(door));
}

/** A contact's push subscription for its place; nothing says that somebody left. */
export async function sealEndpoint(link: Bytes, told: object | undefined): Promise<Bytes> {
  const text = told ? utf8(JSON.stringify(told)) : new Uint8Array(0);
  const share = await shareOf(link);
  return seal(await derive(share, "endpoint"), padded(join(twoBytes(text.length), text), ENDPOINT_BYTES), await placeNumber(link));
}

export async function sealLetter(link: Bytes, letter: Letter): Promise<Bytes> {
  const text = utf8(JSON.stringify({ plan: letter.plan, text: letter.text }));
  return seal(await derive(link, "letter"), padded(join(twoBytes(text.length), text), LETTER_BYTES), await placeNumber(link));
}

/** The letter of a message; undefined for what nobody with this link's secret sealed. */
export async function openLetter(link: Bytes, sealed: Bytes): Promise<Letter | undefined> {
  const plain = await open(await derive(link, "letter"), sealed, await placeNumber(link));
  if (!plain) return undefined;
  const length = (plain[0] ?? 0) * 256 + (plain[1] ?? 0);
  try {
    const { text, plan } = JSON.parse(new TextDecoder().decode(plain.subarray(2, 2 + length))) as Record<string, unknown>;
    return { text: String(text ?? ""), plan: String(plan ?? "") };
  } catch {
    return undefined;
  }
}

export async function seal(key: Bytes, plain: Bytes, about: Bytes): Promise<Bytes> {
  const iv = randomBytes(NONCE_BYTES);
  const own = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  return join(iv, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: about }, own, plain)));
}

export async function open(key: Bytes, sealed: Bytes, about: Bytes): Promise<Bytes | undefined> {
  try {
    const own = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    const algorithm = { name: "AES-GCM", iv: sealed.slice(0, NONCE_BYTES), additionalData: about };
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, own, sealed.slice(NONCE_BYTES)));
  } catch {
    return undefined;
  }
}

/** Four digits by which people tell circles apart, from the circle's public key. */
export async function shortNumber(key: Bytes): Promise<string> {
  const digest = await sha256(key);
  return String((digest[0]! * 65_536 + digest[1]! * 256 + digest[2]!) % 10_000).padStart(4, "0");
}

export function fresh(): Bytes {
  return randomBytes(SECRET_BYTES);
}

/** A number that names what is said. */
export function newNumber(): string {
  return base64url(randomBytes(16));
}

function padded(bytes: Bytes, length: number): Bytes {
  if (bytes.length > length) throw new TooLong();
  return join(bytes, new Uint8Array(length - bytes.length));
}

function twoBytes(value: number): Bytes {
  return new Uint8Array([value >> 8, value & 255]);
}
