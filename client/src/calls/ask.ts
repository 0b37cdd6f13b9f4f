/** Questions to the node about calls, and streams of how they stand. No cookie goes with them: a capability is all that is shown. */
import { base64url, type Bytes } from "../crypto/bytes.ts";
import { after, firstOf } from "../ui/ending.ts";

export class CallRefused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const QUIET = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", redirect: "error" } as const;
/** The node says something each 4 s. */
const SILENT_MS = 10_000;
const AGAIN_MS = [300, 600, 1_000, 2_000];

/** Aborted whenever there is a network again: what was on its way over the one before does not arrive, and would be waited for in vain. */
let since = new AbortController();
globalThis.addEventListener?.("online", () => {
  since.abort();
  since = new AbortController();
});

/** Ask once. Rejects with `CallRefused`, code "absent" where the node was not reached. */
export async function ask<T>(path: string, body: object, capability?: Bytes, signal?: AbortSignal): Promise<T> {
  const headers = { "content-type": "application/json", ...bearer(capability) };
  const sent: RequestInit = { method: "POST", headers, body: JSON.stringify(body), ...QUIET, ...(signal && { signal }) };
  const answer = await fetch(path, sent).catch(() => {
    throw new CallRefused("absent");
  });
  const told = (await answer.json().catch(() => ({}))) as T & { code?: string };
  if (!answer.ok) throw new CallRefused(told.code ?? "unexpected");
  return told;
}

/** A node that was started again says these until a page has brought back what it held. */
export const COMES_BACK: readonly string[] = ["call_unknown", "not_on_duty"];

/**
 * Ask until there is an answer: a message of a call must not be lost with a network, nor with a node that is on its way back. Rejects for a
 * refusal that is not in `passing`, and when `signal` ends it.
 */
export async function askOn<T>(path: string, body: object, capability: Bytes | undefined, signal: AbortSignal, passing: readonly string[] = []): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask<T>(path, body, capability, firstOf(signal, since.signal, after(SILENT_MS)));
    } catch (error) {
      const code = (error as CallRefused).code;
      if (signal.aborted || (code !== "absent" && !passing.includes(code))) throw error;
      await pause(tries, signal);
    }
  }
}

export interface Hearing<T> {
  /** How it stands now; false when nothing more is to be heard. */
  heard(event: T): boolean;
  /** The node lets nobody listen, and says why; true when it may be asked again. */
  refused(code: string): Promise<boolean>;
  /** Whether the node is heard. */
  line(isHeard: boolean): void;
}

/** Hear a stream until it is over. `headers` are made for each asking. Never rejects. */
export async function listen<T>(path: string, headers: () => Record<string, string>, hearing: Hearing<T>, signal: AbortSignal): Promise<void> {
  for (let tries = 0; !signal.aborted; tries += 1) {
    const cut = new AbortController();
    const both = firstOf(signal, cut.signal, since.signal);
    try {
      const answer = await fetch(path, { headers: headers(), signal: both, ...QUIET });
      if (!answer.ok) {
        const { code = "unexpected" } = (await answer.json().catch(() => ({}))) as { code?: string };
        if (!(await hearing.refused(code))) return;
      } else {
        hearing.line(true);
        tries = 0;
        if (!(await read(answer, hearing, cut))) return;
        continue;
      }
    } catch {
      if (signal.aborted) return;
    }
    hearing.line(false);
    await pause(tries, signal);
  }
}

/** Whether a stream may be heard now. */
export async function mayListen(path: string, capability: Bytes): Promise<boolean> {
  const cut = new AbortController();
  const answer = await fetch(path, { headers: bearer(capability), signal: cut.signal, ...QUIET }).catch(() => undefined);
  cut.abort();
  return answer?.ok === true;
}

export function bearer(capability: Bytes | undefined): Record<string, string> {
  return capability ? { authorization: `Tocsin ${base64url(capability)}` } : {};
}

/** False when `heard` has had enough. */
async function read<T>(answer: Response, hearing: Hearing<T>, cut: AbortController): Promise<boolean> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const silence = setTimeout(() => cut.abort(), SILENT_MS);
    const { value, done } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return true;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      if (event.startsWith("data: ") && !hearing.heard(JSON.parse(event.slice(6)) as T)) {
        cut.abort();
        return false;
      }
    }
  }
}

function pause(tries: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wait = setTimeout(resolve, AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
    signal.addEventListener("abort", () => (clearTimeout(wait), resolve()), { once: true });
    globalThis.addEventListener?.("online", () => (clearTimeout(wait), resolve()), { once: true });
  });
}
