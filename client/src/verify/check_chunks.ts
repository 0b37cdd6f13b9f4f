/** Step 4: header, key, chain, signatures, decryption, padding; and that every table and original is what the chunks say. */
import { base64url, fromBigEndian, isSame, sha256, type Bytes } from "../crypto/bytes.ts";
import { fromElsewhere } from "./capture.ts";
import { isOriginal } from "./names.ts";
import type { Package } from "./package.ts";
import { equal, hex, need } from "./read_json.ts";
import { objectIn, Recording, TYPES, WITHHELD_BYTES, type Opened } from "./recording.ts";
import { Wrong, type Step } from "./report.ts";
import { readDecisions, readScope, Talks } from "./talks.ts";
import type { Value } from "../crypto/canonical.ts";

const CHUNKS_HEAD =
  "seq,type,file,first_byte,last_byte,monotonic_ms,plaintext_sha256,ciphertext_sha256,previous_link,link,received_at_ms,promised_beat,covered_by_leaf";
const EVENTS_HEAD = "seq,type,monotonic_ms,event,at,detail";
const MOST_FRAME = 2 * 1024 * 1024;
const COLUMNS = 13;
/** Two clocks may differ by so much. */
const SKEW_MS = 60_000;

export async function checkChunks(found: Package, step: Step): Promise<void> {
  const keys = need(await found.value("keys.json"), { texts: "commitment public_key recording salt" });
  const header = await found.text("original/header.bin");
  const recording = (found.recording = await Recording.begin(header, keys));
  const told = [keys["recording"], keys["public_key"], keys["salt"], keys["commitment"]];
  const known = [base64url(recording.id), hex(recording.publicKey), hex(recording.salt), hex(recording.commitment)];
  if (told.some((text, i) => text !== known[i])) throw new Wrong("keys_differ");
  found.links.set(-1, recording.link);
  const made = await found.value("made.json");
  const scope = readScope(made, found.manifest.scope);
  const talks = new Talks(readDecisions(made), scope !== undefined);
  const tables = new Tables(found, talks);
  await tables.begin();
  const chunks = found.stream("original/chunks.bin");
  while (chunks.left > 0) {
    const length = fromBigEndian(await chunks.read(4));
    if (length > MOST_FRAME || length > chunks.left) throw new Wrong("chunk_malformed", `chunk ${recording.count}`);
    const [seq, previous] = [recording.count, recording.link];
    const raw = await chunks.read(length);
    if (length === WITHHELD_BYTES) {
      await tables.skip(recording, seq, previous, raw);
      continue;
    }
    const opened = await recording.open(raw);
    if (!Object.hasOwn(TYPES, opened.kind)) throw new Wrong("chunk_malformed", `chunk ${seq}`);
    await tables.compare(recording, seq, previous, opened);
  }
  tables.end();
  if (recording.start["event"] !== "start") throw new Wrong("start_absent");
  await compareWhole(found, recording);
  if (![undefined, recording.count].includes(recording.countOfKeys)) throw new Wrong("keys_differ", "chunk_keys");
  talks.compare((found.manifest as { calls?: Value }).calls, equal);
  if (scope) return tellCopy(found, step, scope.withheld, talks.count);
  if (talks.where === "") return;
  step.found("MISSING", "withheld", talks.where);
  found.facts.push(`Withheld by decision, as a talk with a lawyer or helper: ${talks.where}. Nothing of them is shown by this package.`);
}

function tellCopy(found: Package, step: Step, told: number, count: number): void {
  if (told !== count) throw new Wrong("manifest_differs", "scope");
  step.found("MISSING", "scoped_copy", `${count} chunks`);
  found.facts.push(
    `A scoped copy: the ${count} chunks of what was recorded are not in it. They are counted, chained, signed and dated here; ` +
      "whoever has the recording can show them.",
  );
}

class Tables {
  readonly #found: Package;
  readonly #wanted: ReadonlySet<number>;
  readonly #talks: Talks;
  #cursor = 0;

  constructor(found: Package, talks: Talks) {
    this.#found = found;
    this.#talks = talks;
    this.#wanted = new Set(found.leaves?.map((leaf) => leaf.seq));
  }

