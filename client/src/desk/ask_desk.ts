/** Questions of a lawyer's page to the desk (docs/spec/desk.md). A refusal keeps its code. The capability is the only secret that leaves. */
import { base64url, fromBase64url, type Bytes } from "../crypto/bytes.ts";
import { Refused } from "../staff/ask.ts";

export interface Turned {
  readonly state: string;
  readonly turn: number;
}

export interface Sealed {
  readonly paper: string;
  readonly turn: number;
  readonly sealed: string;
}

const ITEMS = "/desk/items";

interface Wanted {
  readonly method?: string;
  readonly body?: object;
  readonly capability?: Bytes;
}

/** An answer in JSON. Rejects with `Refused`, code "absent" where the node was not reached. */
export async function ask<T>(recording: string, act: string, wanted: Wanted = {}): Promise<T> {
  return (await (await fetched(recording, act, { method: "POST", ...wanted })).json()) as T;
}

/** An answer in bytes. */
export async function read(recording: string, what: string, capability: Bytes): Promise<Bytes> {
  return new Uint8Array(await (await fetched(recording, what, { method: "GET", capability })).arrayBuffer());
}

/** Everything about a recording as one sealed file. The owner sees that it was taken. */
export async function sealedExport(recording: string, capability: Bytes): Promise<Blob> {
  return (await fetched(recording, "sealed", { method: "GET", capability })).blob();
}

export async function open(recording: string, capability: Bytes): Promise<{ header: Bytes; wraps: Bytes }> {
  const { header, wraps } = await ask<{ header: string; wraps: string }>(recording, "open", { capability });
  return { header: fromBase64url(header), wraps: fromBase64url(wraps) };
}

export async function papers(recording: string, capability: Bytes): Promise<readonly Sealed[]> {
  return (await ask<{ papers: Sealed[] }>(recording, "papers", { method: "GET", capability })).papers;
}

/** What was to happen in ten seconds happens too where the page is closed before: `keepalive` (Fetch, 64 KiB at most). */
async function fetched(recording: string, act: string, { method = "GET", body, capability }: Wanted): Promise<Response> {
  const headers: Record<string, string> = {};
  if (capability) headers["authorization"] = `Tocsin ${base64url(capability)}`;
  if (body) headers["content-type"] = "application/json";
  const sent: RequestInit = { method, headers, cache: "no-store", credentials: "same-origin", keepalive: method === "POST", ...(body && { body: JSON.stringify(body) }) };
  const answer = await fetch(`${ITEMS}/${recording}/${act}`, sent).catch(() => {
    throw new Refused("absent");
  });
  if (answer.ok) return answer;
  const told = (await answer.json().catch(() => ({}))) as { code?: string };
  throw new Refused(told.code ?? "unexpected");
}
