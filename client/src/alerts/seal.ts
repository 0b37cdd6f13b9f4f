/** Seals a report before anything leaves or is kept: its answers to the node, its photo and voice to the alert desk. */
import { base64url, type Bytes } from "../crypto/bytes.ts";
import { sealTo } from "../crypto/envelope.ts";

/** What the questions gave. */
export interface Answers {
  readonly kind: string;
  readonly how_many: string;
  readonly wearing: readonly string[];
  readonly vehicles: string;
  readonly when: string;
  readonly area: string;
  readonly language: string;
  /** 32 random bytes, base64url: the same key again is the same report. */
  readonly key: string;
  readonly text: string;
}

export interface Attached {
  readonly photo?: Bytes;
  readonly voice?: Bytes;
}

/** The body of the sealed report. Rejects where there is nobody to seal a photo or voice to. */
export async function seal(answers: Answers, attached: Attached, node: string, desk: readonly string[]): Promise<string> {
  const sealed = await sealTo([node], new TextEncoder().encode(JSON.stringify(answers)));
  const parts: Record<string, string> = { sealed: base64url(sealed) };
  for (const [name, bytes] of Object.entries(attached)) if (bytes) parts[name] = base64url(await sealTo(desk, bytes));
  return JSON.stringify(parts);
}
