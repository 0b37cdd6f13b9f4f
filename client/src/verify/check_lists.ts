/** Steps 2, 3 and 10: what the manifest lists, who signed it, where derivatives come from. */
import { verifyEd25519 } from "../crypto/asymmetric.ts";
import { isSame, join, utf8 } from "../crypto/bytes.ts";
import type { Value } from "../crypto/canonical.ts";
import { foundersOf } from "../crypto/desk.ts";
import { isIncluded, leafHash } from "../crypto/merkle.ts";
import { parseState, readRoll, rollHead } from "../crypto/roll.ts";
import { isOriginal } from "./names.ts";
import type { Package } from "./package.ts";
import { b64, b64s, canonical, isObject, need, type Json } from "./read_json.ts";
import { shown, Wrong, type Step } from "./report.ts";
import { readScope } from "./talks.ts";

const LINEAGE = "derivatives/lineage.json";

/** The second half of step 2, once every byte has been read. */
export async function checkHashes(found: Package): Promise<void> {
  const listed = new Map(found.manifest.files.map((one) => [one.name, one]));
  const names = found.members.map((member) => member.name).filter((name) => name !== "manifest.json" && name !== "manifest.sig");
  const sums = new Map<string, Awaited<ReturnType<ReturnType<Package["stream"]>["finish"]>>>();
  for (const { name } of found.members) sums.set(name, await found.stream(name).finish());
  if (found.manifest.files.length !== names.length || found.manifest.files.some((one, i) => one.name !== names[i])) throw new Wrong("files_differ");
  for (const member of found.members) {
    const sum = sums.get(member.name)!;
    const one = listed.get(member.name) ?? { ...sum, size: member.size };
    if (one.size !== member.size) throw new Wrong("size_wrong", member.name);
    if (member.crc !== sum.crc || one.sha256 !== sum.sha256 || one.sha512 !== sum.sha512) throw new Wrong("hash_wrong", member.name);
  }
  for (const [name, one] of listed) {
    const isRight = (one.role === "original") === isOriginal(name) && (one.role === "derivative") === name.startsWith("derivatives/");
    if (!isRight) throw new Wrong("role_wrong", name);
  }
}

/** Step 3. */
export async function checkSignature(found: Package, step: Step): Promise<void> {
  const { custodian } = found.manifest;
  if (custodian === null) {
    if (found.has("manifest.sig") || found.signer) throw new Wrong("signer_differs", "no custodian is named");
    return step.found("MISSING", "unsigned");
  }
  const key = b64(need(custodian, { texts: "key" })["key"], 32);
  if (found.signer && !isSame(found.signer, key)) throw new Wrong("signer_differs", String(custodian["key"]));
  const message = join(utf8("tocsin.package/v1 manifest\n"), await found.text("manifest.json"));
  const isSigned = found.has("manifest.sig") && (await verifyEd25519(key, await found.text("manifest.sig"), message));
  if (!isSigned) throw new Wrong("signature_wrong");
  const doubt = found.isRooted ? await doubtOf(found, custodian) : "not_reached";
  if (doubt && (doubt === "not_reached" || !found.signer)) step.found("NOT PROVEN", doubt, String(custodian["key"]));
}

/** What the log leaves open about the custodian's key, or "". Throws `Wrong` for a proof that does not prove it. */
async function doubtOf(found: Package, custodian: Json): Promise<string> {
  const told = await found.value("log/custodian.json");
  if (!Object.hasOwn(custodian, "log_index")) throw new Wrong("malformed");
  if (told === null) {
    if (custodian["log_index"] !== null) throw new Wrong("custodian_proof");
    return "signer_unlogged";
  }
  if (!isObject(told)) throw new Wrong("malformed");
  if (Object.hasOwn(told, "roll")) return onRoll(found, told, custodian);
  await checkByOperator(found, told, custodian);
  return "signer_by_operator";
}

