/** What the passport's pages ask of the node. A refusal keeps its code, which the pages have a sentence for. */
import type { Role, TokenKeys } from "./keys.ts";
import { after } from "../ui/ending.ts";

export class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export interface Admitted {
  readonly role: Role;
  readonly cohort: number;
  readonly epoch: number;
  readonly admission: string;
}

/** `place` in what was shown; `key`: id of the key, base64url. */
export interface Lost {
  readonly place: number;
  readonly key: string;
  readonly role: Role;
  readonly cohort: number;
  readonly epoch: number;
}

/** Everything in base64url. */
export interface Issue {
  readonly by: "admission" | "renewal" | "lost";
  readonly proof: string;
  readonly secret: string;
  readonly batches: readonly { readonly key: string; readonly request: string }[];
  readonly answers: readonly number[];
  readonly training: string;
}

/** After so long an answer is not waited for any more: everything asked here may be asked again. A bad line needs some seconds for the longest. */
const ANSWER_WITHIN_MS = 45_000;
/** Of a request for tokens, whatever the role. */
const ISSUE_BYTES = 6144;

export function keys(): Promise<TokenKeys> {
  return ask("/passport/keys", { method: "GET" });
}

export function admit(vouches: readonly string[], training: string, adult: boolean, secret: string): Promise<Admitted> {
  return post("/passport/admit", JSON.stringify({ vouches, training, adult, secret }));
}

export async function issue(asked: Issue): Promise<readonly string[]> {
  const bare = JSON.stringify({ ...asked, pad: "" });
  const body = JSON.stringify({ ...asked, pad: "0".repeat(Math.max(0, ISSUE_BYTES - bare.length)) });
  return (await post<{ answers: readonly string[] }>("/passport/issue", body)).answers;
}

/** Which renewal token was given of those whose inputs and blinds are shown. */
export function find(shown: readonly { readonly nonce: string; readonly blind: string }[]): Promise<Lost> {
  return post("/passport/find", JSON.stringify({ shown }));
}

export async function vouch(token: string, secret: string): Promise<string> {
  return (await post<{ code: string }>("/passport/vouch", JSON.stringify({ token, secret }))).code;
}

/** Spend a token on nothing. */
export function tryOne(token: string, secret: string): Promise<{ role: Role; cohort: number; epoch: number }> {
  return post("/passport/try", JSON.stringify({ token, secret }));
}

function post<T>(address: string, body: string): Promise<T> {
  return ask<T>(address, { method: "POST", headers: { "content-type": "application/json" }, body });
}

/** An answer that breaks off is none: what it would have said is asked for again. */
async function ask<T>(address: string, request: RequestInit): Promise<T> {
  const signal = after(ANSWER_WITHIN_MS);
  const answer = await fetch(address, { ...request, signal, cache: "no-store", credentials: "omit" }).catch(absent);
  if (answer.ok) return (await answer.json().catch(absent)) as T;
  const told = (await answer.json().catch(() => ({}))) as { code?: string };
  throw new Refused(told.code ?? "unexpected");
}

function absent(): never {
  throw new Refused("absent");
}
