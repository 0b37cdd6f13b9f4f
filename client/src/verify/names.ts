/** Which members a package has, under which names, in which order. */
import { Unreadable, Wrong } from "./report.ts";

const NAME = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*\/)*[A-Za-z0-9][A-Za-z0-9._-]*$/;
const LONGEST = 120;
const WANTED = (
  "README.txt README.es.txt README.fr.txt VERIFY.txt capture.json chunks.csv custody.jsonl events.csv keys.json log/consistency.json " +
  "log/custodian.json log/keys.json log/leaves.json made.json manifest.json original/chunks.bin original/header.bin retention.txt " +
  "system/description.txt system/versions.json"
).split(" ");
const OTHERS = [
  /^original\/(?:media|import)-[0-9]{3,}\.(?:webm|mp4|ogg|mov|bin)$/,
  /^manifest\.sig$/,
  /^certificates\/[a-z0-9-]+\.txt$/,
  /^derivatives\/[^/]+$/,
  /^log\/checkpoints\/[0-9]+\.txt$/,
  /^log\/announced\.json$/,
  /^log\/receipts\.txt$/,
  /^log\/timestamps\/(?:NONE\.txt|[0-9]+-[A-Za-z0-9.-]+\.tsr)$/,
  /^system\/(?:operation\.json|sbom\.json|validation\.json|verify\.py\.txt)$/,
];

export function isOriginal(name: string): boolean {
  return OTHERS[0]!.test(name);
}

/** Throws `Wrong` for the first name that may not be there, `Unreadable` where there is no manifest at all. */
export function checkNames(names: readonly string[]): void {
  if (!names.includes("manifest.json")) throw new Unreadable("there is no manifest.json in this zip: it is no evidence package");
  for (const name of names) if (name.length > LONGEST || !NAME.test(name)) throw new Wrong("member_name", name);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) throw new Wrong("member_twice", name);
    seen.add(name.toLowerCase());
  }
  for (const name of names) {
    if (!WANTED.includes(name) && !OTHERS.some((known) => known.test(name))) throw new Wrong("member_unknown", name);
  }
  const absent = WANTED.find((name) => !names.includes(name));
  if (absent) throw new Wrong("member_absent", absent);
  const sorted = ["README.txt", ...names.filter((name) => name !== "README.txt").sort()];
  if (names.some((name, i) => name !== sorted[i])) throw new Wrong("order");
}
