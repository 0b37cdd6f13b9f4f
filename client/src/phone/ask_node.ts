/** One request to the node, with a deadline, and its answer sorted by what to do next. */
import type { Device } from "./device.ts";

/** A plain deadline, and what a very bad line (8 kbit/s) needs for the body. */
const DEADLINE_MS = 20_000;
const BYTES_PER_MS = 1;

export interface Asked {
  method: "GET" | "POST" | "PUT";
  path: string;
  /** A capability, base64url. */
  capability?: string;
  body?: Uint8Array<ArrayBuffer> | string;
  type?: string;
  /** Bytes by which the deadline is reckoned, where not by the body's. */
  due?: number;
}

export type Answer =
  | { readonly kind: "good"; readonly text: string; readonly took: number }
  /** The same request may succeed later: no network, a busy node, a full disk. */
  | { readonly kind: "later"; readonly afterMs: number | undefined; readonly isLost: boolean }
  | { readonly kind: "refused"; readonly code: string; readonly next: number | undefined };

/** Ask once. Never rejects. */
export async function askNode(device: Device, asked: Asked, wake?: AbortSignal): Promise<Answer> {
  const started = device.now();
  const cut = new AbortController();
  const give = () => cut.abort();
  wake?.addEventListener("abort", give, { once: true });
  const size = asked.due ?? asked.body?.length ?? 0;
  const over = new AbortController();
  void device.wait(DEADLINE_MS + size / BYTES_PER_MS, over.signal).then(give);
  try {
    const response = await device.fetch(asked.path, request(asked, cut.signal));
    const text = await response.text();
    return response.ok ? { kind: "good", text, took: device.now() - started } : sort(response, text);
  } catch {
    return { kind: "later", afterMs: undefined, isLost: true };
  } finally {
    over.abort();
    wake?.removeEventListener("abort", give);
  }
}

function request(asked: Asked, signal: AbortSignal): RequestInit {
  const headers: Record<string, string> = {};
  if (asked.capability) headers["Authorization"] = `Tocsin ${asked.capability}`;
  if (asked.type) headers["Content-Type"] = asked.type;
  // No cookies, no referrer, no cache: a request carries nothing but its capability.
  const quiet = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", redirect: "error" } as const;
  return { method: asked.method, headers, signal, ...quiet, ...(asked.body === undefined ? {} : { body: asked.body }) };
}

function sort(response: Response, text: string): Answer {
  const told = readError(text);
  const isBusy = response.status === 429 || response.status >= 500 || response.status === 408;
  if (!isBusy && told.code) return { kind: "refused", code: told.code, next: told.next };
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return { kind: "later", afterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined, isLost: false };
}

function readError(text: string): { code: string | undefined; next: number | undefined } {
  try {
    const { code, next } = JSON.parse(text) as Record<string, unknown>;
    return { code: typeof code === "string" ? code : undefined, next: typeof next === "number" ? next : undefined };
  } catch {
    // An answer that is not the node's: a captive portal, a proxy. Later it may be the node's.
    return { code: undefined, next: undefined };
  }
}

/** Waits between tries: half a second, doubled up to ten, each a fifth more or less so that phones do not come back together. */
export class Patience {
  #ms = 500;

  next(atLeast = 0): number {
    const jitter = 0.8 + (0.4 * crypto.getRandomValues(new Uint8Array(1))[0]!) / 255;
    const wait = Math.max(atLeast, this.#ms * jitter);
    this.#ms = Math.min(this.#ms * 2, 10_000);
    return wait;
  }

  reset(): void {
    this.#ms = 500;
  }
}
