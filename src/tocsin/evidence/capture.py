"""Fields of capture.json that come from elsewhere than the recording's own events (`docs/spec/package.md`, Tables)."""

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.crypto.canonical import Value
from tocsin.evidence.covering import said_in
from tocsin.evidence.tables import sourced

CONTROLLED = {"encounter": "yes", "rehearsal": "yes", "import": "no"}
"""Whether the page that makes this claim took the pictures itself, or was given a file."""

BY_KIND = "by the kind of the recording, as the phone stated it at the start"
BY_NODE = "stated by the node, which served the build that the phone stated"
BY_LOG = "log/announced.json"
UNKNOWN_THERE = "in no entry that this package shows"
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def from_elsewhere(
    start: Mapping[str, Value], node: Mapping[str, Value], announced: Sequence[Mapping[str, Any]]
) -> dict[str, Value]:
    """`start`: the event of that name. `node`: what the node said of itself. `announced`: as in the package."""
    kind, build, commit = start.get("kind"), start.get("build"), node.get("source_commit")
    is_build = isinstance(build, str) and build != ""
    is_its_commit = is_build and build == node.get("client") and isinstance(commit, str) and COMMIT.fullmatch(commit)
    entry: Value = next((one["index"] for one in announced if is_release(one, build)), UNKNOWN_THERE)
    return {
        "build_entry": sourced(entry if is_build else "not collected", BY_LOG),
        "controlled_capture": sourced(
            CONTROLLED.get(kind, "not collected") if isinstance(kind, str) else "not collected", BY_KIND
        ),
        "source_commit": sourced(commit if is_its_commit else "not collected", BY_NODE),
    }


def is_release(one: Mapping[str, Any], client: Value) -> bool:
    """Whether an announced entry is that of `client`, a hash."""
    said = said_in(b64decode(one["entry"]), "release") if one["kind"] == "release" else None
    return said is not None and said["client"] == client
