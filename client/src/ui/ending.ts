/** What ends a wait: a time, or the first of several. The browser's own AbortSignal.timeout and .any are younger than many phones. */

/** Aborted when so many milliseconds have passed. */
export function after(ms: number): AbortSignal {
  const passed = new AbortController();
  const timer: number | { unref?: () => void } = setTimeout(() => passed.abort(), ms);
  if (typeof timer === "object") timer.unref?.(); // outside a browser nothing waits for it
  return passed.signal;
}

/** Aborted as soon as one of these is. */
export function firstOf(...signals: readonly AbortSignal[]): AbortSignal {
  const first = new AbortController();
  for (const one of signals) {
    if (one.aborted) first.abort();
    else one.addEventListener("abort", () => first.abort(), { signal: first.signal });
  }
  return first.signal;
}
