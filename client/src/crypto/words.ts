/**
 * Recovery words: seven words a person copies by hand, and what they derive (docs/spec/http.md).
 * The identity opens, the locator finds; neither reveals nor tests the other. The word list and Argon2id (RFC 9106) are loaded when asked for.
 */
import { sha256, utf8, type Bytes } from "./bytes.ts";
import { identityOf } from "./envelope.ts";

export const WORDS_COUNT = 7;
/** 64 MiB, three passes, one lane: RFC 9106 section 4, second recommended option, in one lane. */
const MEMORY_KIB = 64 * 1024;
const PASSES = 3;

export class WordsWrong extends Error {}

export interface Recovered {
  /** `AGE-SECRET-KEY-1...` */
  readonly identity: string;
  /** 32 bytes, a capability. */
  readonly locator: Bytes;
}

/** The 2,048 words, in order. */
export async function wordList(): Promise<readonly string[]> {
  const { default: text } = await import("../../../src/tocsin/crypto/words_en.txt");
  return text.trim().split("\n");
}

/** Seven fresh words: 77 bits. */
export async function draw(): Promise<string[]> {
  const words = await wordList();
  // 2,048 divides 2^16, so the remainder is not biased.
  return Array.from(crypto.getRandomValues(new Uint16Array(WORDS_COUNT)), (value) => words[value % words.length]!);
}

/** The words of a text as people type it from a numbered sheet: any case, spaces, numbers and points between, a keyboard's accents. */
export function typedWords(text: string): string[] {
  const plain = text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "");
  return plain.match(/\p{L}+/gu) ?? [];
}

/** As `typedWords`. Rejects with `WordsWrong` when they are not seven of the list. */
export async function readWords(text: string): Promise<string[]> {
  const chosen = typedWords(text);
  const known = new Set(await wordList());
  if (chosen.length !== WORDS_COUNT || !chosen.every((word) => known.has(word))) throw new WordsWrong();
  return chosen;
}

/** What seven words derive. 64 MiB and some tenths of a second. */
export async function derive(words: readonly string[]): Promise<Recovered> {
  const salt = (await sha256(utf8("tocsin.words/v1"))).slice(0, 16);
  const raw = await argon2id(utf8(words.join(" ").normalize("NFKD").toLowerCase()), salt, 64);
  const recovered = { identity: identityOf(raw.subarray(0, 32)), locator: raw.slice(32) };
  raw.fill(0);
  return recovered;
}

/** Argon2id at the cost above: 64 MiB, three passes, one lane. */
export async function argon2id(password: Uint8Array, salt: Uint8Array, hashLength: number): Promise<Bytes> {
  try {
    const wasm = await import("./argon2_wasm.ts");
    const options = { password, salt, iterations: PASSES, memorySize: MEMORY_KIB, parallelism: 1, hashLength, outputType: "binary" } as const;
    return new Uint8Array(await wasm.argon2id(options));
  } catch {
    // No WebAssembly, or a policy that forbids it: the same in JavaScript, some seconds instead of tenths.
    const { argon2idAsync } = await import("@noble/hashes/argon2.js");
    return new Uint8Array(await argon2idAsync(password, salt, { t: PASSES, m: MEMORY_KIB, p: 1, dkLen: hashLength }));
  }
}
