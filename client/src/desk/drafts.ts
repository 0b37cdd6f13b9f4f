/**
 * What was typed and not saved: sealed to the lawyer alone before the browser keeps it, so that a slow line, an ended session or a closed tab loses
 * no word, and whoever has the machine reads none. Each tab has drafts of its own; a tab finds those of others.
 */
import { base64url, randomBytes } from "../crypto/bytes.ts";
import type { Value } from "../crypto/canonical.ts";
import type { Ours } from "./ours.ts";

const PREFIX = "tocsin.draft.";
const WAIT_MS = 600;
const TAB = base64url(randomBytes(6));

export interface Draft {
  readonly key: string;
  readonly said: Record<string, Value>;
}

const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Keep `said` as this tab's draft soon; again before that takes its place. */
export function keep(ours: Ours, recording: string, kind: string, said: () => Value): void {
  const key = keyOf(recording, kind);
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => void ours.sealDraft(said()).then((sealed) => store(key, sealed)), WAIT_MS));
}

/** Every draft of a kind for a recording that this lawyer can open, of this tab or another. */
export async function found(ours: Ours, recording: string, kind: string): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(`${PREFIX}${recording}.${kind}.`))) {
    const said = await ours.open(localStorage.getItem(key) ?? "");
    if (said) drafts.push({ key, said });
  }
  return drafts;
}

/** It was saved, or is not wanted any more. */
export function drop(recording: string, kind: string, key = keyOf(recording, kind)): void {
  clearTimeout(timers.get(key));
  localStorage.removeItem(key);
}

function keyOf(recording: string, kind: string): string {
  return `${PREFIX}${recording}.${kind}.${TAB}`;
}

function store(key: string, sealed: string): void {
  try {
    localStorage.setItem(key, sealed);
  } catch {
    // A browser that keeps nothing loses a draft with its tab, as it loses everything.
  }
}
