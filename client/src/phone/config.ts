/** What the node tells every phone, and what a recording is made for. */
import type { Trust } from "../crypto/desk.ts";

/** `GET /client-config` (docs/spec/http.md). */
export interface ClientConfig extends Trust {
  readonly share_recipient: string;
  readonly emergency_number: string;
  readonly sample: boolean;
  readonly desk_wait_s: number;
  readonly limits: { readonly max_bytes?: number; readonly max_seconds?: number; readonly chunk_bytes?: number };
  /** The jurisdiction that callers are in; empty where nobody is rung. */
  readonly call_place?: string;
  /** Release of the client build: `client` of its manifest. */
  readonly build?: string;
  /** The city's public keys of alerts by status; absent where alerts are off. */
  readonly alert_keys?: Readonly<Record<string, string>>;
}

export type Kind = "encounter" | "rehearsal" | "import";
