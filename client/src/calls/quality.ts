/** How a line does, from what the browser counts of it (W3C webrtc-stats): sound before picture, and what is written before a sound that breaks. */

interface Count {
  readonly id: string;
  readonly type: string;
  readonly kind?: string;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly fractionLost?: number;
}

/** Of 1. Above it a picture takes what the sound needs. */
const MOST_LOST = 0.1;
/** Of 1. Speech with every second packet gone is not understood (Opus conceals up to about a third). */
const UNHEARD = 0.5;
/** One bad look is a moment, two in a row are a line. */
const LOOKS = 2;

export interface Verdict {
  readonly isPoor: boolean;
  readonly isDeaf: boolean;
}

export class Quality {
  readonly #before = new Map<string, { got: number; lost: number }>();
  #poor = 0;
  #deaf = 0;

  /** What a report says, seen beside the ones before it. */
  judge(report: { values(): Iterable<unknown> }): Verdict {
    const counts = [...report.values()] as Count[];
    const came = counts.filter(({ type }) => type === "inbound-rtp").map((count) => ({ kind: count.kind, ...this.#since(count) }));
    const went = counts.filter(({ type }) => type === "remote-inbound-rtp").map(({ fractionLost = 0 }) => fractionLost);
    const lost = Math.max(0, ...went, ...came.map(({ share }) => share));
    this.#poor = lost > MOST_LOST ? this.#poor + 1 : 0;
    const isSilent = came.some(({ kind, isNew, got, share }) => kind === "audio" && !isNew && (got === 0 || share > UNHEARD));
    this.#deaf = isSilent ? this.#deaf + 1 : 0;
    return { isPoor: this.#poor >= LOOKS, isDeaf: this.#deaf >= LOOKS };
  }

  #since({ id, packetsReceived = 0, packetsLost = 0 }: Count): { got: number; share: number; isNew: boolean } {
    const before = this.#before.get(id);
    this.#before.set(id, { got: packetsReceived, lost: packetsLost });
    const got = packetsReceived - (before?.got ?? 0);
    const lost = Math.max(0, packetsLost - (before?.lost ?? 0));
    return { got, share: got + lost > 0 ? lost / (got + lost) : 0, isNew: !before?.got };
  }
}
