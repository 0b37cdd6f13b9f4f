/**
 * What of the list is this lawyer's: capabilities, found by trying the tickets; pseudonyms of colleagues, sealed to the desk; the marks that
 * declining leaves (docs/spec/desk.md). All of it is in this tab's memory only.
 */
import { bech32 } from "@scure/base";
import { base64url, fromBase64url, join, randomBytes, sha256, utf8, wipe, type Bytes } from "../crypto/bytes.ts";
import { dumps, loads, type Value } from "../crypto/canonical.ts";
import { provenKeys, type DeskKeys, type Trust } from "../crypto/desk.ts";
import { openWith, recipientOf, sealTo } from "../crypto/envelope.ts";
import { hkdf } from "../crypto/hkdf.ts";
import type { Line } from "./lines.ts";

const STEP = 512;
export const PAPER_STEP = 4096;
const CAPABILITY_BYTES = 32;
const KEY_BYTES = 32;

/** A lawyer whose key phones seal to. */
export interface Colleague {
  readonly name: string;
  readonly recipient: string;
}

export interface Drawn {
  readonly digest: string;
  readonly ticket: string;
}

/** Body of a hand-over (docs/spec/desk.md). */
export interface HandedOver extends Drawn {
  readonly label: string;
  readonly wraps: string;
  readonly to: string;
}

export class Ours {
  readonly recipient: string;
  readonly desk: readonly Colleague[];
  readonly #identity: string;
  readonly #seed: Bytes;
  readonly #capabilities = new Map<string, Bytes>();
  readonly #names = new Map<string, string>();
  /** Turn of each line that was looked at, and when what it says is known. */
  readonly #looked = new Map<string, { readonly turn: number; readonly done: Promise<void> }>();
  readonly #declined = new Set<string>();

  private constructor(identity: string, recipient: string, desk: readonly Colleague[]) {
    this.#identity = identity;
    this.#seed = new Uint8Array(bech32.decodeToBytes(identity.toLowerCase()).bytes);
    this.recipient = recipient;
    this.desk = desk;
  }

  /** For an age identity. The desk's keys are proven as a phone proves them; without a proof nobody but oneself is sealed to. */
  static async of(identity: string, trust: Trust): Promise<Ours> {
    const recipient = await recipientOf(identity);
    const list = await fetch("/desk-keys", { cache: "no-store" }).then((answer) => (answer.ok ? (answer.json() as Promise<DeskKeys>) : undefined));
    return new Ours(identity, recipient, list ? await colleagues(list, trust) : []);
  }

  get identity(): string {
    return this.#identity;
  }

