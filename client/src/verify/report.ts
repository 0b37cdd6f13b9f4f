/** What the verifier says: ten steps, each with a status and the codes of docs/spec/package.md. */

export type Status = "PASS" | "NOT PROVEN" | "MISSING" | "FAIL";

const RANKS: readonly Status[] = ["PASS", "NOT PROVEN", "MISSING", "FAIL"];

export const STEPS = [
  "zip", "manifest", "signature", "chunks", "leaves", "checkpoints", "consistency", "custody", "timestamps", "derivatives",
] as const; // prettier-ignore

export const NOT_SHOWN: readonly string[] = [
  "That the scene is genuine, or that the people and things in it are what they seem.",
  "That the phone's own clock was right, or where the phone was: place was not collected.",
  "Who filmed. The key that signed each second was made for this recording alone.",
  "What happened before the first second, after the last, and in the gaps that are listed.",
];

/** A FAIL: what is there is not what the specification says. */
export class Wrong extends Error {
  readonly code: string;
  readonly where: string;

  constructor(code: string, where = "") {
    super(code);
    this.code = code;
    this.where = where;
  }
}

/** Not a package at all: exit 2. */
export class Unreadable extends Error {}

export type Mark = "rehearsal" | "import" | "sample";

export type Ending = "stopped" | "cut" | "cut_import";

export interface Report {
  /** 0 all PASS with outside keys, 1 a FAIL, 2 not a package, 3 something MISSING or NOT PROVEN. */
  readonly exit: 0 | 1 | 2 | 3;
  readonly package: string;
  readonly recording: string;
  readonly steps: readonly Step[];
  readonly facts: readonly string[];
  /** What the recording is not, by the package's own word: rehearsal, import, sample. */
  readonly marks: readonly Mark[];
  /** Up to which chunk a quorum of witnesses, under keys from outside, had seen the recording, and when (Unix s). */
  readonly witnessed: { readonly seq: number; readonly time: number } | undefined;
  /** How the recording ends, by what is in it; undefined where a step failed. */
  readonly ending: Ending | undefined;
  /** The recording that this one continues and the newest chunk of it that the phone still knew of, by its word. */
  readonly continues: readonly [string, string] | undefined;
  readonly notShown: readonly string[];
  /** Why the exit is 2. */
  readonly reason: string;
}

/** One line of the report. */
export class Step {
  readonly number: number;
  readonly name: string;
  status: Status = "PASS";
  readonly codes: string[] = [];
  readonly where: string[] = [];

  constructor(number: number, name: string) {
    this.number = number;
    this.name = name;
  }

  /** Note a finding; the most serious stands first. */
  found(status: Status, code: string, where = ""): void {
    if (RANKS.indexOf(status) > RANKS.indexOf(this.status)) {
      this.status = status;
      this.codes.unshift(code);
      this.where.unshift(shown(where));
    } else if (!this.codes.includes(code)) {
      this.codes.push(code);
      this.where.push(shown(where));
    }
  }
}

/** The exit that a list of steps comes to. */
export function exitOf(steps: readonly Step[]): 0 | 1 | 3 {
  if (steps.some((step) => step.status === "FAIL")) return 1;
  return steps.some((step) => step.status !== "PASS") ? 3 : 0;
}

/** Text of the package made fit for a screen: printable ASCII, at most 120 characters. */
export function shown(text: unknown): string {
  const escaped = Array.from(String(text).slice(0, 120), (letter) =>
    letter >= " " && letter <= "~" && letter !== "\\" ? letter : `\\u{${letter.codePointAt(0)!.toString(16)}}`,
  );
  return escaped.join("").slice(0, 120);
}

export function moment(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000);
  return Number.isNaN(date.getTime()) ? String(unixSeconds) : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
