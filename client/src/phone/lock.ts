/**
 * Who works on a recording, across the pages of one browser (Web Locks). The page that records holds it until it ends, however it ends; what
 * an earlier page left is sent by one page at a time. Where the browser has no locks, everybody may.
 */

/** Record: held until the returned function is called, or this page ends. */
export function hold(id: string): () => void {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  void globalThis.navigator?.locks?.request(recording(id), () => released).catch(() => undefined);
  return release;
}

/** Whether a page records it now. */
export async function isBeingRecorded(id: string): Promise<boolean> {
  // Shared, so that two pages that look at once do not take each other for the one that records.
  const look = { mode: "shared", ifAvailable: true } as const;
  return (await globalThis.navigator?.locks?.request(recording(id), look, async (lock) => !lock)) ?? false;
}

/** Whether any page of this browser records now. Where it has no locks, nobody can tell: then yes. */
export async function isAnythingRecorded(): Promise<boolean> {
  const locks = await globalThis.navigator?.locks?.query();
  return locks?.held?.some(({ name }) => name?.startsWith(recording(""))) ?? true;
}

/** Resolves when no page records it any more. */
export async function letGoOf(id: string): Promise<void> {
  await globalThis.navigator?.locks?.request(recording(id), { mode: "shared" }, () => undefined);
}

/** `act`, unless a page records it or another sends it; undefined then. */
export async function sendAlone<T>(id: string, act: () => Promise<T>): Promise<T | undefined> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return act();
  return locks.request(`tocsin send ${id}`, { ifAvailable: true }, async (lock) =>
    lock && !(await isBeingRecorded(id)) ? act() : undefined,
  ) as Promise<T | undefined>;
}

function recording(id: string): string {
  return `tocsin record ${id}`;
}
