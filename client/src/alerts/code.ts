/** A report's return code: a phone shows it before the report is sent (docs/spec/alert-desk.md). */
import { join, sha256, utf8, type Bytes } from "../crypto/bytes.ts";

const LABEL = "tocsin.alerts/v1 return code\n";
/** Crockford's base32: no I, L, O or U. */
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 20;
const GROUP = 4;

/** Five groups of four, of the 32 bytes that the page drew. */
export async function codeOf(key: Bytes): Promise<string> {
  const digest = await sha256(join(utf8(LABEL), key));
  let number = 0n;
  for (const byte of digest) number = (number << 8n) | BigInt(byte);
  number >>= BigInt(256 - 5 * LENGTH);
  const letters = Array.from({ length: LENGTH }, (_, at) => LETTERS[Number((number >> BigInt(5 * (LENGTH - 1 - at))) & 31n)]!).join("");
  return letters.match(new RegExp(`.{${GROUP}}`, "g"))!.join("-");
}
