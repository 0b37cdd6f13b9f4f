/**
 * The exhibit sheet: what the recording is, what is in it when, what was checked and what happened to it, as headings and tables that a screen reader
 * reads in order, on the screen and in the PDF that the browser prints.
 */
import { base64url } from "../crypto/bytes.ts";
import { make } from "../ui/make.ts";
import type { Sentences } from "../ui/sentences.ts";
import { marksOf } from "./marks.ts";
import type { Opened } from "./opened.ts";
import { Sums } from "./package/sums.ts";
import { hex } from "./package/text.ts";
import { clock, moment } from "./times.ts";

interface File {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

/** The sheet as an element. Reads every media file once, for its hash; `told` hears the share. */
export async function exhibit(
  opened: Opened, checks: readonly string[], history: readonly string[], words: Sentences, told: (share: number) => void,
): Promise<HTMLElement> { // prettier-ignore
  const say = (key: string, values: Record<string, string | number> = {}): string => words.say(`sheet.${key}`, values);
  const files = await filesOf(opened, told);
  const started = opened.start["at"];
  const facts: [string, string][] = [
    [say("recording"), base64url(opened.header.recordingId)],
    [say("length"), clock(opened.lengthMs)],
    [say("pieces"), words.number(opened.seconds.places.length)],
    [say("phone_clock"), typeof started === "number" ? moment(started, words.lang) : say("not_collected")],
    [say("newest_link"), hex(opened.seconds.places.at(-1)?.link ?? new Uint8Array(0))],
    [say("captions"), say("captions_none")],
  ];
  const marks = marksOf(opened).map((mark) => [
    clock(mark.atMs),
    mark.untilMs === undefined ? "" : clock(mark.untilMs),
    words.say(mark.key, mark.number === undefined ? {} : { number: words.number(mark.number) }),
  ]);
  return make(
    "article",
    { className: "group", lang: words.lang },
    make("h1", { tabIndex: -1 }, say("title")),
    make("p", {}, say("sentence")),
    table(say("facts"), [say("what"), say("value")], facts),
    table(say("files"), [say("name"), say("size"), say("sha256")], files.map((file) => [file.name, words.number(file.size), file.sha256])),
    table(say("line"), [say("from"), say("until"), say("what")], marks),
    make("h2", {}, say("checks")),
    make("ul", { className: "dots" }, ...checks.map((text) => make("li", {}, text))),
    make("h2", {}, say("custody")),
    make("ol", { className: "dots" }, ...history.map((text) => make("li", {}, text))),
    make("h2", {}, say("not_shown")),
    make("p", {}, say("not_shown_list")),
  );
}

async function filesOf(opened: Opened, told: (share: number) => void): Promise<File[]> {
  const { reels } = opened;
  const found: File[] = [];
  const total = Math.max(1, reels.reduce((sum, reel) => sum + reel.size, 0));
  let done = 0;
  for (const reel of reels.filter((one) => one.size > 0)) {
    const sums = new Sums();
    for await (const body of reel.whole()) {
      sums.add(body);
      told((done += body.length) / total);
    }
    const ending = /^(?:video|audio)\/(webm|mp4|ogg)/.exec(reel.mime)?.[1] ?? "bin";
    found.push({ name: `${opened.start["kind"] === "import" ? "import" : "media"}-${String(found.length + 1).padStart(3, "0")}.${ending}`, size: sums.size, sha256: sums.told.sha256 });
  }
  return found;
}

/** A table whose first column names its rows. */
function table(caption: string, heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map(([first, ...rest]) => make("tr", {}, make("th", { scope: "row" }, first ?? ""), ...rest.map((text) => make("td", { className: "long" }, text))));
  return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
}
