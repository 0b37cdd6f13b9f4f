/** Fields of capture.json that are not in the recording (docs/spec/package.md, Tables). */
import type { Value } from "../crypto/canonical.ts";
import { MEMBER, releaseEntry } from "./announced.ts";
import type { Package } from "./package.ts";
import { need, type Json } from "./read_json.ts";
import { NONE, sourced } from "./recording.ts";

const CONTROLLED = new Map<Value | undefined, string>([["encounter", "yes"], ["rehearsal", "yes"], ["import", "no"]]); // prettier-ignore
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const UNSAID = "not collected";

/** A package made before log/announced.json has none of them. */
export async function fromElsewhere(found: Package, start: Json): Promise<Json> {
  if (!found.has(MEMBER)) return {};
  const { kind, build } = start;
  const node = need(need(await found.value("system/versions.json"), {})["node"], {});
  const commit = node["source_commit"];
  const isIts = build !== "" && build === node["client"] && typeof commit === "string" && COMMIT.test(commit);
  return {
    build_entry: typeof build === "string" && build !== "" ? await buildEntry(found, build) : NONE,
    controlled_capture: sourced(CONTROLLED.get(kind) ?? UNSAID, "by the kind of the recording, as the phone stated it at the start"),
    source_commit: sourced(typeof build === "string" && isIts ? commit : UNSAID, "stated by the node, which served the build that the phone stated"),
  };
}

async function buildEntry(found: Package, build: string): Promise<Value> {
  // Step 5 says what is wrong with it.
  if (!found.told) return need(await found.value("capture.json"), {})["build_entry"] ?? NONE;
  return { source: MEMBER, value: releaseEntry(found.told, build) ?? "in no entry that this package shows" };
}
