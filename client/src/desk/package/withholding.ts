/** Talks with a lawyer or helper: what a decision withholds of a recording (docs/spec/package.md, Talks). */
import type { Value } from "../../crypto/canonical.ts";
import { TYPE } from "../../crypto/stream.ts";
import { Refusal } from "./refusal.ts";

const GUARD_MS = 1000;
const MOST_AFTER = 16;

export type Decision = "keep" | "mute";
/** By the talk's number, from 1. */
export type Decisions = ReadonlyMap<number, Decision>;

interface Talk {
  readonly number: number;
  readonly begin: number;
  readonly decision: Decision;
  end: number | null;
  endMs: number | undefined;
  withheld: number;
}

export class Withholding {
  readonly talks: Talk[] = [];
  readonly #decisions: Decisions;
  #isUndecided = false;
  #muted: Talk | undefined;
  #after = 0;
  #sliceMs = -1;
  #beforeMs = -1;

  constructor(decisions: Decisions) {
    this.#decisions = decisions;
  }

  /** Whether this second is withheld. Throws `Refusal` `call_entangled`. */
  takes(type: number, seq: number, monotonicMs: number, said: Readonly<Record<string, Value>> | undefined): boolean {
    if (type === TYPE.call) this.#mark(seq, monotonicMs, said?.["call"] !== "end");
    return (type === TYPE.media || type === TYPE.import) && this.#media(monotonicMs);
  }

  /** Throws `Refusal` where a talk has no decision, or a decision no talk. */
  check(): void {
    if (this.#isUndecided) throw new Refusal("call_undecided");
    if ([...this.#decisions.keys()].some((number) => number > this.talks.length)) throw new Refusal("call_unknown");
  }

  /** `isCopy`: all of it is withheld, so that what a talk withholds is not told apart. */
  inManifest(isCopy: boolean): Record<string, Value> {
    const calls = this.talks.map(({ begin, decision, end, withheld }) => ({ begin, decision, end, withheld: isCopy ? 0 : withheld }));
    return calls.length > 0 ? { calls } : {};
  }

  get inCustody(): Record<string, Value> {
    const decisions = this.talks.map(({ number, decision }) => ({ call: number, decision }));
    return decisions.length > 0 ? { decisions } : {};
  }

  count(decision: Decision): number {
    return this.talks.filter((talk) => talk.decision === decision).length;
  }

  #mark(seq: number, monotonicMs: number, begins: boolean): void {
    const last = this.talks.at(-1);
    if (last && last.end === null) [last.end, last.endMs] = [seq, monotonicMs];
    if (!begins) return;
    const number = this.talks.length + 1;
    const decision = this.#decisions.get(number);
    this.#isUndecided ||= decision === undefined;
    const talk: Talk = { number, begin: seq, decision: decision ?? "keep", end: null, endMs: undefined, withheld: 0 };
    this.talks.push(talk);
    if (talk.decision === "mute") [this.#muted, this.#after] = [talk, 0];
  }

  #media(monotonicMs: number): boolean {
    if (monotonicMs !== this.#sliceMs) [this.#beforeMs, this.#sliceMs] = [this.#sliceMs, monotonicMs];
    const muted = this.#muted;
    if (!muted) return false;
    if (muted.endMs !== undefined) {
      if (this.#beforeMs >= muted.endMs + GUARD_MS) {
        this.#muted = undefined;
        return false;
      }
      this.#after += 1;
      if (this.#after > MOST_AFTER) throw new Refusal("call_entangled");
    }
    muted.withheld += 1;
    return true;
  }
}
