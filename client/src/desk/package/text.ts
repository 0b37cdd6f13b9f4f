/** Small forms of text that the package's members share. Each says what the producer in Python says, byte for byte. */
import { base64, type Bytes } from "../../crypto/bytes.ts";

export { base64 };

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `text` with `{name}` filled in. */
export function filled(text: string, values: Readonly<Record<string, string | number | null>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] === null ? "None" : values[name]));
}

/** Of a file of sentences, each by its name. */
export function sentencesOf(text: string): Map<string, string> {
  return new Map(text.split("\n").map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)] as const));
}

/** `2026-01-31 12:00:05 UTC`, or a dash. */
export function utc(unixSeconds: number | undefined): string {
  if (unixSeconds === undefined) return "-";
  return `${new Date(unixSeconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function utcMs(unixMs: number | undefined): string {
  return utc(unixMs === undefined ? undefined : Math.floor(unixMs / 1000));
}

/** `1:02:03`. */
export function span(ms: number): string {
  const seconds = Math.floor(Math.max(ms, 0) / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** A short text of the node's, without anything that a terminal or a page would act on. */
export function plain(value: unknown, otherwise = "not stated"): string {
  const text = typeof value === "string" ? value : otherwise;
  const shown = Array.from(text).filter((letter) => letter === " " || !/[\p{C}\p{Z}]/u.test(letter));
  return shown.slice(0, 120).join("") || otherwise;
}

/** Bytes of base64 of either alphabet, with or without padding. Throws for anything else. */
export function anyBase64(text: string): Bytes {
  const letters = text.replace(/-/g, "+").replace(/_/g, "/").replace(/=+$/, "");
  return Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
