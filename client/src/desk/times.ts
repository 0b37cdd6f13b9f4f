/** Times as a person reads them. */

/** `1:02:03` or `2:03`, of milliseconds. */
export function clock(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Day and second in the reader's language, by UTC: what two readers in two places both see. */
export function moment(unixMs: number, lang: string): string {
  const options = { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" } as const;
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? "-" : `${date.toLocaleString(lang, options)} UTC`;
}
