/** The README of a package in plain words, from the package's own facts: the sentences are the files that the producer in Python reads. */
import en from "../../../../src/tocsin/evidence/words_of_package/en.txt";
import es from "../../../../src/tocsin/evidence/words_of_package/es.txt";
import fr from "../../../../src/tocsin/evidence/words_of_package/fr.txt";
import { uncovered, type Facts } from "./facts.ts";
import { filled, sentencesOf, span, utc, utcMs } from "./text.ts";

/** What a sheet of A4 or Letter holds of a browser's plain text. */
const WIDTH = 88;
type Values = Readonly<Record<string, string | number | null>>;

/** A text that says at its head and at its foot what the recording is not; printed, it goes over two pages at most. */
export function marked(text: string, facts: Facts, sentences = en): string {
  const words = sentencesOf(sentences);
  const told: [string, boolean][] = [["rehearsal", facts.kind === "rehearsal"], ["import", facts.kind === "import"], ["sample", facts.isSample]];
  const marks = told.map(([name, isSo]) => (isSo ? `*** ${words.get(`mark_${name}`)} ***\n` : "")).join("");
  return marks ? `${marks}\n${text}\n${marks}` : text;
}

/** Member name and text, for each language. */
export function readmes(facts: Facts): [string, string][] {
  const languages = { "README.txt": en, "README.es.txt": es, "README.fr.txt": fr };
  return Object.entries(languages).map(([name, text]) => [name, readme(facts, text)]);
}

function readme(facts: Facts, text: string): string {
  const words = sentencesOf(text);
  const endings = [...(facts.copy === null ? [] : ["_copy"]), ...endingsOf(facts), ""];
  const say: Say = (name, values = {}) => filled(words.get(endings.map((ending) => name + ending).find((one) => words.has(one)) ?? name) ?? name, values);
  const told = (name: string, otherwise: string): string => words.get(name) ?? otherwise;
  const missing = missingIn(facts, say);
  const parts = [say("title"), [say("what", { recording: facts.recording }), say("made"), say("holds", { name: facts.copy })].join(" ")];
  parts.push(...(missing.length > 0 ? [say("missing_title"), ...missing] : [say("nothing_missing")]));
  parts.push(say("shows_title"), ...shown(facts, say, told));
  parts.push(say("not_title"), ...["not_scene", "not_clock", "not_who", "not_outside"].map((name) => say(name)));
  parts.push(say("files_title"), ...facts.originals.map((one) => say("original", { ...one })), say("files"), say("files_system"));
  parts.push(say("key_warning"), say("verify"), say("advice"));
  return marked(`${parts.map((part) => part.split("\n").map(fold).join("\n")).join("\n\n")}\n`, facts, text);
}

type Say = (name: string, values?: Values) => string;

/** A file that was filmed before, chunks that are withheld and what was cut have sentences of their own: others are not true of them. */
export function endingsOf(facts: Facts): string[] {
  const kept = facts.withheld > 0 ? "_withheld" : "";
  const kind = facts.kind === "import" ? "_import" : kept;
  return facts.isStopped ? [kind] : [`${kind}_cut`, kind];
}

/** Everything a reader must not overlook. */
function missingIn(facts: Facts, say: Say): string[] {
  const witnesses = new Set(facts.witnesses.map(([name]) => name)).size;
  const told: [string, boolean][] = [
    ["sample", facts.isSample],
    ["rehearsal", facts.kind === "rehearsal"],
    ["import", facts.kind === "import"],
    ["cut", !facts.isStopped],
    ["continues", facts.continues !== undefined],
    ["copy", facts.copy !== null],
    ["call", facts.kept > 0],
    ["withheld", facts.muted > 0 && facts.copy === null],
    ["receipts", facts.receiptCount < facts.chunkCount],
    ["leaf", facts.leafCount === 0],
    ["tail", facts.leafCount > 0 && uncovered(facts) > 0],
    [`witnesses_${witnesses}`, facts.leafCount > 0 && witnesses < 2],
    ["timestamp", facts.timestamps.length === 0],
    ["signature", facts.custodian === null],
    ["log_of_signer", facts.custodian !== null && facts.custodianIndex === null],
  ];
  const counts: Record<string, number> = { withheld: facts.withheld, copy: facts.withheld, receipts: facts.chunkCount - facts.receiptCount };
  const [before, newest] = facts.continues ?? [null, null];
  return told
    .filter(([, isSo]) => isSo)
    .map(([name]) => {
      const seq = name === "continues" ? newest : facts.coveredSeq;
      return say(`missing_${name}`, { count: counts[name] ?? uncovered(facts), seq, recording: before, name: facts.copy });
    });
}

function shown(facts: Facts, say: Say, told: (name: string, otherwise: string) => string): string[] {
  const lines = [say("shows_bytes", { count: facts.chunkCount, length: span(facts.lengthMs) }), say("shows_order"), ...times(facts, say)];
  if (facts.custodian !== null) lines.push(say("shows_custodian", { key: facts.custodian, at: utc(facts.madeAt) }));
  lines.push(say(facts.isStopped ? "shows_stop" : "shows_cut"));
  lines.push(...facts.gaps.map(([reason, start, end]) => say("shows_gap", { reason: told(`gap_${reason}`, reason), start: span(start), end: span(end) })));
  return lines;
}

/** Who says when, from the least to the most independent. */
function times(facts: Facts, say: Say): string[] {
  const lines: string[] = [];
  if (facts.firstReceivedMs !== undefined) lines.push(say("shows_received", { first: utcMs(facts.firstReceivedMs), last: utcMs(facts.lastReceivedMs) }));
  if (facts.receiptCount > 0) lines.push(say("shows_receipts", { count: facts.receiptCount }));
  if (facts.startedMs !== undefined) lines.push(say("shows_phone_clock", { at: utcMs(facts.startedMs) }));
  if (facts.leafCount > 0) lines.push(say("shows_leaves", { count: facts.leafCount, beat: utc(facts.lastBeat), seq: facts.coveredSeq }));
  if (facts.witnesses.length > 0) lines.push(say("shows_what_witness"));
  lines.push(...facts.witnesses.map(([name, time]) => say("shows_witness", { name, at: utc(time) })));
  lines.push(...facts.timestamps.map((name) => say("shows_timestamp", { name })));
  return lines;
}

/** Lines of at most `WIDTH`, unless one word is longer. */
function fold(line: string): string {
  const indent = line.startsWith("- ") ? "  " : "";
  const rows = [""];
  for (const word of line.split(" ")) {
    const last = rows.at(-1)!;
    const longer = last.trim() ? `${last} ${word}` : last + word;
    if (Array.from(longer).length > WIDTH && last.trim()) rows.push(indent + word);
    else rows[rows.length - 1] = longer;
  }
  return rows.join("\n");
}
