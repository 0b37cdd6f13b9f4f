/** Bytes: joining, numbers, text forms, comparison, overwriting. No keys are made here. */

export type Bytes = Uint8Array<ArrayBuffer>;

/** All `parts` one after the other, as one new array. */
export function join(...parts: Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** ASCII or UTF-8 bytes of `text`. */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** `value` as `width` bytes, big-endian. `value` is a whole number from 0 to 2^53 - 1. */
export function bigEndian(value: number, width: number): Bytes {
  const bytes = new Uint8Array(width);
  let rest = value;
  for (let i = width - 1; i >= 0 && rest > 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** The big-endian number in `bytes`. NaN when it is beyond 2^53 - 1, so that no comparison with it is ever true. */
export function fromBigEndian(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Whether two arrays hold the same bytes. Not constant in time: for public values only. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Overwrite secrets. The engine may have made copies; this removes the one we know of. */
export function wipe(...secrets: Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}

/** `count` random bytes fit for keys. */
export function randomBytes(count: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** Standard base64 with padding (RFC 4648 section 4). */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** Base64url without padding (RFC 4648 section 5). */
export function base64url(bytes: Uint8Array): string {
  return base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Bytes of standard base64. Throws for anything that `base64` would not have written. */
export function fromBase64(text: string): Bytes {
  const binary = atob(text);
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  if (base64(bytes) !== text) throw new TypeError("not strict base64");
  return bytes;
}

/** Bytes of unpadded base64url. Throws for anything that `base64url` would not have written. */
export function fromBase64url(text: string): Bytes {
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  if (base64url(bytes) !== text) throw new TypeError("not strict base64url");
  return bytes;
}

/** SHA-256 (FIPS 180-4). */
export async function sha256(bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Bytes));
}
