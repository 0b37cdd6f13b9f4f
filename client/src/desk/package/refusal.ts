/** Why no package can be made. The codes are those of the `tocsin` program. */
export type RefusalCode =
  | "call_undecided" | "call_unknown" | "call_entangled" | "recording_empty" | "custody_broken" | "log_unreadable" | "second_unknown" | "stopped"; // prettier-ignore

export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode) {
    super(code);
    this.code = code;
  }
}
