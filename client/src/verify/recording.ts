/** Opens the chunks in order with the recording key, and rebuilds what the tables must say (docs/spec/recording.md). */
import { verifyEd25519 } from "../crypto/asymmetric.ts";
import { fromBigEndian, isSame, join, sha256, utf8, type Bytes } from "../crypto/bytes.ts";
import { dumps, type Value } from "../crypto/canonical.ts";
import { hkdf, ratchet } from "../crypto/hkdf.ts";
import { padded } from "../crypto/padding.ts";
import { canonical, fromHex, isCount, isObject, need, type Json } from "./read_json.ts";
import { Wrong } from "./report.ts";

const LABEL = utf8("tocsin.recording/v1");
const FIRST_LINE = utf8("tocsin.recording/v1 hkdf-sha256 aes-256-gcm ed25519\n");
export const TYPES: Record<number, string> = { 1: "media", 2: "event", 3: "gap", 4: "call", 6: "import" };
const SPOKEN: Record<number, string> = { 2: "event", 3: "reason", 4: "call" };
const ENDINGS: Record<string, string> = { webm: "webm", mp4: "mp4", ogg: "ogg", quicktime: "mov" };
const FROM_START = "at browser build continued_seq continues height kind mime os place recipients_note width".split(" ");
export const NONE: Value = { source: "none", value: "not collected" };
/** A frame of a chunk that is withheld: place, links, signature. */
export const WITHHELD_BYTES = 137;
const SHORTEST = 1145;
const LONGEST = 2 ** 20 + 121;

export interface Opened {
  readonly kind: number;
  readonly time: bigint;
  readonly body: Bytes;
  readonly ciphertext: Bytes;
}

export class Recording {
  readonly id: Bytes;
  readonly publicKey: Bytes;
  readonly salt: Bytes;
  readonly commitment: Bytes;
  link: Bytes;
  count = 0;
  isFinal = false;
  start: Json = {};
  readonly gaps: Value[] = [];
  readonly originals = new Map<string, number>();
  #chain: Bytes = new Uint8Array(0);
  /** Where some chunks are withheld: the key of each other one. */
  #keys: readonly Value[] | undefined;
  #nonce: Bytes = new Uint8Array(0);
  #stopReason: Value | undefined;
  #clock: { offset: number; bound: number } | undefined;
  #number = 0;
  #ending = "bin";
  #isNew = true;

  private constructor(raw: Bytes, link: Bytes) {
    [this.id, this.publicKey, this.salt, this.commitment] = [raw.slice(0, 16), raw.slice(16, 48), raw.slice(48, 72), raw.slice(72)];
    this.link = link;
  }

