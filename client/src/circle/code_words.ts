/** Code words: seven drawn words, and what Argon2id makes of them. They open one door, and that door can only tell (docs/spec/circle.md). */
import { sha256, utf8, type Bytes } from "../crypto/bytes.ts";
import { argon2id } from "../crypto/words.ts";

export interface Opened {
  /** Opens the door at the node. */
  readonly door: Bytes;
  /** Signs what is said with the words. */
  readonly seed: Bytes;
  /** Opens the list on the phone that made the circle. */
  readonly list: Bytes;
}

/** 64 MiB and some tenths of a second. A salt of its own: recovery words open no circle, and code words no recording. */
export async function openWith(words: readonly string[]): Promise<Opened> {
  const salt = (await sha256(utf8("tocsin.circle/v1 code words"))).slice(0, 16);
  const raw = await argon2id(utf8(words.join(" ").normalize("NFKD").toLowerCase()), salt, 96);
  const opened = { door: raw.slice(0, 32), seed: raw.slice(32, 64), list: raw.slice(64) };
  raw.fill(0);
  return opened;
}
