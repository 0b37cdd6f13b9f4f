/** JSON that a signature may rest on: canonical, typed, no duplicate key. Everything else is a FAIL with its code. */
import { fromBase64, isSame, type Bytes } from "../crypto/bytes.ts";
import { CanonicalError, dumps, type Value } from "../crypto/canonical.ts";
import { Wrong } from "./report.ts";

export type Json = Record<string, Value>;

/** The value of canonical JSON. Throws `Wrong`: `malformed` for what is no JSON, `not_canonical` for any other spelling. */
export function canonical(raw: Uint8Array, where = ""): Value {
  let value: Value;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
    value = JSON.parse(text) as Value;
    if (/\\u[dD][89a-fA-F]/.test(text)) refuseHalves(value);
  } catch {
    throw new Wrong("malformed", where);
  }
  if (!isSame(spelled(value, where), raw)) throw new Wrong("not_canonical", where);
  return value;
}

function spelled(value: Value, where: string): Bytes {
  try {
    return dumps(value);
  } catch (error) {
    throw new Wrong(error instanceof CanonicalError ? "not_canonical" : "malformed", where);
  }
}

/** Half a surrogate pair has no UTF-8: such a text is no JSON that can be signed. */
function refuseHalves(value: Value): void {
  if (typeof value === "string") new TextDecoder("utf-16le", { fatal: true }).decode(Uint16Array.from(value, (unit) => unit.charCodeAt(0)));
  else if (Array.isArray(value)) value.forEach(refuseHalves);
  else if (value !== null && typeof value === "object") Object.entries(value).flat().forEach(refuseHalves as (one: unknown) => void);
}

export interface Shape {
  ints?: string;
  texts?: string;
  lists?: string;
  flags?: string;
}

/** `value`, an object whose named fields have exactly these types, integers from 0. Throws `Wrong`. */
export function need(value: unknown, shape: Shape): Json {
  if (!isObject(value)) throw new Wrong("malformed");
  const holds = (names: string | undefined, is: (field: unknown) => boolean) =>
    (names ?? "").split(" ").every((name) => name === "" || (Object.hasOwn(value, name) && is(value[name])));
  const isRight =
    holds(shape.ints, isCount) &&
    holds(shape.texts, (field) => typeof field === "string") &&
    holds(shape.lists, Array.isArray) &&
    holds(shape.flags, (field) => typeof field === "boolean");
  if (!isRight) throw new Wrong("malformed");
  return value;
}

export function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** Bytes of canonical standard base64. Throws `Wrong`. */
export function b64(text: unknown, length?: number): Bytes {
  if (typeof text !== "string") throw new Wrong("malformed");
  const raw = fromBase64(text);
  if (length !== undefined && raw.length !== length) throw new Wrong("malformed", text);
  return raw;
}

export function b64s(texts: unknown, length: number): Bytes[] {
  if (!Array.isArray(texts)) throw new Wrong("malformed");
  return texts.map((text) => b64(text, length));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text: string): Bytes {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new Wrong("malformed");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Whether two JSON values are the same. */
export function equal(a: unknown, b: unknown): boolean {
  return isSame(dumps(a as Value), dumps(b as Value));
}
