/** Where the bytes of a recording lie in clear: which original each second belongs to, and where in it (docs/spec/package.md). */
import { loads, type Value } from "../../crypto/canonical.ts";
import type { Bytes } from "../../crypto/bytes.ts";
import { TYPE } from "../../crypto/stream.ts";
import type { Seconds } from "../seconds.ts";
import { Refusal } from "./refusal.ts";
import type { Withholding } from "./withholding.ts";

export const NAMES: Record<number, string> = { 1: "media", 2: "event", 3: "gap", 4: "call", 6: "import" };
const ENDINGS: Record<string, string> = { webm: "webm", mp4: "mp4", ogg: "ogg", quicktime: "mov" };

export interface Placed {
  readonly seq: number;
  readonly type: number;
  readonly monotonicMs: number;
  readonly isFinal: boolean;
  readonly raw: Bytes;
  readonly body: Bytes;
  readonly link: Bytes;
  readonly previousLink: Bytes;
  readonly said: Readonly<Record<string, Value>> | undefined;
  /** The part of an original that a second holds; `last` is inclusive. */
  readonly place: { readonly name: string; readonly first: number; readonly last: number } | undefined;
  readonly isWithheld: boolean;
}

/**
 * Each second with its place, opened anew. A new original begins with the first bytes after each `start` or `restarted_media`. `isCopy`: all of it is
 * withheld, and its place is where a package that was made with the same decisions has it.
 */
export async function* place(seconds: Seconds, withholding: Withholding, isCopy = false): AsyncGenerator<Placed> {
  let [number, ending, isNew, at] = [0, "bin", true, 0];
  let previousLink = seconds.header.link;
  for (const { seq, type, monotonicMs, isFinal, link } of seconds.places) {
    if (!Object.hasOwn(NAMES, type)) throw new Refusal("second_unknown");
    const [raw, { body }] = [await seconds.raw(seq), await seconds.open(seq)];
    const isMedia = type === TYPE.media || type === TYPE.import;
    const said = isMedia ? undefined : saidIn(body);
    const isMuted = withholding.takes(type, seq, monotonicMs, said);
    const isWithheld = isMuted || (isCopy && isMedia && body.length > 0);
    if (isWithheld && isFinal) throw new Refusal("second_unknown");
    if (type === TYPE.event && (said?.["event"] === "start" || said?.["event"] === "restarted_media")) [ending, isNew] = [endingOf(said["mime"]), true];
    let found: Placed["place"];
    if (isMedia && !isMuted && body.length > 0) {
      if (isNew) [number, isNew, at] = [number + 1, false, 0];
      found = { name: `original/${NAMES[type]}-${String(number).padStart(3, "0")}.${ending}`, first: at, last: at + body.length - 1 };
      at += body.length;
    }
    yield { seq, type, monotonicMs, isFinal, raw, body, link, previousLink, said, place: found, isWithheld };
    previousLink = link;
  }
}

function saidIn(body: Bytes): Record<string, Value> | undefined {
  try {
    const said = loads(body);
    return said !== null && typeof said === "object" && !Array.isArray(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

function endingOf(mime: Value | undefined): string {
  const kind = typeof mime === "string" ? mime.split(";")[0]! : "";
  return ENDINGS[kind.includes("/") ? kind.slice(kind.indexOf("/") + 1) : ""] ?? "bin";
}
