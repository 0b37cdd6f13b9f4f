/** Which cards are asked again in a week: the same for everybody, as the node chooses them (docs/spec/passport.md). */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "../crypto/bytes.ts";

const ASKED = 3;

export function ofWeek(epoch: number, cards: readonly string[]): string[] {
  const hex = (name: string) => Array.from(sha256(utf8(`${epoch} ${name}`)), (one) => one.toString(16).padStart(2, "0")).join("");
  const placed = cards.map((name) => [hex(name), name] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return placed.slice(0, ASKED).map(([, name]) => name);
}
