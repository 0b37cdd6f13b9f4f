/**
 * The recording stream: one second, one chunk, keys only in memory (docs/spec/recording.md).
 *
 * `Writer` seals and forgets: when `seal` has returned, nothing it keeps opens that chunk. `Reader` opens with the recording key.
 * Nothing here stores or sends.
 */
import { newSigner, verifyEd25519, x25519Public, type Signer } from "./asymmetric.ts";
import { bigEndian, fromBigEndian, isSame, join, randomBytes, sha256, utf8, wipe, type Bytes } from "./bytes.ts";
import { hkdf, ratchet } from "./hkdf.ts";
import { INNER_FLOOR, padded } from "./padding.ts";

export const LABEL = utf8("tocsin.recording/v1");
export const FIRST_LINE = utf8("tocsin.recording/v1 hkdf-sha256 aes-256-gcm ed25519\n");
const LINK_LABEL = join(LABEL, utf8(" link\n"));

export const TYPE = { media: 1, event: 2, gap: 3, call: 4, sensor: 5, import: 6 } as const;
export type InnerType = (typeof TYPE)[keyof typeof TYPE];

const HEADER_BYTES = FIRST_LINE.length + 16 + 32 + 24 + 32;
const BEFORE_CIPHERTEXT = 8 + 1 + 32;
const SIGNATURE_BYTES = 64;
const TAG_BYTES = 16;
const INNER_HEAD = 1 + 8 + 4;
const INNER_LIMIT = 1024 * 1024;
/** A writer splits a longer slice, so that one late slice is not one lost slice. */
export const SLICE_LIMIT = 256 * 1024;
const FINAL = 1;

export type StreamFault =
  | "header_malformed"
  | "chunk_malformed"
  | "link_wrong"
  | "signature_wrong"
  | "commitment_wrong"
  | "chunk_unopenable"
  | "writer_closed";

export class StreamError extends Error {
  readonly code: StreamFault;
  constructor(code: StreamFault) {
    super(code);
    this.code = code;
  }
}

export interface Header {
  readonly raw: Bytes;
  readonly recordingId: Bytes;
  readonly publicKey: Bytes;
  readonly salt: Bytes;
  readonly commitment: Bytes;
  /** The link that chunk 0 names as the previous one. */
  readonly link: Bytes;
}

export interface Chunk {
  readonly raw: Bytes;
  readonly seq: number;
  readonly isFinal: boolean;
  readonly previousLink: Bytes;
  readonly ciphertext: Bytes;
  readonly signature: Bytes;
  readonly link: Bytes;
}

/** One opened second: `monotonicMs` counts from the beginning of the recording. */
export interface Inner {
  readonly type: number;
  readonly monotonicMs: number;
  readonly body: Bytes;
}

export interface Sealed {
  readonly seq: number;
  readonly bytes: Bytes;
  readonly link: Bytes;
}

/** Read a header. Rejects with `header_malformed` for anything but exactly one header of version 1. */
export async function parseHeader(raw: Uint8Array): Promise<Header> {
  const first = raw.subarray(0, FIRST_LINE.length);
  if (raw.length !== HEADER_BYTES || !isSame(first, FIRST_LINE)) throw new StreamError("header_malformed");
  const fields = raw.slice(FIRST_LINE.length);
  return {
    raw: raw.slice(),
    recordingId: fields.slice(0, 16),
    publicKey: fields.slice(16, 48),
    salt: fields.slice(48, 72),
    commitment: fields.slice(72),
    link: await sha256(raw),
  };
}

/** Read a chunk and compute its link. Rejects with `chunk_malformed` for a length, a size class or a flag it cannot have. */
export async function parseChunk(raw: Uint8Array): Promise<Chunk> {
  const inner = raw.length - BEFORE_CIPHERTEXT - TAG_BYTES - SIGNATURE_BYTES;
  const isSized = inner >= INNER_FLOOR && inner <= INNER_LIMIT && padded(inner) === inner;
  const seq = fromBigEndian(raw.subarray(0, 8));
  if (!isSized || raw[8]! > FINAL || Number.isNaN(seq)) throw new StreamError("chunk_malformed");
  const previousLink = raw.slice(9, BEFORE_CIPHERTEXT);
  const ciphertext = raw.slice(BEFORE_CIPHERTEXT, -SIGNATURE_BYTES);
  const link = await sha256(join(previousLink, raw.subarray(0, 9), ciphertext));
  return { raw: raw.slice(), seq, isFinal: raw[8] === FINAL, previousLink, ciphertext, signature: raw.slice(-SIGNATURE_BYTES), link };
}

