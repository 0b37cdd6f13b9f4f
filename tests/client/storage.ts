/** The phone's storage as a person who seized it would see it. */
import "fake-indexeddb/auto";
import { Unsent, type UnsentRecording } from "../../client/src/phone/unsent.ts";

export async function storedRecordings(): Promise<UnsentRecording[]> {
  const unsent = await Unsent.open();
  const rows = await unsent.recordings();
  unsent.close();
  return rows;
}

export async function deleteUnsent(): Promise<void> {
  const unsent = await Unsent.open();
  for (const row of await unsent.recordings()) await unsent.drop(row.id);
  unsent.close();
}

/** Let every put fail as a browser without room does, until the returned function is called. */
export function fillUp(): () => void {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => {
    throw new DOMException("no room", "QuotaExceededError");
  };
  return () => {
    IDBObjectStore.prototype.put = put;
  };
}
