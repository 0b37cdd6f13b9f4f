/**
 * What outlives a page that is left at once. The page's own storage work may die with it, so the choice is told in two ways that do not: a
 * message to the service worker, which sends or drops, and a list of dropped recordings that the next page heeds before it sends anything.
 */

export type Choice = "send" | "drop";

/** What the service worker is told. */
export interface Left {
  readonly unsent: Choice;
  readonly recording: string;
}

const DROPPED = "tocsin.dropped";

/** Say what becomes of a recording's unsent ciphertext. Done when this returns. */
export function tellChoice(recording: string, unsent: Choice): void {
  if (unsent === "drop") keepList([...droppedRecordings(), recording]);
  const left: Left = { unsent, recording };
  globalThis.navigator?.serviceWorker?.controller?.postMessage(left);
}

/** Recordings whose ciphertext was to be dropped, and may still be there. */
export function droppedRecordings(): string[] {
  try {
    return JSON.parse(globalThis.localStorage?.getItem(DROPPED) ?? "[]") as string[];
  } catch {
    return [];
  }
}

/** They are gone. */
export function forgetDropped(recordings: readonly string[]): void {
  keepList(droppedRecordings().filter((one) => !recordings.includes(one)));
}

function keepList(recordings: readonly string[]): void {
  try {
    if (recordings.length === 0) globalThis.localStorage?.removeItem(DROPPED);
    else globalThis.localStorage?.setItem(DROPPED, JSON.stringify(recordings));
  } catch {
    // No storage of this kind: the message to the worker remains.
  }
}
