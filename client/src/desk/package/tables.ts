/** The tables of a package, from the opened seconds: chunks.csv, events.csv, capture.json, gaps (docs/spec/package.md, Tables). */
import { fromBase64url, join, sha256, utf8, type Bytes } from "../../crypto/bytes.ts";
import { dumps, type Value } from "../../crypto/canonical.ts";
import { hexBytes, type VerifierKey } from "../../crypto/note.ts";
import { TYPE } from "../../crypto/stream.ts";
import type { Note } from "../custody.ts";
import { numberIn } from "./covering.ts";
import { NAMES, type Placed } from "./originals.ts";
import { Refusal } from "./refusal.ts";
import { base64, hex } from "./text.ts";

const CHUNK_COLUMNS =
  "seq,type,file,first_byte,last_byte,monotonic_ms,plaintext_sha256,ciphertext_sha256,previous_link,link,received_at_ms,promised_beat,covered_by_leaf\n";
const EVENT_COLUMNS = "seq,type,monotonic_ms,event,at,detail\n";
const SPOKEN: Record<number, string> = { [TYPE.event]: "event", [TYPE.gap]: "reason", [TYPE.call]: "call" };
const FROM_START = "at browser build continued_seq continues height kind mime os place recipients_note width".split(" ");
const ABSENT = { source: "none", value: "not collected" };
const BY_START = "stated by the phone at the start";
const BY_STOP = "stated by the phone at the stop";
const BY_CLOCK = "computed from a clock event";
export const UNSAID = "not collected";
/** In place of the name of a receipt key that the log's source did not tell. */
const UNNAMED = "unknown/receipts";

type Said = Readonly<Record<string, Value>>;

/** Takes the seconds in order. Rows are some 400 bytes a second, a receipt 270. */
export class Tables {
  start: Said = {};
  readonly gaps: Record<string, Value>[] = [];
  count = 0;
  isFinal = false;
  lastMs = 0;
  receiptCount = 0;
  /** Id of the key of chunk 0's receipt; empty where it has none. */
  firstReceiptKey = "";
  readonly #receipts: string[] = [];
  readonly #recording: string;
  readonly #keys: ReadonlyMap<string, VerifierKey>;
  readonly #received: ReadonlyMap<number, Note>;
  readonly #leaves: readonly (readonly [number, number])[];
  readonly #chunkRows: string[] = [CHUNK_COLUMNS];
  readonly #eventRows: string[] = [EVENT_COLUMNS];
  #stopReason: Value | undefined;
  #clock: { offset: number; bound: number } | undefined;
  #leaf = 0;

  /** `leaves`: seq and log index of each leaf, by seq. `keys`: of receipts, by id. `recording`: its id, base64url. */
  constructor(
    received: ReadonlyMap<number, Note>, leaves: readonly (readonly [number, number])[], keys: ReadonlyMap<string, VerifierKey>, recording: string,
  ) { // prettier-ignore
    this.#received = received;
    this.#keys = keys;
    this.#recording = recording;
    this.#leaves = leaves;
  }

  async take(placed: Placed): Promise<void> {
    this.#chunkRows.push(await this.#chunkRow(placed));
    this.#takeReceipt(placed);
    if (Object.hasOwn(SPOKEN, placed.type)) {
      this.#eventRows.push(eventRow(placed));
      this.#listen(placed.type, placed.seq, placed.said ?? {});
    }
    this.count += 1;
    this.isFinal = placed.isFinal;
    if (!placed.isWithheld) this.lastMs = placed.monotonicMs;
  }

