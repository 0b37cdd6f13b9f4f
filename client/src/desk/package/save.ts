/**
 * Puts bytes that come one after the other into a file of the person's choice. Where the browser lets a page write to a file, they go straight to the
 * disk; where it does not, the browser keeps them all until the download is saved, and `isKept` lets the page say so before it begins.
 */
import type { Bytes } from "../../crypto/bytes.ts";

interface Picker {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

export interface Target {
  write(part: Bytes): Promise<void>;
  close(): Promise<void>;
  /** Leave nothing behind. */
  abort(): Promise<void>;
}

/** Whether this browser keeps the whole file until it is saved. */
export function isKept(): boolean {
  return !("showSaveFilePicker" in globalThis && (globalThis as Picker).showSaveFilePicker);
}

/** Ask where to; undefined when the person changed their mind. Needs a tap just before. */
export async function chooseTarget(name: string): Promise<Target | undefined> {
  if (isKept()) return downloaded(name);
  try {
    const handle = await (globalThis as Picker).showSaveFilePicker!({ suggestedName: name });
    const stream = await handle.createWritable();
    return { write: (part) => stream.write(part), close: () => stream.close(), abort: () => stream.abort() };
  } catch (error) {
    if ((error as Error).name === "AbortError") return undefined;
    return downloaded(name);
  }
}

/** Pieces become Blobs, which the browser may put on its own disk. */
function downloaded(name: string): Target {
  const parts: Blob[] = [];
  return {
    write: async (part) => void parts.push(new Blob([part])),
    async close() {
      const href = URL.createObjectURL(new Blob(parts, { type: "application/zip" }));
      Object.assign(document.createElement("a"), { href, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
    },
    abort: async () => void (parts.length = 0),
  };
}
