/**
 * What the holder of the recovery words may do with a recording, from any device: see what happened, take it, say who can open it, erase
 * it (docs/spec/http.md). Words, keys and capabilities stay in this object; `forget` drops them.
 */
import { base64url, fromBase64url, join, wipe, type Bytes } from "../crypto/bytes.ts";
import { dumps, loads } from "../crypto/canonical.ts";
import { openWith, recipientOf, sealTo } from "../crypto/envelope.ts";
import { parseHeader, Reader, type Header } from "../crypto/stream.ts";
import { derive } from "../crypto/words.ts";

export type Fault = "unknown" | "erased" | "lost" | "absent" | "frozen" | "refused" | "failed";

export class OwnerError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault);
    this.fault = fault;
  }
}

export interface Standing {
  readonly recording: string;
  readonly closed: "open" | "stopped" | "cut" | "erased";
  readonly next: number;
  readonly covered_seq: number | null;
  readonly bytes?: number;
  readonly retained_until: number;
}

interface Found extends Standing {
  readonly header: string;
  readonly wraps: string;
}

const KEY_BYTES = 32;

export class Owner {
  readonly standing: Standing;
  readonly header: Header;
  /** The recipient of the words themselves. */
  readonly self: string;
  /** Who the envelope says it is sealed to; undefined where it says nothing, as the phone's own does: then `fromStart` tells. */
  recipients: readonly string[] | undefined;
  readonly #recordingKey: Bytes;
  readonly #capability: Bytes;

  private constructor(standing: Standing, header: Header, self: string, envelope: Bytes, capability: Bytes) {
    this.standing = standing;
    this.header = header;
    this.self = self;
    this.#recordingKey = envelope.slice(0, KEY_BYTES);
    this.recipients = listed(envelope.subarray(KEY_BYTES));
    this.#capability = capability;
  }

  /** The recording that seven words lead to. Rejects with `OwnerError`. */
  static async find(words: readonly string[]): Promise<Owner> {
    const { identity, locator } = await derive(words);
    const found = (await (await ask("/recover", "POST", locator)).json()) as Found;
    wipe(locator);
    try {
      const header = await parseHeader(fromBase64url(found.header));
      const envelope = await openWith(identity, fromBase64url(found.wraps));
      const { ownerSecret } = await Reader.begin(envelope.slice(0, KEY_BYTES), header);
      return new Owner(found, header, await recipientOf(identity), envelope, ownerSecret);
    } catch {
      throw new OwnerError("failed");
    }
  }

  /** Whom the phone sealed to, by its start event: all but the last, the return identity, which opens nothing any more. */
  fromStart(start: Readonly<Record<string, unknown>>): readonly string[] {
    const told = start["recipients"];
    return this.recipients ?? (Array.isArray(told) ? told.slice(0, -1).map(String) : []);
  }

  reader(): Promise<Reader> {
    return Reader.begin(this.#recordingKey.slice(), this.header);
  }

  /** The sealed copy. The node notes that it was taken. */
  async sealed(told: (bytes: number) => void = () => undefined): Promise<Blob> {
    const answer = await ask(`${this.#address}/sealed`, "GET", this.#capability);
    const parts: BlobPart[] = [];
    let bytes = 0;
    for await (const part of answer.body ?? []) {
      parts.push(new Blob([part as Bytes]));
      told((bytes += part.length));
    }
    return new Blob(parts, { type: "application/octet-stream" });
  }

  /** Seal the key anew, to `recipients` and the words themselves. Whoever took a copy before keeps that copy. */
  async share(recipients: readonly string[]): Promise<void> {
    const all = [...new Set([this.self, ...recipients])];
    const wraps = await sealTo(all, join(this.#recordingKey, dumps({ recipients: all })));
    await ask(`${this.#address}/wraps`, "PUT", this.#capability, { wraps: base64url(wraps), locator: "" });
    this.recipients = all;
  }

  async erase(): Promise<void> {
    await ask(`${this.#address}/erase`, "POST", this.#capability);
  }

  forget(): void {
    wipe(this.#recordingKey, this.#capability);
  }

  get #address(): string {
    return `/encounters/${this.standing.recording}`;
  }
}

function listed(after: Bytes): readonly string[] | undefined {
  if (after.length === 0) return undefined;
  const { recipients } = loads(after) as { recipients?: unknown };
  return Array.isArray(recipients) ? recipients.map(String) : undefined;
}

async function ask(address: string, method: string, capability: Bytes, body?: object): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Tocsin ${base64url(capability)}` };
  if (body) headers["content-type"] = "application/json";
  const sent: RequestInit = { method, headers, cache: "no-store", credentials: "omit", ...(body && { body: JSON.stringify(body) }) };
  const answer = await fetch(address, sent).catch(() => {
    throw new OwnerError("absent");
  });
  if (answer.ok) return answer;
  const faults: Record<number, Fault> = { 403: "unknown", 410: "erased", 423: "frozen", 503: "absent" };
  if (answer.status === 410 && (await codeOf(answer)) === "recording_lost") throw new OwnerError("lost");
  throw new OwnerError(faults[answer.status] ?? "refused");
}

async function codeOf(answer: Response): Promise<string | undefined> {
  const told = (await answer.json().catch(() => ({}))) as { code?: string };
  return told.code;
}

/** Whether `text` has the shape of an age X25519 recipient; the checksum is tried when it is sealed to. */
export function isRecipient(text: string): boolean {
  return /^age1[02-9ac-hj-np-z]{58}$/.test(text);
}