/** The rule by which phones seal to the desk: two stewards' signatures, and a list that the log says is whole. */
async function onRoll(found: Package, told: Json, custodian: Json): Promise<string> {
  need(told, { ints: "index tree_size", lists: "roll" });
  const checkpoint = found.checkpoints.get(told["tree_size"] as number);
  if (!checkpoint || custodian["log_index"] !== told["index"]) throw new Wrong("custodian_proof");
  const listed = told["roll"] as Value[];
  for (const one of [told["state"], ...listed]) {
    const { entry, index, proof } = need(one, { ints: "index", texts: "entry", lists: "proof" });
    const leaf = await leafHash(b64(entry));
    const isIn = await isIncluded(leaf, index as number, checkpoint.size, b64s(proof, 32), checkpoint.root);
    if (!isIn) throw new Wrong("custodian_proof");
  }
  const entries = listed.map((one) => ({ entry: b64((one as Json)["entry"]), index: (one as Json)["index"] as number, since: 0 }));
  const { count, head } = await rollHead(entries.map((one) => one.entry));
  const said = parseState(b64((told["state"] as Json)["entry"]));
  if (said?.count !== count || said.head !== head) throw new Wrong("custodian_proof", "the roll is not whole");
  const roll = await readRoll(entries, checkpoint.origin, 0);
  const lawyer = [...roll.lawyers.values()].find((one) => one.index === told["index"]);
  if (!lawyer || lawyer.custodian !== custodian["key"] || lawyer.day * 86_400 > found.manifest.made_at) throw new Wrong("custodian_proof");
  const wanted = found.trust?.stewards ?? [];
  if (wanted.length > 0 && wanted.join() !== foundersOf(roll).join()) throw new Wrong("stewards_differ");
  const signers = lawyer.signers.map((key) => roll.stewards.get(key)!.name).join(" and ");
  found.facts.push(`Signed by ${shown(lawyer.name)}, whose key the stewards ${shown(signers)} put on the legal desk.`);
  return lawyer.isRemoved ? "signer_removed" : "";
}

/** A package from before two stewards signed: that the log holds the key is still proven, and that is all. */
async function checkByOperator(found: Package, told: Json, custodian: Json): Promise<void> {
  const proof = need(told, { ints: "index tree_size", texts: "entry", lists: "proof" });
  const entry = b64(proof["entry"]);
  const checkpoint = found.checkpoints.get(proof["tree_size"] as number);
  const cut = entry.indexOf(10);
  const said = need(canonical(cut < 0 ? new Uint8Array(0) : entry.subarray(cut + 1)), { ints: "not_before", texts: "act custodian" });
  const isKey =
    isSame(entry.subarray(0, cut < 0 ? entry.length : cut), utf8("tocsin.leaf/v1 desk-key")) &&
    said["act"] === "add" &&
    said["custodian"] === custodian["key"];
  const isTimely = (said["not_before"] as number) <= found.manifest.made_at && custodian["log_index"] === proof["index"];
  const hashes = b64s(proof["proof"], 32);
  if (!checkpoint || !isKey || !isTimely) throw new Wrong("custodian_proof");
  const isIn = await isIncluded(await leafHash(entry), proof["index"] as number, checkpoint.size, hashes, checkpoint.root);
  if (!isIn) throw new Wrong("custodian_proof");
}

/** Step 10. */
export async function checkDerivatives(found: Package, step: Step): Promise<void> {
  const sums = new Map(found.manifest.files.map((one) => [one.name, one.sha256]));
  const listed = found.names("derivatives/").filter((name) => name !== LINEAGE);
  if (!found.has(LINEAGE)) {
    if (listed[0]) throw new Wrong("lineage", listed[0]);
    return;
  }
  const told = await found.value(LINEAGE);
  if (!Array.isArray(told)) throw new Wrong("malformed");
  const elsewhere = await withheldOriginals(found);
  for (const [name, sum] of elsewhere) sums.set(name, sum);
  const parents = new Set([...sums.keys()].filter(isOriginal));
  const [names, pairs] = [new Set<string>(), new Set<string>()];
  for (const value of told) {
    const one = need(value, { ints: "made_at", texts: "changes method name operator parent parent_sha256 sha256" });
    const [name, parent] = [String(one["name"]), String(one["parent"])];
    const isRight = listed.includes(name) && sums.get(name) === one["sha256"];
    if (!isRight || !parents.has(parent) || sums.get(parent) !== one["parent_sha256"]) throw new Wrong("lineage", name);
    parents.add(name);
    names.add(name);
    pairs.add(`${name} ${parent}`);
    if (!elsewhere.has(parent)) continue;
    step.found("NOT PROVEN", "parent_withheld", name);
    found.facts.push(`${shown(name)} was made from what is withheld; of what it shows, its maker's word is all there is.`);
  }
  if ([...names].sort().join("\n") !== listed.join("\n") || pairs.size !== told.length) throw new Wrong("lineage");
}

/** Of a scoped copy: names and hashes of the originals, as its maker states them. */
async function withheldOriginals(found: Package): Promise<Map<string, string>> {
  const scope = readScope(await found.value("made.json"), found.manifest.scope);
  const stated = new Map((scope?.media ?? []).map(({ name, sha256: sum }) => [name, sum]));
  if (![...stated.keys()].every(isOriginal)) throw new Wrong("lineage", "scope");
  return stated;
}
