/**
 * A report that waits for a network. What lies here was sealed before it was kept, to the node and to the alert desk: whoever has the phone learns
 * that a report waits, and nothing of what it says. It goes when it was sent, when it is two hours old, or when the person deletes it.
 */

export interface WaitingReport {
  /** Its return code: with it one learns what came of the report, and nothing of what it says. */
  readonly id: string;
  /** Body of POST /alerts/reports/sealed. */
  readonly body: string;
  /** Unix ms. */
  readonly kept: number;
}

/** Later than this nobody would be helped by it. */
export const LIFE_MS = 2 * 60 * 60 * 1000;

const STORE = "reports";

/** Rejects where the browser gives no storage. */
export async function keep(report: WaitingReport): Promise<void> {
  await inStore("readwrite", (store) => store.put(report));
}

export async function drop(id: string): Promise<void> {
  await inStore("readwrite", (store) => store.delete(id));
}

/** What still waits. Older ones are dropped first. */
export async function waiting(nowMs: number): Promise<WaitingReport[]> {
  const all = ((await inStore("readonly", (store) => store.getAll())) ?? []) as WaitingReport[];
  const isOld = (one: WaitingReport): boolean => Math.abs(nowMs - one.kept) > LIFE_MS;
  for (const one of all.filter(isOld)) await drop(one.id);
  return all.filter((one) => !isOld(one));
}

async function inStore(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const asked = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error("storage failed"));
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("tocsin-reports", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error("storage failed"));
  });
}
