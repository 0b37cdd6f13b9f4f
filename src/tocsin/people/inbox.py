"""How a command reaches a running node: a file in its folder, picked up within a second.

SQLite has one process, so a command cannot write the node's tables; and an administrative port would be one more door. A file is
durable when `drop` returns, is taken once, and works the same when the node is not running yet.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from tocsin.clock import Clock
from tocsin.crypto import canonical
from tocsin.store import disk

FOLDER = "inbox"
LONGEST = 64 * 1024


def drop(node: Path, body: dict[str, object], clock: Clock) -> None:
    """Leave `body` for the node; durable when this returns."""
    folder = node / FOLDER
    disk.make_directory(folder)
    name = clock.random_bytes(16).hex()
    draft = folder / f"{name}.draft"
    disk.write_new_file(draft, [canonical.dumps(body)])
    draft.rename(folder / f"{name}.json")
    disk.sync_directory(folder)


def waiting(node: Path) -> Iterator[tuple[Path, dict[str, canonical.Value]]]:
    """What was left, oldest first. The caller unlinks each when it is done; what cannot be read is put aside by name."""
    for path in sorted((node / FOLDER).glob("*.json"), key=os.path.getmtime):
        try:
            body = canonical.loads(path.read_bytes()[:LONGEST])
        except canonical.CanonicalError:
            body = None
        if isinstance(body, dict):
            yield path, body
        else:
            path.rename(path.with_suffix(".unreadable"))
