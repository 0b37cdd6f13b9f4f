/** One page at a time records or sends a recording: Web Locks, named by it. A tab that ends lets go by itself. */

/** Held by `hold` until the returned function is called; nothing where the browser has no locks. */
export function hold(id: string): () => void {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  void globalThis.navigator?.locks?.request(lockName(id), () => released).catch(() => undefined);
  return release;
}

/** `act` while no other page records or sends this recording; undefined when one does. */
export async function alone<T>(id: string, act: () => Promise<T>): Promise<T | undefined> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return act();
  return locks.request(lockName(id), { ifAvailable: true }, (lock) => (lock ? act() : undefined)) as Promise<T | undefined>;
}

function lockName(id: string): string {
  return `tocsin ${id}`;
}
