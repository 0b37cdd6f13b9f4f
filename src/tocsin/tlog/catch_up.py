"""Bring a copy of a log up to what the log itself has published since: a mirror that follows, a restored node that goes on.

Nothing is believed: the copy's own tree has to be a part of the tree under the newest head, each piece has to lead to a head
that the log signed, and the copy never holds more than it has proven. The reader's memory is one beat and one tile.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from tocsin.errors import TocsinError
from tocsin.tlog import entry as entries
from tocsin.tlog import merkle
from tocsin.tlog import note as notes
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.log import BeatUnknown, Log
from tocsin.tlog.note import Note
from tocsin.tlog.publish import parse_tokens
from tocsin.tlog.source import LogUnreachable, ReadLog, Source, WholeSource
from tocsin.tlog.tile import TILE_WIDTH

Told = Callable[[int, int], None]
"""Called with how many entries stand now and how many will."""


class LogForked(TocsinError):
    """Both heads are signed by the log, and no append-only tree has both."""

    code = "log_forked"
    status = 409
    message = "This log and the one shown outside are two logs under one key. Do not start it. Keep both copies: they are proof."


@dataclass(frozen=True)
class CaughtUp:
    """What was added: `beats` whole ones, up to the tree of `size`."""

    size: int
    beats: int


def catch_up(copy: Log, source: WholeSource, told: Told = lambda _now, _end: None) -> CaughtUp:
    """Add everything that `source` has and `copy` does not. Nothing to add where the source is not ahead.

    Raises `LogForked` with nothing changed, `LogLied`, `LogUnreachable`, `NoteUntrusted`, `TileMissing`.
    """
    reader = ReadLog(source, copy.vkey)
    if reader.head.size <= copy.size:
        prove_part(copy, reader.head)
        return CaughtUp(copy.size, 0)
    _prove_extends(copy, reader)
    if copy.size:
        _stamp(
            copy, source, copy.size
        )  # authorities are asked after a beat is published: the newest may have come since
    beats = 0
    for number, (given, end) in enumerate(_beats(reader, copy.size), 1):
        copy.adopt(given, _signed(source, reader, end))
        _stamp(copy, source, end)
        told(copy.size, reader.head.size)
        beats = number
    return CaughtUp(copy.size, beats)


def prove_part(copy: Log, head: Checkpoint) -> None:
    """Raise `LogForked` unless `head`, which is not larger, is one that the tree of `copy` had."""
    if copy.root_at(head.size) != head.root:
        raise LogForked


def _prove_extends(copy: Log, reader: ReadLog) -> None:
    """Raise `LogForked` unless the tree under the reader's head begins with the whole of `copy`."""
    if not copy.size:
        return
    if reader.root_at(copy.size) != copy.root:
        raise LogForked
    proof = reader.consistency_proof(copy.size)
    merkle.verify_consistency(copy.size, reader.head.size, copy.root, reader.head.root, proof)


def _signed(source: Source, reader: ReadLog, size: int) -> Note:
    """The head that the log signed for `size`, with the cosignatures the source has."""
    return reader.note if size == reader.head.size else notes.parse(source.beat(size))


def _stamp(copy: Log, source: WholeSource, size: int) -> None:
    """Take over the timestamps of one head. They prove themselves to whoever reads them."""
    with suppress(BeatUnknown, LogUnreachable, ValueError):
        tokens = source.timestamps(size)
        if parse_tokens(tokens):
            copy.add_timestamps(size, tokens)


def _beats(reader: ReadLog, start: int) -> Iterator[tuple[list[bytes], int]]:
    """The entries from index `start` on, a beat at a time, each with the size of the tree that ends it."""
    waiting: list[bytes] = []
    at = start
    for bundle in range(start // TILE_WIDTH, -(-reader.head.size // TILE_WIDTH)):
        for entry in reader.bundle(bundle)[max(0, start - bundle * TILE_WIDTH) :]:
            claimed = entries.parse_time(entry)
            if waiting and claimed is not None and claimed[1] == at:
                yield waiting, at
                waiting = []
            waiting.append(entry)
            at += 1
    if waiting:
        yield waiting, at
