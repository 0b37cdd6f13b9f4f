"""Read a backup into a folder and hold every part to the sums and the manifest that came with it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocsin import backup
from tocsin.backup import ABOUT, CONFIG, FORMAT, MANIFEST, SETTINGS
from tocsin.errors import TocsinError
from tocsin.own_keys import PUBLISHED
from tocsin.store import archive
from tocsin.store.archive import ArchiveDamaged
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import stored
from tocsin.tlog.merkle import Hash, as_base64

MOST_BYTES = 64 * 1024 * 1024
"""Of one part: above what a bundle of entries or a piece of a table can have."""
TABLES = "tables"
NAMED = frozenset({ABOUT, CONFIG, PUBLISHED, SETTINGS})
FOLDERS = frozenset({"keys", "log", "pack", "roots", TABLES})


class BackupUnknown(TocsinError):
    code = "backup_unknown"
    status = 422
    message = "This backup was made by a newer version of Tocsin. Restore it with that version."


@dataclass
class Unpacked:
    """A backup that was read to its end and agrees with itself. What it says of the world is not proven yet."""

    about: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    config: bytes = b""
    """The log's keys as the node told them, for an ended log."""
    pieces: list[str] = field(default_factory=list)
    """Names of the pieces of tables, below the folder."""

    def hold_to(self, size: int, root: Hash) -> None:
        """Raise `ArchiveDamaged` unless the log has the size and root that the manifest names."""
        told = self.manifest["log"]
        if (told["size"], told["root"]) != (size, as_base64(root)):
            raise ArchiveDamaged


def unpack(
    file: Path, identity: str, folder: Path, told: Callable[[int, int], None], *, with_keys: bool = True
) -> Unpacked:
    """Write the parts below `folder`; without the node's keys where they are not to be used again.

    Raises `ArchiveDamaged`, `ArchiveNotForUs`, `BackupUnknown`.
    """
    reader = _Reader(folder, with_keys=with_keys)

    length = file.stat().st_size
    with file.open("rb") as sealed:

        def begin(name: str, size: int) -> _Whole:
            if size > MOST_BYTES:
                raise ArchiveDamaged
            told(sealed.tell(), length)
            return _Whole(lambda content: reader.take(name, content))

        archive.read(sealed, identity, begin)
    reader.end()
    return reader.unpacked


class _Whole:
    """Gathers one part."""

    def __init__(self, done: Callable[[bytes], None]) -> None:
        self._pieces: list[bytes] = []
        self._done = done

    def write(self, raw: bytes) -> None:
        self._pieces.append(raw)

    def close(self) -> None:
        self._done(b"".join(self._pieces))


class _Reader:
    """Puts parts where they belong. Memory: one part, and the sums of those that no list has named yet."""

    def __init__(self, folder: Path, *, with_keys: bool) -> None:
        self.unpacked, self._with_keys = Unpacked(), with_keys
        self._folder, self._log = folder, DiskBlobs(folder / "log", is_draft=True)
        self._unlisted: dict[str, str] = {}
        self._lists: dict[str, str] = {}
        self._parts = 0

    def take(self, name: str, content: bytes) -> None:
        """One part. Raises `ArchiveDamaged`, `BackupUnknown`."""
        if self.unpacked.manifest:
            raise ArchiveDamaged
        digest = sha256(content).hexdigest()
        if name == MANIFEST:
            self.unpacked.manifest = _object(content)
        elif name.startswith("sums/"):
            self._lists[name] = digest
            self._check(content)
        else:
            self._parts += 1
            self._unlisted[name] = digest
            self._put(name, content)

    def end(self) -> None:
        """Raise `ArchiveDamaged` unless the manifest came last and names everything that came."""
        manifest = self.unpacked.manifest
        wanted = (manifest.get("format"), manifest.get("sums"), manifest.get("parts"), bool(manifest.get("log")))
        if self._unlisted or wanted != (FORMAT, self._lists, self._parts, True):
            raise ArchiveDamaged
        if not (self.unpacked.published and self.unpacked.settings and self.unpacked.about):
            raise ArchiveDamaged

    def _check(self, listed: bytes) -> None:
        """Hold what came since the last list to this one."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in self._unlisted.items())
        if lines.encode() != listed:
            raise ArchiveDamaged
        self._unlisted = {}

    def _put(self, name: str, content: bytes) -> None:
        """One part where it belongs: remembered, laid into the log, or written below the folder."""
        kind, _, rest = name.partition("/")
        if name not in NAMED and kind not in FOLDERS:
            raise ArchiveDamaged
        if name in NAMED:
            self._remember(name, content)
        elif kind == "log":
            self._lay(rest, content)
        if name == PUBLISHED or kind in (TABLES, "pack", "roots") or (kind == "keys" and self._with_keys):
            path = self._folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(0o600)
            path.write_bytes(content)
        if kind == TABLES:
            self.unpacked.pieces.append(name)

    def _remember(self, name: str, content: bytes) -> None:
        found = _object(content)
        match name:
            case backup.ABOUT:
                self.unpacked.about = found
                if found.get("format") != FORMAT:
                    raise BackupUnknown
            case backup.CONFIG:
                self.unpacked.config = content
            case backup.SETTINGS:
                self.unpacked.settings = found
            case _:
                self.unpacked.published = {key: str(value) for key, value in found.items()}

    def _lay(self, served: str, content: bytes) -> None:
        try:
            self._log.put(stored.stored_name(served), content)
        except ValueError as error:
            raise ArchiveDamaged from error


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError as error:
        raise ArchiveDamaged from error
    if not isinstance(found, dict):
        raise ArchiveDamaged
    return found
