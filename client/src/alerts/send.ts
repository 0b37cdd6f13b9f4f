/**
 * Sends a report that is sealed already. What cannot be sent now waits, and is sent by the next page of ours that is open, or by the browser itself
 * where it can (Background Sync). Works in a service worker too.
 */
import { drop, keep, waiting, type WaitingReport } from "./waiting.ts";

/** A place in the slow lane (docs/spec/passport.md). `work` is empty where nothing was worked out. */
export interface Ticket {
  readonly ticket: string;
  readonly work: string;
}

export type Sent = { readonly is: "sent" } | { readonly is: "offline" } | { readonly is: "refused"; readonly code: string };

type Fetch = (path: string, init?: RequestInit) => Promise<Response>;

const ADDRESS = "/alerts/reports/sealed";
const TICKETS = "/alerts/ticket";
/** Codes after which the same report may come again as it is. */
const AGAIN = new Set(["lane_full", "ticket_gone"]);
/** The name under which the browser is asked to go on by itself. */
export const SYNC = "reports";

/** A ticket as the node gives it; undefined without network. */
export async function askTicket(ask: Fetch = fetch): Promise<{ ticket: string; bits: number } | undefined> {
  const answer = await ask(TICKETS).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as { ticket: string; bits: number }) : undefined;
}

/** Send a sealed body. Never rejects. */
export async function send(body: string, ticket: Ticket | undefined, ask: Fetch = fetch): Promise<Sent> {
  const place = ticket ?? (await askTicket(ask).then((given) => given && { ticket: given.ticket, work: "" }));
  if (!place) return { is: "offline" };
  try {
    const whole = JSON.stringify({ ...(JSON.parse(body) as object), ...place });
    const answer = await ask(ADDRESS, { method: "POST", headers: { "content-type": "application/json" }, body: whole });
    if (answer.ok) return { is: "sent" };
    const { code } = (await answer.json().catch(() => ({ code: "unexpected" }))) as { code: string };
    return answer.status >= 500 && !AGAIN.has(code) ? { is: "offline" } : { is: "refused", code };
  } catch {
    return { is: "offline" };
  }
}

/** Keep it until there is a network, and ask the browser to see to it. Rejects where this phone keeps nothing. */
export async function sendLater(report: WaitingReport): Promise<void> {
  await keep(report);
  const ready = await Promise.race([navigator.serviceWorker?.ready, new Promise<undefined>((late) => setTimeout(late, 1000))]);
  const { sync } = (ready ?? {}) as { sync?: { register(tag: string): Promise<void> } };
  await sync?.register(SYNC).catch(() => undefined);
}

/** Send everything that waits. The number still waiting. */
export async function sendWaiting(nowMs: number, ask: Fetch = fetch): Promise<number> {
  let left = 0;
  for (const report of await waiting(nowMs)) {
    const sent = await send(report.body, undefined, ask);
    if (sent.is === "sent" || (sent.is === "refused" && !AGAIN.has(sent.code))) await drop(report.id);
    else left += 1;
  }
  return left;
}
