/** Fields of capture.json that come from elsewhere than the recording's own events (docs/spec/package.md, Tables). */
import type { Value } from "../../crypto/canonical.ts";
import { saidIn, type AnnouncedTold } from "./covering.ts";
import { sourced, UNSAID } from "./tables.ts";
import { anyBase64 } from "./text.ts";

/** Whether the page that makes this claim took the pictures itself, or was given a file. */
const CONTROLLED = new Map<Value | undefined, string>([["encounter", "yes"], ["rehearsal", "yes"], ["import", "no"]]); // prettier-ignore
const BY_KIND = "by the kind of the recording, as the phone stated it at the start";
const BY_NODE = "stated by the node, which served the build that the phone stated";
const BY_LOG = "log/announced.json";
const UNKNOWN_THERE = "in no entry that this package shows";
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

type Said = Readonly<Record<string, Value>>;

/** `start`: the event of that name. `node`: what the node said of itself. `announced`: as in the package. */
export function fromElsewhere(start: Said, node: Said, announced: readonly AnnouncedTold[]): Record<string, Value> {
  const { kind, build } = start;
  const commit = node["source_commit"];
  const isBuild = typeof build === "string" && build !== "";
  const isItsCommit = isBuild && build === node["client"] && typeof commit === "string" && COMMIT.test(commit);
  const entry = announced.find((one) => isRelease(one, build))?.index ?? UNKNOWN_THERE;
  return {
    build_entry: sourced(isBuild ? entry : UNSAID, BY_LOG),
    controlled_capture: sourced(CONTROLLED.get(kind) ?? UNSAID, BY_KIND),
    source_commit: sourced(isItsCommit ? commit : UNSAID, BY_NODE),
  };
}

/** Whether an announced entry is that of `client`, a hash. */
function isRelease({ entry, kind }: AnnouncedTold, client: Value | undefined): boolean {
  return kind === "release" && saidIn(anyBase64(entry), kind)?.["client"] === client;
}