  get chunkRows(): Bytes {
    return join(...this.#chunkRows.map(utf8));
  }

  get eventRows(): Bytes {
    return join(...this.#eventRows.map(utf8));
  }

  /** Every receipt that the notes hold the signature of, eight lines each (docs/spec/log.md). */
  get receipts(): Bytes {
    return join(...this.#receipts.map(utf8));
  }

  /** `more`: fields from elsewhere. */
  capture(more: Said): Bytes {
    const found: Record<string, Value> = { device: ABSENT, recorder: ABSENT };
    for (const name of FROM_START) found[name] = sourced(Object.hasOwn(this.start, name) ? this.start[name]! : UNSAID, BY_START);
    found["stop_reason"] = sourced(this.#stopReason ?? UNSAID, BY_STOP);
    found["clock_offset_ms"] = sourced(this.#clock?.offset ?? UNSAID, BY_CLOCK);
    found["clock_offset_bound_ms"] = sourced(this.#clock?.bound ?? UNSAID, BY_CLOCK);
    return dumps({ ...found, ...more });
  }

  async #chunkRow(placed: Placed): Promise<string> {
    const { seq, place } = placed;
    const note = this.#received.get(seq);
    while (this.#leaf < this.#leaves.length && this.#leaves[this.#leaf]![0] < seq) this.#leaf += 1;
    const cells: (string | number)[] = [seq];
    if (placed.isWithheld) cells.push("withheld", "", "", "", "", "", "");
    else {
      cells.push(NAMES[placed.type]!, ...(place ? [place.name, place.first, place.last] : ["", "", ""]), placed.monotonicMs);
      cells.push(hex(await sha256(placed.body)), hex(await sha256(placed.raw.slice(41, -64))));
    }
    cells.push(hex(placed.previousLink), hex(placed.link));
    cells.push(...(note ? [numberIn(note, "t"), numberIn(note, "b")] : ["", ""]), this.#leaves[this.#leaf]?.[1] ?? "");
    return `${cells.join(",")}\n`;
  }

  #takeReceipt({ seq, link }: Placed): void {
    const note = this.#received.get(seq);
    if (!note || !Object.hasOwn(note.said, "g")) return;
    const { g: signature, k: key } = note.said;
    if (typeof signature !== "string" || typeof key !== "string" || !/^[0-9a-f]{8}$/.test(key)) throw new Refusal("custody_broken");
    const told = ["tocsin.receipt/v1", this.#recording, seq, base64(link), numberIn(note, "t"), numberIn(note, "b")];
    const signed = base64(join(hexBytes(key), signatureIn(signature)));
    this.#receipts.push(`${told.join("\n")}\n\n\u2014 ${this.#keys.get(key)?.name ?? UNNAMED} ${signed}\n`);
    this.receiptCount += 1;
    if (seq === 0) this.firstReceiptKey = key;
  }

  #listen(type: number, seq: number, said: Said): void {
    if (seq === 0) this.start = said;
    if (type === TYPE.gap) this.gaps.push({ from_ms: countOf(said["from_ms"]), reason: wordOf(said["reason"]), seq, until_ms: countOf(said["until_ms"]) });
    if (type !== TYPE.event) return;
    if (said["event"] === "stop") this.#stopReason = said["reason"] ?? undefined;
    if (said["event"] === "clock") this.#compareClock(said["at"], said["node_ms"], said["round_trip_ms"]);
  }

  #compareClock(at: unknown, node: unknown, trip: unknown): void {
    if (typeof at !== "number" || typeof node !== "number" || typeof trip !== "number") return;
    if (!this.#clock || trip < this.#clock.bound) this.#clock = { offset: node - at, bound: trip };
  }
}

function signatureIn(text: string): Bytes {
  try {
    return fromBase64url(text);
  } catch {
    throw new Refusal("custody_broken");
  }
}

function eventRow({ seq, type, monotonicMs, body, said }: Placed): string {
  const detail = said ? `"${new TextDecoder("utf-8", { ignoreBOM: true }).decode(body).replaceAll('"', '""')}"` : "";
  return `${seq},${NAMES[type]},${monotonicMs},${wordOf(said?.[SPOKEN[type]!])},${countOf(said?.["at"])},${detail}\n`;
}

export function sourced(value: Value, source: string): Value {
  return value === UNSAID ? ABSENT : { source, value };
}

/** Nothing else stands bare in a cell: a spreadsheet would run what begins with `=`. */
function wordOf(value: unknown): string {
  return typeof value === "string" && /^[a-z_]{1,40}$/.test(value) ? value : "other";
}

function countOf(value: unknown): number | "" {
  return typeof value === "number" && value >= 0 ? value : "";
}
