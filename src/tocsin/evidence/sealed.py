"""The sealed export of a recording: everything the node has of it, nothing of which opens without its key (`docs/spec/package.md`).

`SealedWriter` gives the file piece by piece, for an answer that is streamed; `Sealed` reads it from a disk, a chunk at a time. Neither
checks what chunks or notes say: `opened` does, who has the key.
"""

import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Self

from tocsin.crypto import canonical
from tocsin.crypto.profiles import CHUNK_LIMIT
from tocsin.errors import TocsinError
from tocsin.evidence.stored_zip import OnePass

FIRST_MEMBERS = ("header.bin", "wraps.age", "chunks.bin", "notes.bin", "node.json")
LOG_FOLDER = "log/"
LONGEST_PART = 64 * 1024 * 1024
"""Members that are read whole are shorter than this."""

UNREADABLE = (
    zipfile.BadZipFile,
    KeyError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    OverflowError,
    struct.error,
)
"""What the library raises for an archive that somebody bent: a negative offset is a `ValueError`, for one."""


class SealedMalformed(TocsinError):
    code = "sealed_malformed"
    status = 400
    message = "This is not a sealed export, or it was cut short. Fetch it again from the node."


class SealedWriter:
    """Writes `header.bin`, `wraps.age`, `chunks.bin`, `notes.bin`, `node.json`, in that order; each method returns bytes to send."""

    def __init__(self) -> None:
        self._zip = OnePass()

    def whole(self, name: str, content: bytes) -> bytes:
        """A short member."""
        return self._zip.whole(name, content)

    def begin(self, name: str) -> bytes:
        """Begin `chunks.bin` or `notes.bin`."""
        return self._zip.begin(name, may_be_long=True)

    def item(self, content: bytes) -> bytes:
        """One chunk or note, behind its length."""
        return self._zip.piece(len(content).to_bytes(4) + content)

    def finish(self) -> bytes:
        """End `chunks.bin` or `notes.bin`."""
        return self._zip.finish()

    def end(self) -> bytes:
        """The last bytes of the file."""
        return self._zip.end()


def write_sealed(
    header: bytes, wraps: bytes, chunks: Iterable[bytes], notes: Iterable[bytes], more: Mapping[str, bytes]
) -> Iterator[bytes]:
    """A whole sealed export. `more` holds `node.json` and, in a completed one, the members of the log, in their order."""
    writer = SealedWriter()
    yield writer.whole("header.bin", header)
    yield writer.whole("wraps.age", wraps)
    for name, items in (("chunks.bin", chunks), ("notes.bin", notes)):
        yield writer.begin(name)
        for item in items:
            yield writer.item(item)
        yield writer.finish()
    for name, content in more.items():
        yield writer.whole(name, content)
    yield writer.end()


class Sealed:
    """A sealed export, on a disk or in memory. Use as a context manager. Raises `SealedMalformed` wherever it is not one."""

    def __init__(self, source: Path | IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(source)
        except UNREADABLE as error:
            raise SealedMalformed from error
        self.names = tuple(self._zip.namelist())
        is_plain = all(
            one.compress_type == zipfile.ZIP_STORED and not one.flag_bits & 1 for one in self._zip.infolist()
        )
        is_whole = self.names[: len(FIRST_MEMBERS)] == FIRST_MEMBERS and len(set(self.names)) == len(self.names)
        if not is_plain or not is_whole:
            self._zip.close()
            raise SealedMalformed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def header(self) -> bytes:
        return self.part("header.bin")

    @property
    def wraps(self) -> bytes:
        return self.part("wraps.age")

    @property
    def node(self) -> dict[str, canonical.Value]:
        """What the node says of itself: version, client, retention, pack."""
        try:
            told = canonical.loads(self.part("node.json"))
        except canonical.CanonicalError as error:
            raise SealedMalformed from error
        if not isinstance(told, dict):
            raise SealedMalformed
        return told

    def told(self, name: str) -> bytes | None:
        """A member that nodes of some version do not hand out."""
        return self.part(name) if name in self.names else None

    @property
    def log(self) -> dict[str, bytes]:
        """The members of the log, by the name they have below `log/`; empty until the export was completed."""
        return {name.removeprefix(LOG_FOLDER): self.part(name) for name in self.names if name.startswith(LOG_FOLDER)}

    def chunks(self) -> Iterator[bytes]:
        """The chunks, in order of writing."""
        return self._items("chunks.bin", CHUNK_LIMIT)

    def notes(self) -> Iterator[bytes]:
        """The sealed custody notes, in order of `i`."""
        return self._items("notes.bin", CHUNK_LIMIT)

    def part(self, name: str) -> bytes:
        """A short member, whole."""
        try:
            if self._zip.getinfo(name).file_size > LONGEST_PART:
                raise SealedMalformed
            return self._zip.read(name)
        except UNREADABLE as error:
            raise SealedMalformed from error

    def _items(self, name: str, longest: int) -> Iterator[bytes]:
        try:
            with self._zip.open(name) as stream:
                while head := stream.read(4):
                    yield _item(stream, head, longest)
        except UNREADABLE as error:
            raise SealedMalformed from error


def _item(stream: IO[bytes], head: bytes, longest: int) -> bytes:
    length = int.from_bytes(head)
    if len(head) != 4 or length > longest:
        raise SealedMalformed
    content = stream.read(length)
    if len(content) != length:
        raise SealedMalformed
    return content
