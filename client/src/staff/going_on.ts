/**
 * What goes on without a hand on the keyboard, and is something that is done all the same: a call, a film that is watched, a package that is made. While
 * one of them goes on the page is not left open, and does not lock. Over a call nobody is asked to sign in: it would hide who talks.
 */

const LOOK_MS = 1_000;

const acts = new Set<() => boolean>();
const calls = new Set<() => boolean>();

/** Counts as somebody's doing as long as `goesOn` says so. Answers what takes it back. */
export function countsWhile(goesOn: () => boolean): () => void {
  acts.add(goesOn);
  return () => void acts.delete(goesOn);
}

/** A call, from its ring to its end. */
export function isCallWhile(goesOn: () => boolean): void {
  acts.add(goesOn);
  calls.add(goesOn);
}

/** `act` counts as somebody's doing until it has ended, well or not. */
export async function counted<T>(act: Promise<T>): Promise<T> {
  const end = countsWhile(() => true);
  try {
    return await act;
  } finally {
    end();
  }
}

export function isSomethingDone(): boolean {
  return [...acts].some((goesOn) => goesOn());
}

export function isInCall(): boolean {
  return [...calls].some((goesOn) => goesOn());
}

/** Resolves when no call goes on. */
export async function callOver(): Promise<void> {
  while (isInCall()) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
