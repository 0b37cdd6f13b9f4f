/** Talks in a recording, what was decided on each, and what a decision withholds (docs/spec/package.md, Talks). */
import { need, type Json } from "./read_json.ts";
import { Wrong } from "./report.ts";
import type { Value } from "../crypto/canonical.ts";

/** Chunks that may be withheld behind the end of a talk. */
const MOST_AFTER = 16;

interface Talk {
  readonly begin: number;
  readonly decision: string;
  end: number | null;
  withheld: number;
}

/** What made.json says was decided on each talk, in order. Throws `Wrong`. */
export function readDecisions(made: Value): string[] {
  const told = need(made, {})["decisions"] ?? [];
  if (!Array.isArray(told)) throw new Wrong("malformed", "made.json");
  return told.map((one, i) => {
    const { call, decision } = need(one, { ints: "call", texts: "decision" }) as { call: number; decision: string };
    if (call !== i + 1 || (decision !== "keep" && decision !== "mute")) throw new Wrong("malformed", "made.json");
    return decision;
  });
}

/** Whether it says of itself that it is a scoped copy: nothing that was recorded is in it, only what was made from it. Throws `Wrong`. */
export function readScope(made: Value, scope: Value | undefined): Scope | undefined {
  const told = need(made, {})["scope"];
  if ((told !== undefined && told !== "copy") || (told === undefined) !== (scope === undefined)) throw new Wrong("malformed", "scope");
  if (scope === undefined) return undefined;
  const { media, withheld } = need(scope, { ints: "withheld", lists: "media" }) as { media: Value[]; withheld: number };
  const stated = media.map((one) => need(one, { texts: "name sha256" }) as { name: string; sha256: string });
  return { media: stated, withheld };
}

export interface Scope {
  /** The originals, as whoever made the copy states them. */
  readonly media: readonly { readonly name: string; readonly sha256: string }[];
  readonly withheld: number;
}

export class Talks {
  readonly found: Talk[] = [];
  readonly #decisions: readonly string[];
  #muted: Talk | undefined;
  #after = 0;
  readonly #isCopy: boolean;
  /** Chunks that are withheld. */
  count = 0;

  constructor(decisions: readonly string[], isCopy: boolean) {
    this.#decisions = decisions;
    this.#isCopy = isCopy;
  }

  /** A mark of a talk, at `seq`. Throws `Wrong` where nobody decided. */
  mark(seq: number, said: Json): void {
    const last = this.found.at(-1);
    if (last && last.end === null) last.end = seq;
    if (said["call"] === "end") return;
    const decision = this.#decisions[this.found.length];
    if (decision === undefined) throw new Wrong("call_undecided", `chunk ${seq}`);
    this.found.push({ begin: seq, decision, end: null, withheld: 0 });
    if (decision !== "mute") return;
    this.#muted = this.found.at(-1);
    this.#after = 0;
  }

  /** Media are here at `seq`. Throws `Wrong` where a decision withholds them, or all of them are withheld. */
  media(seq: number, length: number): void {
    if (this.#isCopy && length === 0) return;
    if (this.#isCopy || this.#muted?.end === null) throw new Wrong("withheld_wrong", `chunk ${seq}`);
    this.#muted = undefined;
  }

  /** The chunk at `seq` is withheld. Throws `Wrong` where no decision says so. */
  withheld(seq: number): void {
    this.count += 1;
    if (this.#isCopy) return;
    if (this.#muted && this.#muted.end !== null) this.#after += 1;
    if (!this.#muted || this.#after > MOST_AFTER) throw new Wrong("withheld_wrong", `chunk ${seq}`);
    this.#muted.withheld += 1;
  }

  /** Throws `Wrong` unless the manifest's `calls` tell the same, and nobody decided on a talk that is not there. */
  compare(calls: Value | undefined, isSame: (a: unknown, b: unknown) => boolean): void {
    const isTold = this.found.length > 0 ? calls !== undefined && isSame(calls, this.found) : calls === undefined;
    if (!isTold) throw new Wrong("manifest_differs", "calls");
    if (this.#decisions.length !== this.found.length) throw new Wrong("manifest_differs", "decisions");
  }

  /** Where something is withheld, in a few words; "" where nothing is. */
  get where(): string {
    return this.found.filter((talk) => talk.withheld > 0).map((talk) => `${talk.withheld} chunks after chunk ${talk.begin}`).join(", ");
  }
}
