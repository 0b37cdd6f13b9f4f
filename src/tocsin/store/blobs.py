r"""Whole files by name, for what is written once and read whole: log tiles, checkpoints, sealed exports.

Promise: when `put` returns, the content survives a power cut, and a reader sees the old content or the new, never a mixture.
`get` gives back exactly what was put under that very name, or raises `BlobDamaged` or `BlobMissing`. Calls block on the
disk and may come from any thread.

On the disk: the content, then `SHA-256("tocsin.blob/v1\n" | name | "\n" | content)`.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tocsin.errors import TocsinError
from tocsin.store import disk, fail_points

LABEL = b"tocsin.blob/v1\n"
CHECK_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class BlobMissing(TocsinError):
    """Nothing was put under this name, or it was removed."""

    code = "blob_missing"
    status = 404
    message = "There is nothing stored under this name."


class BlobExists(TocsinError):
    """`put_new` found something under this name and left it as it was."""

    code = "blob_exists"
    status = 409
    message = "Something is already stored under this name. It was not changed."


class BlobDamaged(TocsinError):
    """The stored bytes are not what was put. None of them is given out."""

    code = "blob_damaged"
    status = 500
    message = "A stored file is damaged and was not given out. Restore it from a copy."


class DiskBlobs:
    """Blobs as files below one directory. Names are words of letters, digits, `.`, `_` and `-`, joined by `/`."""

    def __init__(self, root: Path, *, is_ours: bool = True, is_draft: bool = False) -> None:
        """`is_ours` is false for one who only reads beside the process that writes: then nothing is made or tidied up.

        In a draft nothing is durable until its maker syncs the whole file system: two syncs a file would take hours for very many.
        """
        self._root, self._is_draft = root, is_draft
        if is_ours:
            disk.make_directory(root)
            disk.sweep_unfinished(root)

    def put(self, name: str, content: bytes) -> None:
        """Store `content`, replacing what was there. `DiskFull`: what was there is still there."""
        self._write(name, content, replace=True)

    def put_new(self, name: str, content: bytes) -> None:
        """Store `content` unless the name is taken (`BlobExists`); of two that try at once, one succeeds."""
        try:
            self._write(name, content, replace=False)
        except FileExistsError as error:
            raise BlobExists from error

    def get(self, name: str) -> bytes:
        """Exactly what was put."""
        try:
            raw = self._path(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise BlobMissing from error
        content, check = raw[:-CHECK_BYTES], raw[-CHECK_BYTES:]
        if len(raw) < CHECK_BYTES or _check(name, content) != check:
            raise BlobDamaged
        return content

    def exists(self, name: str) -> bool:
        """Whether something is stored under `name`; not whether it is whole."""
        return self._path(name).is_file()

    def list(self, prefix: str = "") -> list[str]:
        """Names that begin with `prefix`, sorted."""
        files = (path for path in self._root.rglob("*") if path.is_file() and not path.name.endswith(disk.UNFINISHED))
        return sorted(name for path in files if (name := path.relative_to(self._root).as_posix()).startswith(prefix))

    def walk(self, folder: str) -> Iterator[str]:
        """Names below `folder`, in no order; at most one directory's are in memory."""
        waiting = [self._path(folder)]
        while waiting:
            here = waiting.pop()
            for path in here.iterdir() if here.is_dir() else ():
                if path.is_dir():
                    waiting.append(path)
                elif not path.name.endswith(disk.UNFINISHED):
                    yield path.relative_to(self._root).as_posix()

    def remove(self, name: str) -> None:
        """Take the name away, durably. The bytes may stay on the disk: what must be gone is sealed, and its key erased."""
        path = self._path(name)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            disk.sync_directory(path.parent)

    def damaged(self) -> Sequence[str]:
        """Names of what is not as it was put; reads everything."""
        return [name for name in self.list() if not self._is_whole(name)]

    def _is_whole(self, name: str) -> bool:
        try:
            self.get(name)
        except BlobDamaged:
            return False
        return True

    def _write(self, name: str, content: bytes, *, replace: bool) -> None:
        path = self._path(name)
        if self._is_draft:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(content + _check(name, content))
            return
        disk.make_directory(path.parent)
        fail_points.hit("blobs.before_write")
        disk.write_new_file(path, [content, _check(name, content)], replace=replace)
        fail_points.hit("blobs.after_write")

    def _path(self, name: str) -> Path:
        if not is_name(name):
            raise ValueError("not a blob name")
        return self._root / name


def is_name(name: str) -> bool:
    """Whether `name` is one that stays below the directory it is looked up in."""
    return _NAME.fullmatch(name) is not None


def _check(name: str, content: bytes) -> bytes:
    digest = hashlib.sha256(LABEL + name.encode() + b"\n")
    digest.update(content)
    return digest.digest()
