/**
 * Canonical JSON: one text for one value, so that it can be hashed and signed (docs/spec/recording.md).
 * RFC 8785 restricted to whole numbers, strings, booleans, null, arrays and objects; keys sorted by code point.
 */
import { isSame, utf8, type Bytes } from "./bytes.ts";

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

export class CanonicalError extends Error {}

/** Beyond it two readers may disagree. */
const EXACT_INTEGER = 2 ** 53;

/** The canonical bytes of `value`. Throws `CanonicalError` for fractions, numbers beyond 2^53 - 1 and lone surrogates. */
export function dumps(value: Value): Bytes {
  return utf8(write(value));
}

/** The value of canonical bytes. Throws `CanonicalError` for duplicate keys, white space and any other spelling. */
export function loads(raw: Uint8Array): Value {
  let value: Value;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw)) as Value;
  } catch {
    throw new CanonicalError("not JSON");
  }
  // Writing it again catches what a parser forgives: a duplicate key, 1.0, 1e3, \u0041, an order of its own.
  if (!isSame(dumps(value), raw)) throw new CanonicalError("not canonical");
  return value;
}

function write(value: Value): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return writeNumber(value);
  if (typeof value === "string") return writeString(value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  const keys = Object.keys(value).sort(byCodePoint);
  return `{${keys.map((key) => `${writeString(key)}:${write(value[key] as Value)}`).join(",")}}`;
}

function writeNumber(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) > EXACT_INTEGER) throw new CanonicalError("not an exact whole number");
  return String(value);
}

function writeString(value: string): string {
  // Iterating gives whole characters; a half that stands alone has no UTF-8.
  if (Array.from(value, (letter) => letter.codePointAt(0)!).some((point) => point >= 0xd800 && point <= 0xdfff)) {
    throw new CanonicalError("half a character");
  }
  return JSON.stringify(value);
}

/** JavaScript compares UTF-16 units, which puts U+10000 before U+FFFF; the format wants code points. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] as string).codePointAt(0)! - (right[i] as string).codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
