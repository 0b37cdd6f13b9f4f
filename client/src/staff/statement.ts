/**
 * Stewards' statements (docs/spec/stewards.md): made here, told in words here from the very bytes that are signed, signed here. A node that
 * shows one thing and has another signed is found by whoever reads the words.
 */
import { newSigner } from "../crypto/asymmetric.ts";
import { base64, base64url, randomBytes, sha256, utf8 } from "../crypto/bytes.ts";
import { dumps, loads, type Value } from "../crypto/canonical.ts";
import { wordList } from "../crypto/words.ts";

const LABELS = { propose: "tocsin.steward/v1 propose\n", confirm: "tocsin.steward/v1 confirm\n" } as const;
const FINGERPRINT = "tocsin.desk/v1 fingerprint\n";
const FINGERPRINT_WORDS = 7;
const DAY_MS = 86_400_000;

export interface Named {
  readonly key: string;
  readonly name: string;
  readonly custodian: string;
}

/** What two stewards sign. `keys` where it is about keys, else the other four. */
export interface Statement {
  readonly act: string;
  readonly day: number;
  readonly node: string;
  readonly salt: string;
  readonly keys?: readonly Named[];
  readonly recording?: string;
  readonly reason?: string;
  readonly number?: number;
  readonly days?: Readonly<Record<string, number>>;
}

interface Signature {
  readonly key: string;
  readonly signature: string;
}

interface Signed {
  readonly statement: Statement;
  readonly signatures: readonly Signature[];
}

export type Fields = Pick<Statement, "keys" | "recording" | "reason" | "number" | "days">;

/** The person's own signature stands on it already, it is of another node, or it is no statement at all. */
export class StatementWrong extends Error {}

/** A statement of today for the node of this log. */
export function made(act: string, fields: Fields, node: string, now = Date.now()): Statement {
  const said = { act, day: Math.floor(now / DAY_MS), node, salt: base64url(randomBytes(32)) };
  return fields.keys ? { ...said, keys: fields.keys } : { ...said, days: {}, number: 0, reason: "", recording: "", ...fields };
}

/** The first steward's word, as the node takes it. */
export async function propose(statement: Statement, seed: Uint8Array): Promise<string> {
  return written({ statement, signatures: [await signature("propose", statement, seed)] });
}

/** Another steward's statement, read from its canonical bytes. Throws `StatementWrong`. */
export function read(raw: string, node: string): Signed {
  try {
    const found = loads(utf8(raw)) as unknown as Signed;
    if (found.statement.node !== node || found.signatures.length !== 1) throw new StatementWrong();
    return found;
  } catch {
    throw new StatementWrong();
  }
}

/** The second steward's. Rejects with `StatementWrong` for the first one's key. */
export async function confirm({ statement, signatures }: Signed, seed: Uint8Array): Promise<string> {
  const second = await signature("confirm", statement, seed);
  if (signatures[0]?.key === second.key) throw new StatementWrong();
  return written({ statement, signatures: [...signatures, second] });
}

/** Seven words that stand for a key. Its owner says them aloud to who signs. */
export async function fingerprint({ key, custodian }: Pick<Named, "key" | "custodian">): Promise<string> {
  const digest = await sha256(utf8(`${FINGERPRINT}${key}\n${custodian}\n`));
  const list = await wordList();
  let bits = 0n;
  for (const byte of digest) bits = (bits << 8n) | BigInt(byte);
  const places = Array.from({ length: FINGERPRINT_WORDS }, (_, place) => Number((bits >> BigInt(256 - 11 * (place + 1))) & 2047n));
  return places.map((place) => list[place]).join(" ");
}

async function signature(label: keyof typeof LABELS, statement: Statement, seed: Uint8Array): Promise<Signature> {
  const signer = await newSigner(new Uint8Array(seed));
  const raw = dumps(statement as unknown as Value);
  const message = new Uint8Array([...utf8(LABELS[label]), ...raw]);
  const signed = { key: base64(signer.publicKey), signature: base64(await signer.sign(message)) };
  signer.drop();
  return signed;
}

function written(signed: Signed): string {
  return new TextDecoder().decode(dumps(signed as unknown as Value));
}
