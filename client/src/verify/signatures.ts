/** The node's signatures: one in each custody note (docs/spec/custody.md), that of a chunk's note being its receipt's (docs/spec/log.md). */
import { verifyEd25519 } from "../crypto/asymmetric.ts";
import { base64, base64url, fromBase64url, join, utf8, type Bytes } from "../crypto/bytes.ts";
import { dumps } from "../crypto/canonical.ts";
import type { Key } from "./checkpoint.ts";
import { fromHex, need, type Json } from "./read_json.ts";
import { Wrong } from "./report.ts";
import type { MemberStream } from "./stream.ts";

const LABEL = utf8("tocsin.custody/v1 note\n");
const SIGNATURE_BYTES = 64;
const KEY_ID = /^[0-9a-f]{8}$/;

export class Signatures {
  /** Number of the first note without a signature, as nodes wrote them before they signed. */
  firstUnsigned: number | undefined;
  /** Ids of the keys that signed, with their vkeys where the package has them. */
  readonly used = new Map<string, string | undefined>();
  /** How many each signed, by its id; receipts are notes of chunks. */
  readonly notes = new Map<string, number>();
  readonly receipts = new Map<string, number>();
  readonly #recording: Bytes | undefined;
  readonly #keys: ReadonlyMap<string, Key>;
  readonly #file: MemberStream | undefined;

  /** `keys`: of receipts, by id. `file`: log/receipts.txt. */
  constructor(recording: Bytes | undefined, keys: ReadonlyMap<string, Key>, file: MemberStream | undefined) {
    this.#recording = recording;
    this.#keys = keys;
    this.#file = file;
  }

  /** Check the signature of a note after `head`. `link`: of the chunk that it is of, if it is known. Throws `Wrong`. */
  async take(note: Json, head: Bytes, link: Bytes | undefined, where: string): Promise<void> {
    if (!Object.hasOwn(note, "g")) return void (this.firstUnsigned ??= note["i"] as number);
    need(note, { texts: "g k" });
    const id = note["k"] as string;
    if (!KEY_ID.test(id)) throw new Wrong("malformed", where);
    const signature = decoded(note["g"] as string, where);
    const key = this.#keys.get(id);
    const message = note["n"] === "chunk" ? await this.#receipt(note, signature, key, link, where) : this.#signedNote(note, head);
    this.used.set(id, key?.text);
    if (key && this.#recording && !(await verifyEd25519(key.publicKey, signature, message))) throw new Wrong("note_signature", where);
    count(this.notes, id);
  }

  /** Throws `Wrong` where a receipt is left. */
  end(): void {
    if (this.#file && this.#file.left > 0) throw new Wrong("receipt_differs", "a receipt for no note");
  }

  #signedNote(note: Json, head: Bytes): Bytes {
    const { g: _, ...said } = note;
    return join(LABEL, this.#recording ?? new Uint8Array(0), head, dumps(said));
  }

  /** What is signed of the next receipt, which is the one that this note tells of. Throws `Wrong`. */
  async #receipt(note: Json, signature: Bytes, key: Key | undefined, link: Bytes | undefined, where: string): Promise<Bytes> {
    const file = this.#file;
    if (!file || file.left === 0) throw new Wrong("receipt_differs", where);
    const lines: string[] = [];
    while (lines.length < 8) lines.push(text(await file.line()));
    const name = key?.name ?? lines[7]!.slice(2).split(" ")[0]!;
    const stated = link ? base64(link) : lines[3]!;
    const id = this.#recording ? base64url(this.#recording) : "";
    const told = ["tocsin.receipt/v1", id, note["q"], stated, note["t"], note["b"]];
    const signed = base64(join(fromHex(note["k"] as string), signature));
    if (this.#recording && lines.join("\n") !== [...told, "", `\u2014 ${name} ${signed}`].join("\n")) throw new Wrong("receipt_differs", where);
    count(this.receipts, note["k"] as string);
    return utf8(`${lines.slice(0, 6).join("\n")}\n`);
  }
}

function count(counted: Map<string, number>, id: string): void {
  counted.set(id, (counted.get(id) ?? 0) + 1);
}

function decoded(signature: string, where: string): Bytes {
  const raw = fromBase64url(signature);
  if (raw.length !== SIGNATURE_BYTES) throw new Wrong("malformed", where);
  return raw;
}

function text(line: Bytes): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line);
}
