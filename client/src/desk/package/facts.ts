/** What one package can say of itself. Its plain-language texts are made from these and from nothing else. Times are Unix seconds unless named otherwise. */
export interface Facts {
  readonly recording: string;
  readonly kind: string;
  readonly isStopped: boolean;
  readonly chunkCount: number;
  readonly lengthMs: number;
  /** The recording that this one continues and its newest chunk then, as the phone said. */
  readonly continues: readonly [string, number] | undefined;
  readonly startedMs: number | undefined;
  readonly firstReceivedMs: number | undefined;
  readonly lastReceivedMs: number | undefined;
  /** Chunks of whose receipt the node kept its signature. */
  readonly receiptCount: number;
  /** Reason, from, until (ms since the start). */
  readonly gaps: readonly (readonly [string, number, number])[];
  readonly originals: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
  readonly leafCount: number;
  readonly coveredSeq: number | null;
  readonly lastBeat: number | undefined;
  /** Name and time of each witness over the last leaf. */
  readonly witnesses: readonly (readonly [string, number])[];
  readonly timestamps: readonly string[];
  /** Public key, base64. */
  readonly custodian: string | null;
  readonly custodianIndex: number | null;
  readonly madeAt: number;
  /** Talks that were kept, talks that were muted, chunks that are withheld. */
  readonly kept: number;
  readonly muted: number;
  readonly withheld: number;
  readonly isSample: boolean;
  /** Of a scoped copy: the name of what was made in the recording's place. */
  readonly copy: string | null;
}

/** Seconds at the end that no leaf covers. */
export function uncovered(facts: Facts): number {
  return facts.chunkCount - 1 - (facts.coveredSeq ?? -1);
}
