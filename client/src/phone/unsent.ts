/**
 * What the phone keeps until the node has it: ciphertext, the capability to upload it, and the body that creates the recording.
 *
 * Never a key. Bytes put into IndexedDB stay in the browser's profile after they were cleared (docs/attacks.md), so nothing here may help
 * to open anything: a seized phone shows that something was recorded and not yet sent, and how much.
 */
import type { Bytes } from "../crypto/bytes.ts";

export interface UnsentRecording {
  /** Recording id, base64url. */
  readonly id: string;
  /** Upload capability, base64url. */
  readonly upload: string;
  /** Body of POST /encounters, as sent. */
  readonly create: string;
  /** Chunks sealed so far. */
  readonly sealed: number;
  /** Whether the last of them is FINAL. */
  readonly isClosed: boolean;
  /** Unix ms of the last change. */
  readonly touched: number;
}

export class StorageFull extends Error {}

const STORE = { recordings: "recordings", chunks: "chunks" } as const;

export class Unsent {
  #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** Rejects where the browser gives no storage (some private modes). */
  static async open(name = "tocsin-unsent"): Promise<Unsent> {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(STORE.recordings, { keyPath: "id" });
      opening.result.createObjectStore(STORE.chunks, { keyPath: ["id", "seq"] });
    };
    const database = await answer(opening);
    // Another tab with a newer version must not wait for us.
    database.onversionchange = () => database.close();
    return new Unsent(database);
  }

  close(): void {
    this.#database.close();
  }

  /** Add or replace what is known of a recording. Rejects with `StorageFull`. */
  async keep(recording: UnsentRecording): Promise<void> {
    await this.#write((stores) => stores.recordings.put(recording));
  }

  /** Keep a chunk together with the recording's new state, or neither. Durable on disk. Rejects with `StorageFull`. */
  async keepChunk(recording: UnsentRecording, seq: number, bytes: Bytes): Promise<void> {
    await this.#write((stores) => {
      stores.chunks.put({ id: recording.id, seq, bytes });
      stores.recordings.put(recording);
    });
  }

  async chunk(id: string, seq: number): Promise<Bytes | undefined> {
    const found = await answer(this.#read(STORE.chunks).get([id, seq]));
    return (found as { bytes: Bytes } | undefined)?.bytes;
  }

  /** The lowest seq that is kept of a recording. */
  async firstSeq(id: string): Promise<number | undefined> {
    const cursor = await answer(this.#read(STORE.chunks).openKeyCursor(chunksOf(id)));
    return cursor ? (cursor.key as [string, number])[1] : undefined;
  }

  async recordings(): Promise<UnsentRecording[]> {
    return (await answer(this.#read(STORE.recordings).getAll())) as UnsentRecording[];
  }

  /** The node has everything up to and including `seq`. */
  async dropChunks(id: string, seq: number): Promise<void> {
    await this.#write((stores) => stores.chunks.delete(IDBKeyRange.bound([id, 0], [id, seq])), "relaxed");
  }

  /** Forget a recording and its chunks. */
  async drop(id: string): Promise<void> {
    await this.#write((stores) => {
      stores.chunks.delete(chunksOf(id));
      stores.recordings.delete(id);
    });
  }

  #read(store: string): IDBObjectStore {
    return this.#database.transaction(store, "readonly").objectStore(store);
  }

  #write(act: (stores: { recordings: IDBObjectStore; chunks: IDBObjectStore }) => void, durability: IDBTransactionDurability = "strict"): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction([STORE.recordings, STORE.chunks], "readwrite", { durability });
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(named(transaction.error));
      try {
        act({ recordings: transaction.objectStore(STORE.recordings), chunks: transaction.objectStore(STORE.chunks) });
      } catch (error) {
        transaction.abort();
        reject(named(error as DOMException));
      }
    });
  }
}

function chunksOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
}

function named(error: DOMException | null): Error {
  return error?.name === "QuotaExceededError" ? new StorageFull() : (error ?? new Error("storage failed"));
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(named(request.error));
  });
}
