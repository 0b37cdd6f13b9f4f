/**
 * Where a phone keeps a passport: one box of one size, sealed under a passphrase that only its owner knows (docs/spec/passport.md, The phone).
 *
 * Every phone that opens one of these pages has such a box; without a passport it holds random bytes. So neither the screen nor the store says
 * whether there is a passport, or of which role. What was put into IndexedDB stays in the browser's profile for a while after it was replaced
 * or deleted (docs/attacks.md): old boxes are sealed like new ones, and open with the same passphrase.
 */
import { join, randomBytes, utf8, type Bytes } from "../crypto/bytes.ts";
import { hkdf } from "../crypto/hkdf.ts";
import { argon2id } from "../crypto/words.ts";

const NAME = "tocsin-passport";
const STORE = "box";
const ONLY = 1;
const LABEL = "tocsin.passport/v1 box";
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Of what is sealed, whatever it holds: 70 tokens take 15 kB of it. */
export const INNER_BYTES = 24 * 1024;
export const BOX_BYTES = SALT_BYTES + NONCE_BYTES + INNER_BYTES + TAG_BYTES;

/** Nothing opens with this passphrase: it is another one, or there is no passport here. Nobody can tell which. */
export class NothingOpens extends Error {}

/** Another window of this phone put something else into the box meanwhile: another open passport, or leaving. */
export class ChangedElsewhere extends Error {}

/** An open box. It is closed by forgetting it. */
export class Box {
  readonly #salt: Bytes;
  readonly #key: CryptoKey;
  /** What lies there as far as this window knows; undefined for a new one, which takes the place of whatever is there. */
  #there: Bytes | undefined;
  /** One save after the other, in the order in which they were asked for. */
  #saved: Promise<void> = Promise.resolve();

  private constructor(salt: Bytes, key: CryptoKey, there?: Bytes) {
    this.#salt = salt;
    this.#key = key;
    this.#there = there;
  }

  /** A new box for a passphrase; nothing is stored before `save`. */
  static async make(passphrase: string): Promise<Box> {
    const salt = randomBytes(SALT_BYTES);
    return new Box(salt, await keyOf(passphrase, salt));
  }

  /** What is in the phone's box. Rejects with `NothingOpens`. */
  static async open(passphrase: string): Promise<{ box: Box; text: string }> {
    const raw = (await read()) ?? randomBytes(BOX_BYTES);
    const salt = raw.slice(0, SALT_BYTES);
    const key = await keyOf(passphrase, salt);
    const nonce = raw.slice(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
    try {
      const algorithm = { name: "AES-GCM", iv: nonce, additionalData: utf8(LABEL) };
      const inner = new Uint8Array(await crypto.subtle.decrypt(algorithm, key, raw.slice(SALT_BYTES + NONCE_BYTES)));
      return { box: new Box(salt, key, raw), text: new TextDecoder().decode(inner).trimEnd() };
    } catch {
      throw new NothingOpens();
    }
  }

  /** Seal `text`, at most `INNER_BYTES` of UTF-8, in the place of what is there. Durable when it resolves. Rejects with `ChangedElsewhere`. */
  save(text: string): Promise<void> {
    const mine = this.#saved.then(() => this.#replace(text));
    this.#saved = mine.catch(() => undefined);
    return mine;
  }

  async #replace(text: string): Promise<void> {
    const inner = utf8(text);
    if (inner.length > INNER_BYTES) throw new RangeError("too much for the box");
    const padded = join(inner, new Uint8Array(INNER_BYTES - inner.length).fill(0x20));
    const nonce = randomBytes(NONCE_BYTES);
    const algorithm = { name: "AES-GCM", iv: nonce, additionalData: utf8(LABEL) };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, this.#key, padded));
    padded.fill(0);
    const raw = join(this.#salt, nonce, sealed);
    await write(raw, this.#there);
    this.#there = raw;
  }
}

/** Put random bytes where there is no box, so that there always is one. A phone that refuses to keep anything keeps nothing. */
export async function ensure(): Promise<void> {
  try {
    if (!(await read())) await write(randomBytes(BOX_BYTES));
  } catch {
    // Private windows may refuse.
  }
}

/** Random bytes in the place of whatever is there: the phone looks as if it never had a passport. */
export function empty(): Promise<void> {
  return write(randomBytes(BOX_BYTES));
}

async function keyOf(passphrase: string, salt: Bytes): Promise<CryptoKey> {
  const secret = await argon2id(utf8(passphrase.normalize("NFKC")), salt, 32);
  const raw = await hkdf(secret, salt, utf8(LABEL), 32);
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  secret.fill(0);
  raw.fill(0);
  return key;
}

async function read(): Promise<Bytes | undefined> {
  return inStore("readonly", (store) => settled(store.get(ONLY)));
}

/** Put `bytes` in the place of `before`, or of whatever is there. Rejects with `ChangedElsewhere`. */
async function write(bytes: Bytes, before?: Bytes): Promise<void> {
  await inStore("readwrite", async (store) => {
    const there: Bytes | undefined = before && (await settled(store.get(ONLY)));
    if (before && !(there && isSame(there, before))) throw new ChangedElsewhere();
    await settled(store.put(bytes, ONLY));
  });
}

/** Two boxes are one where salt and nonce are: both are random. */
function isSame(one: Bytes, other: Bytes): boolean {
  const known = SALT_BYTES + NONCE_BYTES;
  return one.subarray(0, known).every((byte, at) => byte === other[at]);
}

/** Something in a transaction of its own. Durable when it resolves. */
async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    const [found] = await Promise.all([act(transaction.objectStore(STORE)), done]);
    return found;
  } finally {
    database.close();
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
