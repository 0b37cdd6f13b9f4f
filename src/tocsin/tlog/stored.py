"""Where the files of a log are stored, and a copy of them read beside the process that writes: everything one head implies, whole.

Full tiles never change. The partial ones at the right edge go when the tree has grown by two tiles, so they are read first; a
reader who still comes too late begins again with the newer head.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.errors import TocsinError
from tocsin.store.blobs import BlobMissing, DiskBlobs
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import entry as entries
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.note import VerifierKey
from tocsin.tlog.tile import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, split_bundle, width_at

HEAD = "checkpoint"
BEATS, TIMESTAMPS = "beats", "timestamps"
ATTEMPTS = 5


class LogMoves(TocsinError):
    """The right edge was gone each time it was to be read."""

    code = "log_moves"
    status = 503
    message = "The log grew faster than it could be read. Try again."


@dataclass(frozen=True)
class Edge:
    """A head, as its note in `raw`, and the partial tiles under it by stored name."""

    head: Checkpoint
    raw: bytes
    partial: dict[str, bytes]


def edge_of(blobs: DiskBlobs, log: VerifierKey) -> Edge:
    """The newest head with its right edge. Raises `LogMoves`, `NoteUntrusted`, `BlobMissing` where there is no log."""
    for _ in range(ATTEMPTS):
        raw = blobs.get(HEAD)
        head, _ = checkpoints.open_checkpoint(raw, log)
        try:
            return Edge(head, raw, {name: blobs.get(name) for name in map(tile_name, _partial(head.size))})
        except BlobMissing:
            continue
    raise LogMoves


def newest_beat(blobs: DiskBlobs, edge: Edge) -> int:
    """Number of the newest beat under the edge's head, Unix seconds; 0 for an empty log."""
    for where in range((edge.head.size - 1) // TILE_WIDTH, -1, -1):
        width = width_at(edge.head.size, ENTRIES, where)
        name = tile_name(Tile(ENTRIES, where, width))
        bundle = split_bundle(edge.partial[name] if name in edge.partial else blobs.get(name), width)
        found = entries.newest_time(bundle, where * TILE_WIDTH)
        if found is not None:
            return found
    return 0


def rest(blobs: DiskBlobs, size: int) -> Iterator[str]:
    """Stored names of everything else in the tree of `size`: full tiles, and what is kept of its beats."""
    yield from map(tile_name, _full(size))
    for folder in (BEATS, TIMESTAMPS):
        for name in blobs.walk(folder):
            if int(name.rpartition("/")[2]) <= size:
                yield name


def served_name(stored: str) -> str:
    """The name below `/log/` under which the node serves what it stores as `stored`."""
    kind, _, _ = stored.partition("/")
    return f"{kind}/{stored.rpartition('/')[2]}" if kind in (BEATS, TIMESTAMPS) else stored


def stored_name(served: str) -> str:
    """Inverse of `served_name`. Raises `ValueError` for what no log serves."""
    kind, _, last = served.partition("/")
    return f"{kind}/{_sized(int(last))}" if kind in (BEATS, TIMESTAMPS) else served


def tile_name(where: Tile) -> str:
    return f"tile/{where.path}"


def beat_name(size: int) -> str:
    return f"{BEATS}/{_sized(size)}"


def timestamps_name(size: int) -> str:
    return f"{TIMESTAMPS}/{_sized(size)}"


def _sized(size: int) -> str:
    """A name for a tree size, at most some thousands in a directory."""
    return f"{size // 100_000}/{size}"


def _levels(size: int) -> Iterator[tuple[int, int]]:
    """Each level that has a tile in the tree of `size`, and how many hashes; entries first."""
    yield ENTRIES, size
    level = 0
    while count := size >> (TILE_HEIGHT * level):
        yield level, count
        level += 1


def _partial(size: int) -> Iterator[Tile]:
    for level, count in _levels(size):
        if count % TILE_WIDTH:
            where = count // TILE_WIDTH
            yield Tile(level, where, width_at(size, level, where))


def _full(size: int) -> Iterator[Tile]:
    for level, count in _levels(size):
        yield from (Tile(level, where) for where in range(count // TILE_WIDTH))