/** All that can be checked without a key. Rejects with `link_wrong` or `signature_wrong`. */
export async function checkChunk(header: Header, chunk: Chunk, newestLink: Uint8Array): Promise<void> {
  if (!isSame(chunk.previousLink, newestLink)) throw new StreamError("link_wrong");
  const isSigned = await verifyEd25519(header.publicKey, chunk.signature, join(LINK_LABEL, chunk.link));
  if (!isSigned) throw new StreamError("signature_wrong");
}

interface Secrets {
  chainKey: Bytes;
  nonceStart: Bytes;
  commitment: Bytes;
  custodySeed: Bytes;
  ownerSecret: Bytes;
}

async function deriveSecrets(recordingKey: Bytes, salt: Bytes, recordingId: Bytes, publicKey: Bytes): Promise<Secrets> {
  const bound = join(recordingId, publicKey);
  const openingKey = await hkdf(recordingKey, salt, join(LABEL, utf8(" open"), bound), 32);
  const seen = await hkdf(openingKey, salt, join(LABEL, bound), 76);
  const own = await hkdf(recordingKey, salt, join(LABEL, utf8(" owner"), bound), 64);
  const secrets = {
    chainKey: seen.slice(0, 32),
    nonceStart: seen.slice(32, 44),
    commitment: seen.slice(44),
    custodySeed: own.slice(0, 32),
    ownerSecret: own.slice(32),
  };
  wipe(openingKey, seen, own);
  return secrets;
}

/** What known answers fix and a real recording never does. */
export interface Fixed {
  recordingId: Bytes;
  salt: Bytes;
  signingSeed: Bytes;
}

