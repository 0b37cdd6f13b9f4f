/** The clocks that a place's law starts, counted from when somebody was held; each with its source. Nothing here says that one applies. */

/** As the jurisdiction pack says it, in the page's language. */
export interface LawClock {
  readonly id: string;
  readonly name: string;
  readonly hours: number;
  readonly source: string;
}

export interface Deadline extends LawClock {
  /** Unix ms. */
  readonly at: number;
  readonly isPast: boolean;
}

const HOUR_MS = 3_600_000;

/** Every deadline in order of time; none while the beginning is not known. */
export function deadlines(clocks: readonly LawClock[], since: number | undefined, now: number): Deadline[] {
  if (since === undefined || Number.isNaN(since)) return [];
  return clocks
    .map((clock) => ({ ...clock, at: since + clock.hours * HOUR_MS }))
    .map((clock) => ({ ...clock, isPast: clock.at <= now }))
    .sort((a, b) => a.at - b.at);
}

/** The next one that is not past; undefined when there is none. */
export function nextDeadline(all: readonly Deadline[]): Deadline | undefined {
  return all.find((one) => !one.isPast);
}

/** An A-number: "A" and dashes or spaces may stand in it; 8 or 9 digits. "" for nothing typed, undefined for what is none. */
export function readANumber(text: string): string | undefined {
  const typed = text.trim();
  if (typed === "") return "";
  const digits = /^A?[\s-]*((?:\d[\s-]*){8,9})$/i.exec(typed)?.[1]?.replace(/\D/g, "");
  return digits === undefined ? undefined : `A${digits}`;
}