  async begin(): Promise<void> {
    const heads = [await this.#line("chunks.csv"), await this.#line("events.csv")];
    if (heads[0] !== CHUNKS_HEAD || heads[1] !== EVENTS_HEAD) throw new Wrong("table_differs", "first row");
  }

  /** Throws `Wrong` unless the next rows, and the next bytes of an original, are those of this chunk. */
  async compare(recording: Recording, seq: number, previous: Bytes, opened: Opened): Promise<void> {
    const { kind, time, body } = opened;
    let [where, row]: [string, Bytes] = [",,", new Uint8Array(0)];
    if (kind === 2 || kind === 3 || kind === 4) row = recording.note(kind, time, body);
    if (kind === 4) this.#talks.mark(seq, objectIn(body) ?? {});
    if (row.length === 0) this.#talks.media(seq, body.length);
    if (row.length === 0 && body.length > 0) where = await this.#original(recording, kind, body);
    const sums = [await sha256(body), await sha256(opened.ciphertext)].map(hex).join(",");
    await this.#row(recording, seq, `${TYPES[kind]},${where},${time},${sums}`, previous);
    if (!isSame(await this.#found.stream("events.csv").read(row.length), row)) throw new Wrong("table_differs", `events.csv, chunk ${seq}`);
  }

  /** Throws `Wrong` unless `raw` and the next row of chunks.csv are those of a chunk that a decision withholds. */
  async skip(recording: Recording, seq: number, previous: Bytes, raw: Bytes): Promise<void> {
    await recording.skip(raw);
    this.#talks.withheld(seq);
    await this.#row(recording, seq, "withheld,,,,,,", previous);
  }

  async #row(recording: Recording, seq: number, beginning: string, previous: Bytes): Promise<void> {
    const told = (await this.#line("chunks.csv")).split(",");
    if (told.length < COLUMNS) throw new Wrong("malformed", "chunks.csv");
    const covered = this.#found.leaves ? this.#covered(seq) : told[12];
    const expected = `${seq},${beginning},${hex(previous)},${hex(recording.link)},${told[10]},${told[11]},${covered}`;
    if (told.join(",") !== expected) throw new Wrong("table_differs", `chunks.csv, chunk ${seq}`);
    this.#found.received.push([told[10]!, told[11]!, recording.link]);
    if (this.#wanted.has(seq)) this.#found.links.set(seq, recording.link);
  }

  end(): void {
    const isMore = this.#found.stream("chunks.csv").left > 0 || this.#found.stream("events.csv").left > 0;
    if (isMore) throw new Wrong("table_differs", "rows for no chunk");
  }

  async #original(recording: Recording, kind: number, body: Bytes): Promise<string> {
    const { name, at } = recording.place(kind, body.length);
    const isThere = this.#found.has(name) && isSame(await this.#found.stream(name).read(body.length), body);
    if (!isThere) throw new Wrong("original_differs", `${name} at byte ${at}`);
    return `${name},${at},${at + body.length - 1}`;
  }

  /** Log index of the first leaf that covers `seq`. Leaves are in order of seq. */
  #covered(seq: number): string {
    const leaves = this.#found.leaves ?? [];
    while (this.#cursor < leaves.length && leaves[this.#cursor]!.seq < seq) this.#cursor += 1;
    return String(leaves[this.#cursor]?.index ?? "");
  }

  async #line(name: string): Promise<string> {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await this.#found.stream(name).line());
  }
}

async function compareWhole(found: Package, recording: Recording): Promise<void> {
  const originals = [...found.streams.keys()].filter(isOriginal);
  const isWhole = [...recording.originals.keys()].sort().join("\n") === originals.join("\n");
  if (!isWhole || originals.some((name) => found.stream(name).left > 0)) {
    throw new Wrong("original_differs", "an original that is too long or in no chunk");
  }
  if (!isSame(await found.text("capture.json"), recording.capture(await fromElsewhere(found, recording.start)))) throw new Wrong("capture_differs");
  const sums = new Map(found.manifest.files.map((one) => [one.name, one.sha256]));
  const facts = {
    chunk_count: recording.count,
    gaps: recording.gaps,
    kind: recording.start["kind"] ?? null,
    media: originals.map((name) => ({ name, sha256: sums.get(name) ?? null })),
    recording: base64url(recording.id),
    state: recording.isFinal ? "stopped" : "cut",
  };
  for (const [name, value] of Object.entries(facts)) {
    if (!equal(found.manifest[name as keyof typeof facts], value)) throw new Wrong("manifest_differs", name);
  }
  if (recording.clock) tellClock(found, recording.clock.offset, recording.clock.bound);
}

function tellClock(found: Package, offset: number, bound: number): void {
  if (Math.abs(offset) - Math.max(bound, 0) <= SKEW_MS) return;
  const [seconds, side] = [Math.floor(Math.abs(offset) / 1000), offset > 0 ? "behind" : "ahead of"];
  found.facts.push(
    `clock_suspect: the phone's clock stood ${seconds} s ${side} the node's.` +
      " Times that the phone states are off by that; those of node and witnesses are not.",
  );
}