/** Seals a recording, second by second, in the order of the calls. It cannot open what it sealed. */
export class Writer {
  readonly header: Bytes;
  readonly recordingId: Bytes;
  readonly custodyPublic: Bytes;
  /** SHA-256 of the owner's secret, which itself is not kept: whoever opens the recording derives it. */
  readonly ownerDigest: Bytes;
  #chainKey: Bytes;
  #nonceStart: Bytes;
  #signer: Signer;
  #link: Bytes;
  #seq = 0;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(header: Header, secrets: Secrets, signer: Signer, custodyPublic: Bytes, ownerDigest: Bytes) {
    this.header = header.raw;
    this.recordingId = header.recordingId;
    this.custodyPublic = custodyPublic;
    this.ownerDigest = ownerDigest;
    this.#chainKey = secrets.chainKey;
    this.#nonceStart = secrets.nonceStart;
    this.#signer = signer;
    this.#link = header.link;
  }

  /** Derive everything from the 32-byte recording key. The key is not kept; overwriting it is the caller's act. */
  static async begin(recordingKey: Bytes, fixed?: Fixed): Promise<Writer> {
    const recordingId = fixed?.recordingId ?? randomBytes(16);
    const salt = fixed?.salt ?? randomBytes(24);
    const signer = await newSigner(fixed?.signingSeed);
    const secrets = await deriveSecrets(recordingKey, salt, recordingId, signer.publicKey);
    const header = await parseHeader(join(FIRST_LINE, recordingId, signer.publicKey, salt, secrets.commitment));
    const custodyPublic = await x25519Public(secrets.custodySeed);
    const ownerDigest = await sha256(secrets.ownerSecret);
    wipe(secrets.custodySeed, secrets.ownerSecret);
    return new Writer(header, secrets, signer, custodyPublic, ownerDigest);
  }

  /** The next seq to be sealed: the number of chunks so far. */
  get nextSeq(): number {
    return this.#seq;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The next chunk. Calls are served in order. Rejects with `chunk_malformed` (body too long) or `writer_closed`. */
  seal(type: InnerType, monotonicMs: number, body: Uint8Array, isFinal = false): Promise<Sealed> {
    const sealed = this.#turn.then(() => this.#sealNow(type, monotonicMs, body, isFinal));
    this.#turn = sealed.catch(() => undefined);
    return sealed;
  }

  /** Drop every key at once. Nothing can be sealed from then on. */
  drop(): void {
    this.#isClosed = true;
    wipe(this.#chainKey, this.#nonceStart);
    this.#signer.drop();
  }

  async #sealNow(type: InnerType, monotonicMs: number, body: Uint8Array, isFinal: boolean): Promise<Sealed> {
    if (this.#isClosed) throw new StreamError("writer_closed");
    const inner = packInner(type, monotonicMs, body);
    const seq = this.#seq;
    const place = join(bigEndian(seq, 8), new Uint8Array([isFinal ? FINAL : 0]));
    // Taken before the first wait: `drop` may overwrite the start of the nonces while we wait.
    const nonce = nonceOf(this.#nonceStart, seq);
    const key = await this.#step();
    const ciphertext = await encrypt(key, nonce, inner, join(place, this.#link));
    wipe(inner);
    const link = await sha256(join(this.#link, place, ciphertext));
    const signature = await this.#signer.sign(join(LINK_LABEL, link));
    const bytes = join(place, this.#link, ciphertext, signature);
    this.#link = link;
    this.#seq = seq + 1;
    if (isFinal) this.drop();
    return { seq, bytes, link };
  }

  async #step(): Promise<CryptoKey> {
    const { key, next } = await ratchet(this.#chainKey, LABEL, "chunk");
    wipe(this.#chainKey);
    if (this.#isClosed) {
      wipe(key, next);
      throw new StreamError("writer_closed");
    }
    this.#chainKey = next;
    const usable = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
    wipe(key);
    return usable;
  }
}

/** Opens a recording from its first chunk on, in order. */
export class Reader {
  readonly header: Header;
  /** Private key of the custody notes (docs/spec/custody.md). */
  readonly custodySeed: Bytes;
  /** Authorises acts of the owner (docs/spec/http.md). */
  readonly ownerSecret: Bytes;
  #chainKey: Bytes;
  #nonceStart: Bytes;
  #link: Bytes;
  #seq = 0;

  private constructor(header: Header, secrets: Secrets) {
    this.header = header;
    this.custodySeed = secrets.custodySeed;
    this.ownerSecret = secrets.ownerSecret;
    this.#chainKey = secrets.chainKey;
    this.#nonceStart = secrets.nonceStart;
    this.#link = header.link;
  }

  /** Rejects with `commitment_wrong` for a key of another recording, before anything is opened. */
  static async begin(recordingKey: Bytes, header: Header): Promise<Reader> {
    const secrets = await deriveSecrets(recordingKey, header.salt, header.recordingId, header.publicKey);
    if (!isSame(secrets.commitment, header.commitment)) throw new StreamError("commitment_wrong");
    return new Reader(header, secrets);
  }

  /** The next second. Rejects with `link_wrong`, `signature_wrong` or `chunk_unopenable`; the reader then stays where it was. */
  async open(chunk: Chunk): Promise<Inner> {
    if (chunk.seq !== this.#seq) throw new StreamError("link_wrong");
    await checkChunk(this.header, chunk, this.#link);
    const { key, next } = await ratchet(this.#chainKey, LABEL, "chunk");
    const aad = chunk.raw.slice(0, BEFORE_CIPHERTEXT);
    const inner = unpackInner(await decrypt(key, nonceOf(this.#nonceStart, chunk.seq), chunk.ciphertext, aad));
    wipe(this.#chainKey, key);
    this.#chainKey = next;
    this.#link = chunk.link;
    this.#seq += 1;
    return inner;
  }
}

export function nonceOf(start: Bytes, seq: number): Bytes {
  const nonce = start.slice();
  bigEndian(seq, 12).forEach((byte, i) => (nonce[i]! ^= byte));
  return nonce;
}

function packInner(type: InnerType, monotonicMs: number, body: Uint8Array): Bytes {
  if (INNER_HEAD + body.length > INNER_LIMIT) throw new StreamError("chunk_malformed");
  const inner = new Uint8Array(padded(INNER_HEAD + body.length));
  inner.set([type]);
  inner.set(bigEndian(Math.max(0, Math.floor(monotonicMs)), 8), 1);
  inner.set(bigEndian(body.length, 4), 9);
  inner.set(body, INNER_HEAD);
  return inner;
}

export function unpackInner(inner: Bytes): Inner {
  const end = INNER_HEAD + fromBigEndian(inner.subarray(9, INNER_HEAD));
  const isPadded = inner.length === padded(end) && inner.subarray(end).every((byte) => byte === 0);
  if (!isPadded) throw new StreamError("chunk_unopenable");
  return { type: inner[0]!, monotonicMs: fromBigEndian(inner.subarray(1, 9)), body: inner.slice(INNER_HEAD, end) };
}

async function encrypt(key: CryptoKey, iv: Bytes, plain: Bytes, aad: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: aad }, key, plain));
}

export async function decrypt(raw: Bytes, iv: Bytes, sealed: Bytes, aad: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: aad }, key, sealed));
  } catch {
    throw new StreamError("chunk_unopenable");
  }
}
