/**
 * Everything at once, without a page: what a lawyer has is sealed to a colleague, one recording after the other; what an absent colleague has waits again, and is
 * taken. What was done stays done: who is cut off in the middle begins again, and the rest follows.
 */
import { wipe } from "../crypto/bytes.ts";
import { counted } from "../staff/going_on.ts";
import { ask, open, type Turned } from "./ask_desk.ts";
import type { Line } from "./lines.ts";
import type { Colleague, Ours } from "./ours.ts";

const MOVABLE: ReadonlySet<Line["state"]> = new Set(["taken", "opened", "done"]);
/** So many that fail are no accident of one recording: it stops, and says so. */
const MOST_FAILURES = 5;

export interface Result {
  readonly done: number;
  /** Those that failed; the others that are left were not tried. */
  readonly failed: readonly string[];
  readonly left: number;
}

/** What this lawyer has and could pass on. */
export function mine(lines: readonly Line[], ours: Ours): Line[] {
  return lines.filter(({ state, recording }) => MOVABLE.has(state) && ours.capability(recording));
}

/** What each colleague has, by name, as far as this browser can read. */
export function theirs(lines: readonly Line[], ours: Ours): Map<string, Line[]> {
  const found = new Map<string, Line[]>();
  for (const line of lines) {
    const name = MOVABLE.has(line.state) && !ours.capability(line.recording) ? ours.name(line.recording) : "";
    if (name) found.set(name, [...(found.get(name) ?? []), line]);
  }
  return found;
}

/** One after the other. Whatever one of them answers, the others are tried. `told` hears how many are behind. */
export async function each(all: readonly Line[], act: (line: Line) => Promise<void>, told: (n: number) => void, signal: AbortSignal): Promise<Result> {
  const failed: string[] = [];
  let done = 0;
  for (const [i, line] of all.entries()) {
    if (signal.aborted || failed.length >= MOST_FAILURES) break;
    told(i);
    try {
      await counted(act(line));
      done += 1;
    } catch {
      failed.push(line.recording);
    }
  }
  return { done, failed, left: all.length - done };
}

/** The owner sees that it was opened: its key is sealed to the colleague here, and in memory for this moment. */
export async function handOver(ours: Ours, { recording }: Line, to: Colleague): Promise<void> {
  const capability = ours.capability(recording)!;
  const { wraps } = await open(recording, capability);
  const body = await ours.handedOver(recording, wraps, to);
  wipe(wraps);
  await ask<Turned>(recording, "hand-over", { body, capability });
}

/** It waits again; with `takes` this lawyer has it then. */
export async function takeBack(ours: Ours, { recording }: Line, me: string, takes: boolean): Promise<void> {
  await ask<Turned>(recording, "take-back");
  if (!takes) return;
  const body = { ...(await ours.draw(recording)), label: await ours.label(me), mark: await ours.mark(recording) };
  await ask<Turned>(recording, "take", { body });
}
