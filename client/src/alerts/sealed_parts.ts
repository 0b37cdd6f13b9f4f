/** Opens what was sealed to the alert desk, in this browser's memory: a photo, a voice, words. Dropped with the matter that they belong to. */
import { fromBase64url } from "../crypto/bytes.ts";
import { openWith } from "../crypto/envelope.ts";
import { make } from "../ui/make.ts";
import { words } from "../ui/page.ts";
import type { Reported } from "./matter_view.ts";

const urls: string[] = [];

export function hasSealed(report: Reported): boolean {
  return Boolean(report.photo || report.voice || report.text);
}

/** Everything of a report that opens with `identity`, for its place on the page. */
export async function openParts(report: Reported, identity: string): Promise<HTMLElement[]> {
  const opened: HTMLElement[] = [];
  const open = async (sealed: string | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> =>
    sealed ? openWith(identity, fromBase64url(sealed)).catch(() => undefined) : undefined;
  const [photo, voice, text] = await Promise.all([open(report.photo), open(report.voice), open(report.text)]);
  if (photo) opened.push(make("img", { src: urlOf(photo, "image/jpeg"), alt: words.say("adesk.photo"), className: "cover" }));
  if (voice) opened.push(make("audio", { src: urlOf(voice, ""), controls: true, ariaLabel: words.say("adesk.voice") }));
  if (text) opened.push(make("p", { className: "text", lang: report.language ?? "" }, new TextDecoder().decode(text).replace(/\0+$/, "")));
  const isShort = [photo, voice, text].filter(Boolean).length < [report.photo, report.voice, report.text].filter(Boolean).length;
  if (isShort) opened.push(make("p", { className: "problem" }, words.say("adesk.no_opened")));
  return opened;
}

export function dropParts(): void {
  for (const url of urls.splice(0)) URL.revokeObjectURL(url);
}

function urlOf(bytes: Uint8Array<ArrayBuffer>, type: string): string {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  urls.push(url);
  return url;
}