  /** Throws `Wrong` for a header of another form or a key of another recording. */
  static async begin(header: Bytes, keys: Json): Promise<Recording> {
    const cut = FIRST_LINE.length;
    if (header.length !== cut + 104 || !isSame(header.subarray(0, cut), FIRST_LINE)) throw new Wrong("header_wrong");
    const made = new Recording(header.slice(cut), await sha256(header));
    if (keys["opening_key"] === undefined) {
      const told = need(keys, { texts: "base_nonce", lists: "chunk_keys" });
      [made.#keys, made.#nonce] = [told["chunk_keys"] as Value[], fromHex(String(told["base_nonce"]))];
      return made;
    }
    const secret = await hkdf(fromHex(need(keys, { texts: "opening_key" })["opening_key"] as string), made.salt, join(LABEL, made.id, made.publicKey), 76);
    if (!isSame(secret.subarray(44), made.commitment)) throw new Wrong("commitment_wrong");
    [made.#chain, made.#nonce] = [secret.slice(0, 32), secret.slice(32, 44)];
    return made;
  }

  /** How many chunks keys.json tells of one by one; undefined where one key opens all. */
  get countOfKeys(): number | undefined {
    return this.#keys?.length;
  }

  /** Check the frame of a chunk that is withheld: its place, and the recording's signature on its link. Throws `Wrong`. */
  async skip(raw: Bytes): Promise<void> {
    const [where, previous, link] = [`chunk ${this.count}`, raw.subarray(9, 41), raw.slice(41, 73)];
    if (raw[8] !== 0) throw new Wrong("chunk_malformed", where);
    if (this.isFinal || fromBigEndian(raw.subarray(0, 8)) !== this.count) throw new Wrong("chunk_order", where);
    if (!isSame(previous, this.link)) throw new Wrong("link_wrong", where);
    const message = join(LABEL, utf8(" link\n"), link);
    if (!(await verifyEd25519(this.publicKey, raw.subarray(73), message))) throw new Wrong("signature_wrong", where);
    if (this.#keys?.[this.count] !== null) throw new Wrong("keys_differ", where);
    this.link = link;
    this.count += 1;
  }

  /** The key of the next chunk, and the chain after it. Throws `Wrong` where there is none for a chunk that is here. */
  async #key(): Promise<{ key: Bytes; next: Bytes }> {
    if (!this.#keys) return ratchet(this.#chain, LABEL, "chunk");
    const told = this.#keys[this.count];
    if (typeof told !== "string") throw new Wrong("keys_differ", `chunk ${this.count}`);
    return { key: fromHex(told), next: this.#chain };
  }

  /** Check and open the next chunk. Throws `Wrong`. */
  async open(raw: Bytes): Promise<Opened> {
    const [where, head, ciphertext] = [`chunk ${this.count}`, raw.slice(0, 41), raw.slice(41, -64)];
    if (raw.length < SHORTEST || raw.length > LONGEST || raw[8]! > 1) throw new Wrong("chunk_malformed", where);
    if (this.isFinal || fromBigEndian(raw.subarray(0, 8)) !== this.count) throw new Wrong("chunk_order", where);
    if (!isSame(raw.subarray(9, 41), this.link)) throw new Wrong("link_wrong", where);
    const link = await sha256(join(raw.subarray(9, 41), raw.subarray(0, 9), ciphertext));
    const message = join(LABEL, utf8(" link\n"), link);
    if (!(await verifyEd25519(this.publicKey, raw.subarray(-64), message))) throw new Wrong("signature_wrong", where);
    const { key, next } = await this.#key();
    const inner = await this.#decrypt(key, head, ciphertext, where);
    const end = 13 + fromBigEndian(inner.subarray(9, 13));
    const isPadded = inner.length === padded(end) && end <= inner.length && inner.subarray(end).every((byte) => byte === 0);
    if (!isPadded) throw new Wrong("padding", where);
    [this.#chain, this.link, this.isFinal] = [next, link, raw[8] === 1];
    this.count += 1;
    const time = new DataView(inner.buffer).getBigUint64(1);
    return { kind: inner[0]!, time, body: inner.slice(13, end), ciphertext };
  }

  async #decrypt(key: Bytes, head: Bytes, ciphertext: Bytes, where: string): Promise<Bytes> {
    const iv = this.#nonce.slice();
    head.subarray(0, 8).forEach((byte, i) => (iv[4 + i]! ^= byte));
    try {
      const opener = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: head }, opener, ciphertext));
    } catch {
      throw new Wrong("decryption", where);
    }
  }

  /** The original that the next `length` bytes of media or import belong to, and where they begin. */
  place(kind: number, length: number): { name: string; at: number } {
    if (this.#isNew) this.#number += 1;
    this.#isNew = false;
    const name = `original/${TYPES[kind]}-${String(this.#number).padStart(3, "0")}.${this.#ending}`;
    const at = this.originals.get(name) ?? 0;
    this.originals.set(name, at + length);
    return { name, at };
  }

  /** Take in an event, gap or call; its row of events.csv. */
  note(kind: number, time: bigint, body: Bytes): Bytes {
    const seq = this.count - 1;
    const read = objectIn(body);
    const said = read ?? {};
    if (seq === 0) this.start = said;
    if (kind === 2) this.#event(said);
    if (kind === 3) {
      const times = { from_ms: wholeNumber(said["from_ms"]), until_ms: wholeNumber(said["until_ms"]) };
      this.gaps.push({ ...times, reason: wordOf(said["reason"]), seq });
    }
    const detail = read ? `"${new TextDecoder("utf-8", { ignoreBOM: true }).decode(body).replaceAll('"', '""')}"` : "";
    return utf8(`${seq},${TYPES[kind]},${time},${wordOf(said[SPOKEN[kind]!])},${wholeNumber(said["at"])},${detail}\n`);
  }

  #event(said: Json): void {
    const event = said["event"];
    if (event === "start" || event === "restarted_media") {
      const mime = said["mime"];
      this.#ending = ENDINGS[typeof mime === "string" ? afterSlash(mime) : ""] ?? "bin";
      this.#isNew = true;
    }
    if (event === "stop") this.#stopReason = said["reason"] ?? null;
    if (event === "clock") this.#compareClock(said["at"], said["node_ms"], said["round_trip_ms"]);
  }

  #compareClock(at: unknown, node: unknown, trip: unknown): void {
    if (!isWhole(at) || !isWhole(node) || !isWhole(trip)) return;
    if (!this.#clock || trip < this.#clock.bound) this.#clock = { offset: node - at, bound: trip };
  }

  /** How far the phone's clock stood from the node's (ms, above 0 behind it) and within what bound. */
  get clock(): { offset: number; bound: number } | undefined {
    return this.#clock;
  }

  /** What capture.json must be. `more`: fields that come from elsewhere in the package. */
  capture(more: Json): Bytes {
    const found: Json = { device: NONE, recorder: NONE };
    for (const name of FROM_START) {
      found[name] = sourced(Object.hasOwn(this.start, name) ? this.start[name]! : "not collected", "stated by the phone at the start");
    }
    found["stop_reason"] = sourced(this.#stopReason ?? "not collected", "stated by the phone at the stop");
    found["clock_offset_ms"] = sourced(this.#clock?.offset ?? "not collected", "computed from a clock event");
    found["clock_offset_bound_ms"] = sourced(this.#clock?.bound ?? "not collected", "computed from a clock event");
    return dumps({ ...found, ...more });
  }
}

export function objectIn(body: Bytes): Json | undefined {
  try {
    const said = canonical(body);
    return isObject(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

export function sourced(value: Value, source: string): Value {
  return value === "not collected" ? NONE : { source, value };
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value);
}

function wordOf(value: unknown): string {
  return typeof value === "string" && /^[a-z_]{1,40}$/.test(value) ? value : "other";
}

function wholeNumber(value: unknown): number | "" {
  return isCount(value) ? value : "";
}

function afterSlash(mime: string): string {
  const kind = mime.split(";")[0]!;
  const slash = kind.indexOf("/");
  return slash < 0 ? "" : kind.slice(slash + 1);
}
