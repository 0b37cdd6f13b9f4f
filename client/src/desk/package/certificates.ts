/** Templates that a person may fill in and sign, and what is known of retention and holds. The texts are the files that the producer in Python reads. */
import copy from "../../../../src/tocsin/evidence/texts/fre-902-14-copy.txt";
import facts_ from "../../../../src/tocsin/evidence/texts/facts.txt";
import attestation from "../../../../src/tocsin/evidence/texts/fr-cpc-202-attestation.txt";
import faits from "../../../../src/tocsin/evidence/texts/faits.txt";
import head from "../../../../src/tocsin/evidence/texts/head.txt";
import letter from "../../../../src/tocsin/evidence/texts/fre-902-notice-letter.txt";
import person from "../../../../src/tocsin/evidence/texts/fre-901-b-1-person-with-knowledge.txt";
import signed from "../../../../src/tocsin/evidence/texts/signed.txt";
import system from "../../../../src/tocsin/evidence/texts/fre-902-13-system.txt";
import tete from "../../../../src/tocsin/evidence/texts/tete.txt";
import en from "../../../../src/tocsin/evidence/words_of_package/en.txt";
import fr from "../../../../src/tocsin/evidence/words_of_package/fr.txt";
import type { Value } from "../../crypto/canonical.ts";
import type { Facts } from "./facts.ts";
import { endingsOf, marked } from "./readme.ts";
import { filled, plain, sentencesOf, utc, utcMs } from "./text.ts";

/** Member name and text. */
export function certificates(facts: Facts, packageId: string): [string, string][] {
  const told = block(facts, packageId, facts_, sentencesOf(en));
  const texts: [string, string][] = [
    ["fre-902-13-system", head + filled(system, { facts: told }) + signed],
    ["fre-902-14-copy", head + filled(copy, { facts: told }) + signed],
    ["fre-901-b-1-person-with-knowledge", head + filled(person, { facts: told }) + signed],
    ["fre-902-notice-letter", head + filled(letter, { facts: told })],
    ["fr-cpc-202-attestation", tete + filled(attestation, { facts: block(facts, packageId, faits, sentencesOf(fr)) })],
  ];
  return texts.map(([name, text]) => [`certificates/${name}.txt`, marked(text, facts, name.startsWith("fr-") ? fr : en)]);
}

/** The block of facts, in the language of the template around it. */
function block(facts: Facts, packageId: string, template: string, words: ReadonlyMap<string, string>): string {
  const endings = [...endingsOf(facts), ""];
  const say = (name: string, otherwise = name): string => endings.map((ending) => words.get(name + ending)).find((one) => one !== undefined) ?? otherwise;
  const column = template.split("\n").find((line) => line.includes("{chunks}"))!.indexOf("{chunks}");
  const kinds = [say(facts.isStopped ? "state_stopped" : "state_cut"), say(`kind_${facts.kind}`, facts.kind)];
  if (facts.isSample) kinds.push(say("of_sample"));
  if (facts.withheld > 0) kinds.push(filled(say("of_withheld"), { count: facts.withheld }));
  const originals = facts.originals.map((one) => `    ${filled(say("original"), { ...one })}\n`).join("");
  return filled(template, {
    recording: facts.recording,
    package: packageId,
    made: utc(facts.madeAt),
    chunks: [facts.chunkCount, ...kinds].join(`\n${" ".repeat(column)}`),
    first: utcMs(facts.firstReceivedMs),
    last: utcMs(facts.lastReceivedMs),
    originals: originals.replaceAll(", SHA-256 ", "\n      SHA-256 "),
  });
}

type Json = Readonly<Record<string, Value>>;

/** retention.txt: the schedule as the node said it when it handed the export out, and the holds that its custody notes tell of. */
export function retention(node: Json, acts: readonly Json[]): string {
  return [
    "RETENTION AND HOLDS",
    "",
    `Node: ${plain(node["origin"])}, rules of: ${plain(node["pack"])}`,
    ...schedule(node["retention"]),
    "Its owner may ask to erase it before.",
    "What is under legal hold is kept until two stewards release it.",
    "",
    ...holds(acts),
    "",
    "Stewards are named by the ids of their keys,",
    "which stand in the node's log under pseudonyms.",
    "Each line on a hold is an act in custody.jsonl.",
    "Nothing that came after this export was handed out is told here.",
    "",
  ].join("\n");
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function schedule(told: Value | undefined): string[] {
  if (!isObject(told)) return ["Schedule in force: not stated by the node."];
  const { days, stewards, table, leaf } = told;
  const kept = isObject(days) ? Object.entries(days).sort(([a], [b]) => (a < b ? -1 : 1)) : [];
  const lines = ["Schedule in force, in days after the day on which a recording began:"];
  lines.push(...kept.filter(([, count]) => typeof count === "number").map(([name, count]) => `  ${plain(name)}: ${String(count)}`));
  if (!table) return [...lines, "No table stood in the node's log yet: nothing was erased by its time."];
  const signers = Array.isArray(stewards) && stewards.length > 0 ? stewards.map((one) => plain(one)).join(" and ") : "no stewards: the first table";
  lines.push(`Newest table: number ${String(table)}, entry ${String(leaf)} of the log,`);
  return [...lines, `  signed by the city key and ${signers}.`];
}

const HOLDS: Record<string, string> = { hold_proposed: "hold asked for", held: "held", release_proposed: "release asked for", released: "released" };

function holds(acts: readonly Json[]): string[] {
  const told = acts.filter((act) => Object.hasOwn(HOLDS, String(act["action"])));
  if (told.length === 0) return ["No legal hold was noted for this recording."];
  const lines = told.map((act) => {
    const [at, reason] = [act["at"], plain(act["reason"], "")];
    const when = utcMs(typeof at === "number" ? at : undefined);
    return `  ${when}: ${HOLDS[String(act["action"])]} by ${plain(act["actor"])}${reason ? `, reason: ${reason}` : ""}`;
  });
  return ["Legal hold:", ...lines];
}
