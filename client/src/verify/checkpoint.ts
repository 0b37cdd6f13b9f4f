/** Checkpoints with their signature lines (C2SP signed-note, tlog-checkpoint, tlog-cosignature), strictly read. */
import { verifyEd25519 } from "../crypto/asymmetric.ts";
import { bigEndian, fromBigEndian, isSame, join, sha256, utf8, type Bytes } from "../crypto/bytes.ts";
import { b64, hex } from "./read_json.ts";
import { Wrong } from "./report.ts";

const PUBLIC_BYTES: Record<number, number> = { 1: 32, 4: 32, 6: 1312 };
export const NOTE_LOG = 1;
const COSIGNATURE = 4;

/** A verifier key. `text` is its vkey. */
export interface Key {
  readonly name: string;
  readonly keyId: Bytes;
  readonly kind: number;
  readonly publicKey: Bytes;
  readonly text: string;
}

/** Throws for anything but a vkey of a kind we know. */
export async function parseVkey(text: unknown): Promise<Key> {
  if (typeof text !== "string") throw new Wrong("malformed", "vkey");
  const [name, keyId, ...rest] = text.split("+");
  const raw = b64(rest.join("+"));
  const kind = raw[0] ?? 0;
  const computed = (await sha256(join(utf8(`${name}\n`), raw))).slice(0, 4);
  if (!name || hex(computed) !== keyId || PUBLIC_BYTES[kind] !== raw.length - 1) throw new Wrong("malformed", "vkey");
  return { name, keyId: computed, kind, publicKey: raw.slice(1), text };
}

interface Line {
  readonly name: string;
  readonly keyId: Bytes;
  readonly raw: Bytes;
}

export class Checkpoint {
  /** With its final LF: what the log signed and authorities stamped. */
  readonly text: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
  readonly #lines: readonly Line[];

  /** Throws for what is no checkpoint. Nothing is verified yet. */
  constructor(raw: Uint8Array) {
    const whole = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
    const gap = whole.lastIndexOf("\n\n");
    this.text = whole.slice(0, gap + 1);
    const [origin, size, root] = this.text.split("\n");
    this.origin = origin ?? "";
    this.size = Number(size);
    this.root = b64(root, 32);
    if (gap < 0 || !/^[1-9][0-9]*$/.test(size ?? "") || !Number.isSafeInteger(this.size) || !whole.endsWith("\n")) {
      throw new Wrong("malformed", "checkpoint");
    }
    this.#lines = whole.slice(gap + 2, -1).split("\n").map(parseLine);
  }

  async isSignedBy(log: Key): Promise<boolean> {
    const found = this.#by(log);
    if (log.kind !== NOTE_LOG || log.name !== this.origin || found.length === 0) return false;
    for (const raw of found) if (!(await verifyEd25519(log.publicKey, raw, utf8(this.text)))) return false;
    return true;
  }

  /** When `witness` cosigned this, Unix seconds; undefined if it did not. Throws `Wrong` for a line that does not verify. */
  async cosigned(witness: Key): Promise<number | undefined> {
    let earliest: number | undefined;
    for (const raw of this.#by(witness)) {
      const time = fromBigEndian(raw.subarray(0, 8));
      if (!(await this.#isCosignature(witness, raw))) throw new Wrong("cosignature", `${witness.name} on ${this.size}`);
      if (time > 0 && (earliest === undefined || time < earliest)) earliest = time;
    }
    return earliest;
  }

  async #isCosignature(witness: Key, raw: Bytes): Promise<boolean> {
    const [time, signature] = [raw.subarray(0, 8), raw.subarray(8)];
    if (witness.kind === COSIGNATURE) {
      return verifyEd25519(witness.publicKey, signature, utf8(`cosignature/v1\ntime ${fromBigEndian(time)}\n${this.text}`));
    }
    const [name, origin] = [utf8(witness.name), utf8(this.origin)];
    const tree = join(new Uint8Array(8), bigEndian(this.size, 8), this.root);
    const message = join(utf8("subtree/v1\n\0"), new Uint8Array([name.length]), name, time, new Uint8Array([origin.length]), origin, tree);
    const { ml_dsa44 } = await import("@noble/post-quantum/ml-dsa.js");
    try {
      return ml_dsa44.verify(signature, message, witness.publicKey);
    } catch {
      return false;
    }
  }

  #by(key: Key): Bytes[] {
    return this.#lines.filter((line) => line.name === key.name && isSame(line.keyId, key.keyId)).map((line) => line.raw);
  }
}

function parseLine(line: string): Line {
  const [dash, name, signature, ...more] = line.split(" ");
  const raw = b64(signature);
  if (dash !== "\u2014" || more.length > 0 || raw.length < 5) throw new Wrong("malformed", "signature line");
  return { name: name ?? "", keyId: raw.slice(0, 4), raw: raw.slice(4) };
}

/** When the last needed witness signed. A witness counts once, under one name and with one key. */
export function quorumTime(signed: readonly (readonly [Key, number])[], quorum: number): number | undefined {
  const names = new Set<string>();
  const keys = new Set<string>();
  for (const [key, time] of [...signed].sort((a, b) => a[1] - b[1])) {
    names.add(key.name);
    keys.add(hex(key.publicKey));
    if (Math.min(names.size, keys.size) >= quorum) return time;
  }
  return undefined;
}
