/**
 * How long a passphrase would stand, told as time: for a thief with the node's disk who tries ten thousand a second, each of which
 * costs 64 MiB (docs/spec/staff.md). A careful guess from length and repetition, after NIST SP 800-63 version 1, appendix A; words that
 * we drew are counted as drawn.
 */
export type Strength = "days" | "years" | "long" | "longest";

const DRAWN_BITS = 11;
const ENOUGH: readonly Strength[] = ["long", "longest"];

/** Bits that somebody has to guess. `drawnFrom` is the word list, for passphrases that were drawn from it. */
export function bitsOf(passphrase: string, drawnFrom: ReadonlySet<string>): number {
  const tokens = passphrase.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  const distinct = new Set(tokens);
  if (distinct.size >= 4 && distinct.size === tokens.length && tokens.every((token) => drawnFrom.has(token))) {
    return tokens.length * DRAWN_BITS;
  }
  const kinds = [/[a-z]/, /[A-Z]/, /[^A-Za-z\s]/].filter((kind) => kind.test(passphrase)).length;
  return bitsOfLength(withoutRuns(passphrase.normalize("NFKC").toLowerCase())) + (kinds === 3 ? 6 : 0);
}

export function strengthOf(passphrase: string, drawnFrom: ReadonlySet<string>): Strength {
  const bits = bitsOf(passphrase, drawnFrom);
  if (bits < 32) return "days";
  if (bits < 40) return "years";
  return bits < 60 ? "long" : "longest";
}

/** Whether this node's pages take it. */
export function isEnough(strength: Strength): boolean {
  return ENOUGH.includes(strength);
}

/** 4 bits for the first letter, 2 each to the 8th, 1.5 to the 20th, then 1. */
function bitsOfLength(count: number): number {
  const between = (from: number, to: number) => Math.max(0, Math.min(count, to) - from);
  return 4 * between(0, 1) + 2 * between(1, 8) + 1.5 * between(8, 20) + between(20, Infinity);
}

/** Letters that are not a repetition, a step up or down from the one before, or part of something written twice. */
function withoutRuns(text: string): number {
  const pieces = new Set<string>();
  let counted = 0;
  let before = 0;
  for (const letter of text) {
    const point = letter.codePointAt(0)!;
    if (Math.abs(point - before) > 1) counted++;
    before = point;
  }
  for (let at = 0; at + 3 <= text.length; at++) pieces.add(text.slice(at, at + 3));
  return Math.min(counted, pieces.size + 2);
}
