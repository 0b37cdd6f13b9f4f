"""Which commit of the source runs here, where that is known (`docs/spec/package.md`, Sealed export).

`./run` writes `built_from.txt` beside this file from a checkout in which nothing is changed: the commit, and the sum over the
program's own files. A wheel carries it. A file that was changed since makes another sum, and then no commit is named.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

PLACE = Path(__file__).parent
TOLD = re.compile(r"([0-9a-f]{40}(?:[0-9a-f]{24})?) ([0-9a-f]{64})\n")
UNSTATED = "not stated"


@cache
def source_commit(place: Path = PLACE) -> str:
    """The commit, or "not stated"."""
    try:
        told = TOLD.fullmatch((place / "built_from.txt").read_text())
    except OSError:
        return UNSTATED
    return told[1] if told and told[2] == sum_of(place) else UNSTATED


def sum_of(place: Path) -> str:
    """The sum that `./run` makes with `sha256sum`: over the sum and name of every Python file, in order of name."""
    names = sorted(str(path.relative_to(place)) for path in place.rglob("*.py"))
    lines = (f"{hashlib.sha256((place / name).read_bytes()).hexdigest()}  ./{name}\n" for name in names)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
