/**
 * What the live page last heard, kept on this phone for where there is no network: signed public objects and when they were heard. What has ended is
 * dropped by the page while it is open and by the worker whenever it wakes; it is verified again before anything of it is shown.
 */

export interface Heard {
  /** Unix seconds, by this phone's clock. */
  readonly at: number;
  readonly wires: readonly { readonly wire: string; readonly expires: number }[];
}

const NAME = "live";
const PLACE = "/live-kept";

/** Keep it in place of what was heard before. A phone that keeps nothing keeps nothing. */
export async function keepHeard(heard: Heard): Promise<void> {
  try {
    await (await caches.open(NAME)).put(PLACE, Response.json(heard));
  } catch {
    // Private windows may refuse.
  }
}

/** What was heard last, without what has ended at `nowS`; undefined where nothing is kept. */
export async function lastHeard(nowS: number): Promise<Heard | undefined> {
  if (!("caches" in globalThis) || !(await caches.has(NAME))) return undefined;
  const found = await (await caches.open(NAME)).match(PLACE);
  const heard = (await found?.json()) as Heard | undefined;
  if (!heard) return undefined;
  const wires = heard.wires.filter(({ expires }) => expires > nowS);
  if (wires.length < heard.wires.length) await keepHeard({ ...heard, wires });
  return { ...heard, wires };
}
