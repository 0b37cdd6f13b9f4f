/**
 * The proof of work of the slow lane (docs/spec/passport.md): a visitor without a token shows that their device took a second over what it sends.
 * `finish` fills the field of a form that has one; a form that is sent without it goes the way of those without script.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { join, utf8 } from "../crypto/bytes.ts";

const LABEL = "tocsin.passport/v1 work\n";
/** Hashes between two looks at the person: the page has to answer taps meanwhile. */
const BATCH = 2000;

/** The number that ends the work on a ticket of `bits`. `rest` is awaited between batches. */
export async function work(ticket: string, bits: number, rest: () => Promise<void> = breathe): Promise<string> {
  const head = utf8(`${LABEL}${ticket}:`);
  for (let number = 0; ; number++) {
    if (zeros(sha256(join(head, utf8(String(number))))) >= bits) return String(number);
    if (number % BATCH === BATCH - 1) await rest();
  }
}

/** Do the work of a form with the fields `ticket` (its `data-bits` says how much) and `work`, if it has them and it is not done yet. */
export async function finish(form: HTMLFormElement): Promise<void> {
  const ticket = form.elements.namedItem("ticket");
  const done = form.elements.namedItem("work");
  if (!(ticket instanceof HTMLInputElement) || !(done instanceof HTMLInputElement) || done.value) return;
  done.value = await work(ticket.value, Number(ticket.dataset["bits"]));
}

function zeros(digest: Uint8Array): number {
  let count = 0;
  for (const byte of digest) {
    if (byte !== 0) return count + Math.clz32(byte) - 24;
    count += 8;
  }
  return count;
}

function breathe(): Promise<void> {
  return new Promise((resume) => setTimeout(resume, 0));
}
