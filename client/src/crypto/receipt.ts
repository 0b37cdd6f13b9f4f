/** Receipts: the node's signed word that it holds a chunk (docs/spec/log.md). */
import { base64, base64url } from "./bytes.ts";
import { isSigned, parseNote, type VerifierKey } from "./note.ts";

const FIRST_LINE = "tocsin.receipt/v1";

export interface Receipt {
  readonly receivedMs: number;
  /** Unix s of the beat that is to cover the chunk. */
  readonly beat: number;
}

/** What the receipt promises about exactly this chunk; undefined when it is about another, or not signed by `key`. Never throws. */
export async function readReceipt(
  text: string,
  key: VerifierKey,
  chunk: { recordingId: Uint8Array; seq: number; link: Uint8Array },
): Promise<Receipt | undefined> {
  try {
    const note = parseNote(text);
    const [first, id, seq, link, received, beat, end] = note.text.split("\n");
    const isAboutIt = first === FIRST_LINE && id === base64url(chunk.recordingId) && seq === String(chunk.seq) && link === base64(chunk.link);
    const isWhole = end === "" && [received, beat].every((number) => /^[0-9]{1,16}$/.test(number ?? ""));
    if (!isAboutIt || !isWhole || !(await isSigned(note, key))) return undefined;
    return { receivedMs: Number(received), beat: Number(beat) };
  } catch {
    return undefined;
  }
}

/** The receipts in a text that holds one after the other. */
export function receiptsIn(text: string): string[] {
  return text.match(/tocsin\.receipt\/v1\n[^]*?\n\u2014 [^\n]*\n/g) ?? [];
}