  forget(): void {
    wipe(this.#seed, ...this.#capabilities.values());
    this.#capabilities.clear();
    this.#names.clear();
    this.#looked.clear();
  }

  capability(recording: string): Bytes | undefined {
    return this.#capabilities.get(recording);
  }

  /** Who has it; "" where this browser cannot tell. */
  name(recording: string): string {
    return this.#names.get(recording) ?? "";
  }

  isDeclined(recording: string): boolean {
    return this.#declined.has(recording);
  }

  /** Look at a line that changed: is it ours, whose is it, did we decline it. Says whether anything new was learnt. */
  async look(line: Line): Promise<boolean> {
    const known = this.#looked.get(line.recording);
    if (known?.turn === line.turn) {
      await known.done; // whoever asks meanwhile must not take "not known yet" for "not ours"
      return false;
    }
    const done = this.#learn(line);
    this.#looked.set(line.recording, { turn: line.turn, done });
    await done;
    return true;
  }

  async #learn(line: Line): Promise<void> {
    const { recording } = line;
    const capability = line.ticket ? await this.#capabilityIn(line) : undefined;
    const label = line.label ? await this.#opened(line.label) : undefined;
    const isDeclined = line.marks.includes(await this.mark(recording));
    if (this.#looked.get(recording)?.turn !== line.turn) return; // a newer turn is being looked at
    if (capability) this.#capabilities.set(recording, capability);
    else this.#capabilities.delete(recording);
    if (label) this.#names.set(recording, String(label["name"] ?? "").slice(0, 60));
    else this.#names.delete(recording);
    if (isDeclined) this.#declined.add(recording);
    else this.#declined.delete(recording);
  }

  /** What declining this recording leaves: ours alone, for it alone. */
  async mark(recording: string): Promise<string> {
    const use = join(utf8("tocsin.desk/v1 declined"), fromBase64url(recording));
    return base64url(await sha256(await hkdf(this.#seed, new Uint8Array(0), use, 32)));
  }

  /** A fresh capability for a recording, sealed to `recipient`. */
  async draw(recording: string, recipient = this.recipient): Promise<Drawn> {
    const capability = randomBytes(CAPABILITY_BYTES);
    const ticket = await sealTo([recipient], padded(dumps({ capability: base64url(capability), recording }), STEP));
    return { digest: base64url(await sha256(capability)), ticket: base64url(ticket) };
  }

  /** The recording key in `wraps` sealed to a colleague, with a fresh capability for them. The key is in memory for this moment. */
  async handedOver(recording: string, wraps: Bytes, to: Colleague): Promise<HandedOver> {
    const envelope = await openWith(this.#identity, wraps);
    const sealed = await sealTo([to.recipient], join(envelope.subarray(0, KEY_BYTES), listed(envelope.subarray(KEY_BYTES))));
    wipe(envelope);
    const drawn = await this.draw(recording, to.recipient);
    return { ...drawn, label: await this.label(to.name), wraps: base64url(sealed), to: await keyId(to.recipient) };
  }

  /** A pseudonym for the desk's eyes. */
  async label(name: string): Promise<string> {
    return base64url(await sealTo(this.toDesk(), padded(dumps({ name }), STEP)));
  }

  /** Everybody of the desk, oneself included. */
  toDesk(): string[] {
    return [...new Set([this.recipient, ...this.desk.map((one) => one.recipient)])];
  }

  /** Seal what was written about a recording to the desk. */
  async seal(said: Value): Promise<string> {
    return base64url(await sealTo(this.toDesk(), padded(dumps(said), PAPER_STEP)));
  }

  /** Seal to oneself alone: a draft on this device. */
  async sealDraft(said: Value): Promise<string> {
    return base64url(await sealTo([this.recipient], padded(dumps(said), PAPER_STEP)));
  }

  /** What was sealed to us; undefined for everything else. */
  async open(sealed: string): Promise<Record<string, Value> | undefined> {
    return this.#opened(sealed);
  }

  async #capabilityIn(line: Line): Promise<Bytes | undefined> {
    const said = await this.#opened(line.ticket);
    // The node could put one ticket in another's place: it says itself what it is for.
    if (said?.["recording"] !== line.recording || typeof said["capability"] !== "string") return undefined;
    return fromBase64url(said["capability"]);
  }

  async #opened(sealed: string): Promise<Record<string, Value> | undefined> {
    try {
      const said = loads(unpadded(await openWith(this.#identity, fromBase64url(sealed))));
      return said !== null && typeof said === "object" && !Array.isArray(said) ? said : undefined;
    } catch {
      return undefined;
    }
  }
}

/** `lawyer:<key id>` of custody notes: how the owner tells two lawyers apart. */
export async function keyId(recipient: string): Promise<string> {
  const digest = await sha256(join(utf8("tocsin.lawyer/v1 key\n"), utf8(recipient)));
  return [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function colleagues(list: DeskKeys, trust: Trust): Promise<Colleague[]> {
  const { keys, roll } = await provenKeys(list, trust, Math.floor(Date.now() / 1000));
  return keys.map((recipient) => ({ recipient, name: roll?.lawyers.get(recipient)?.name ?? recipient.slice(0, 12) }));
}

/** The owner's list of recipients goes with the key, so that whoever changes it later drops nobody unseen. */
function listed(after: Bytes): Bytes {
  try {
    return after.length > 0 ? dumps(loads(after)) : new Uint8Array(0);
  } catch {
    return new Uint8Array(0);
  }
}

function padded(raw: Bytes, step: number): Bytes {
  const whole = new Uint8Array(Math.ceil((raw.length + 1) / step) * step);
  whole.set(raw);
  return whole;
}

function unpadded(plain: Bytes): Bytes {
  let end = plain.length;
  while (end > 0 && plain[end - 1] === 0) end -= 1;
  return plain.slice(0, end);
}
