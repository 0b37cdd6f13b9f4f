/** Questions of a staff page to its node. A refusal keeps its code, which the page has a sentence for. */
import { fromBase64url, type Bytes } from "../crypto/bytes.ts";

export class Refused extends Error {
  readonly code: string;
  /** Seconds to wait before trying again; 0 for none. */
  readonly wait: number;

  constructor(code: string, wait = 0) {
    super(code);
    this.code = code;
    this.wait = wait;
  }
}

/** Send `body`; what the node answers. Rejects with `Refused`, code "absent" where the node was not reached. */
export async function post<T>(address: string, body: object): Promise<T> {
  return ask<T>(address, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

export async function get<T>(address: string): Promise<T> {
  return ask<T>(address, { method: "GET" });
}

/** Fresh bytes to sign. */
export async function challenge(): Promise<{ text: string; bytes: Bytes }> {
  const { challenge: text } = await post<{ challenge: string }>("/staff/challenge", {});
  return { text, bytes: fromBase64url(text) };
}

async function ask<T>(address: string, request: RequestInit): Promise<T> {
  const answer = await fetch(address, { ...request, cache: "no-store", credentials: "same-origin" }).catch(() => {
    throw new Refused("absent");
  });
  const told = (await answer.json().catch(() => ({}))) as T & { code?: string };
  if (!answer.ok) throw new Refused(told.code ?? "unexpected", Number(answer.headers.get("retry-after") ?? 0));
  return told;
}
