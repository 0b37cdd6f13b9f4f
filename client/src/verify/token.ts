/**
 * RFC 3161 timestamps, read. The imprint and the time are compared here; the authority's signature is not: that takes certificates, and
 * the report says NOT PROVEN, "signature_unchecked". The other verifier and `openssl ts -verify` check it.
 */
import { isSame, type Bytes } from "../crypto/bytes.ts";
import { fromHex } from "./read_json.ts";
import { Wrong } from "./report.ts";

const SIGNED = fromHex("2a864886f70d010702");
const TIMESTAMP = fromHex("2a864886f70d0109100104");
const DIGESTS: readonly (readonly [Bytes, string])[] = [
  [fromHex("608648016503040201"), "SHA-256"],
  [fromHex("608648016503040202"), "SHA-384"],
  [fromHex("608648016503040203"), "SHA-512"],
];
const SEQUENCE = 0x30;

interface Element {
  readonly tag: number;
  readonly content: Bytes;
}

/** The elements of DER one after the other (X.690). Throws `Wrong` for what is cut or absurdly long. */
function elements(raw: Bytes): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at < raw.length) {
    let length = raw[at + 1] ?? 0;
    let start = at + 2;
    if (length & 0x80) {
      const width = length & 0x7f;
      if (width > 4) throw new Wrong("malformed", "DER");
      length = raw.subarray(start, start + width).reduce((sum, byte) => sum * 256 + byte, 0);
      start += width;
    }
    if (start + length > raw.length) throw new Wrong("malformed", "DER");
    found.push({ tag: raw[at]!, content: raw.slice(start, start + length) });
    at = start + length;
  }
  return found;
}

function part(parent: Element | undefined, number: number): Element {
  const found = parent && elements(parent.content)[number];
  if (!found) throw new Wrong("malformed", "DER");
  return found;
}

export interface Token {
  /** What was stamped. */
  readonly imprint: Bytes;
  /** Name of the imprint's digest for `crypto.subtle`. */
  readonly digest: string;
  /** Unix seconds, as the authority says. */
  readonly time: number;
}

/** Throws `Wrong` for what is no granted timestamp. */
export function readToken(raw: Bytes): Token {
  let outer = elements(raw)[0];
  if (part(outer, 0).tag === SEQUENCE) {
    const status = part(part(outer, 0), 0).content;
    if (status.length !== 1 || status[0]! > 1) throw new Wrong("malformed", "refused by its authority");
    outer = part(outer, 1);
  }
  const content = part(part(part(outer, 1), 0), 2);
  if (!isSame(part(outer, 0).content, SIGNED) || !isSame(part(content, 0).content, TIMESTAMP)) throw new Wrong("malformed", "no timestamp token");
  const told = elements(part(part(content, 1), 0).content)[0];
  const imprint = part(told, 2);
  const oid = part(part(imprint, 0), 0).content;
  const digest = DIGESTS.find(([known]) => isSame(known, oid))?.[1];
  if (!digest) throw new Wrong("malformed", "digest");
  return { imprint: part(imprint, 1).content, digest, time: unixTime(part(told, 4).content) };
}

function unixTime(content: Bytes): number {
  const digits = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})/.exec(String.fromCharCode(...content));
  if (!digits) throw new Wrong("malformed", "time");
  const [year, month, ...rest] = digits.slice(1).map(Number) as [number, number, number, number, number, number];
  const time = Date.UTC(year, month - 1, ...rest);
  if (new Date(time).toISOString().replace(/\D/g, "").slice(0, 14) !== digits[0]) throw new Wrong("malformed", "time");
  return time / 1000;
}
