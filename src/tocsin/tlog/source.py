"""Where a log is read from: its public addresses over HTTP, or the log object itself. What comes from here is checked
by whoever asked.
"""

from typing import Protocol

import httpx

from tocsin.errors import TocsinError
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import merkle, tile
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.log import BeatUnknown, Log
from tocsin.tlog.merkle import Hash
from tocsin.tlog.note import Note, VerifierKey
from tocsin.tlog.proof import Proof
from tocsin.tlog.tile import ENTRIES, TILE_WIDTH, Tile, TileMissing

SECONDS = 20.0
MOST_BYTES = 32 * 1024 * 1024  # a bundle of 256 entries of 65,535 bytes, and a little


class LogUnreachable(TocsinError):
    """No answer, or one that no log gives."""

    code = "log_unreachable"
    status = 502
    message = "The log did not answer. Check the address and try again."


class Source(Protocol):
    """A log's public addresses. Every method raises `LogUnreachable` or the error of what is missing."""

    def checkpoint(self) -> str: ...

    def beat(self, size: int) -> str: ...

    def tile(self, path: str) -> bytes: ...


class WholeSource(Source, Protocol):
    """A source that has the timestamps too."""

    def timestamps(self, size: int) -> bytes: ...


class LocalSource:
    """A log in this process."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def checkpoint(self) -> str:
        return self._log.published_note()

    def beat(self, size: int) -> str:
        return self._log.checkpoint_note(size)

    def tile(self, path: str) -> bytes:
        return self._log.tile(path)

    def timestamps(self, size: int) -> bytes:
        return self._log.timestamps(size)


class HttpSource:
    """A log at `url`, the prefix below which `/checkpoint` and `/tile/` are."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self._url, self._client = url.rstrip("/"), client

    def checkpoint(self) -> str:
        return self._get("checkpoint").decode(errors="replace")

    def beat(self, size: int) -> str:
        return self._get(f"beats/{size}", BeatUnknown()).decode(errors="replace")

    def tile(self, path: str) -> bytes:
        return self._get(f"tile/{path}", TileMissing())

    def timestamps(self, size: int) -> bytes:
        return self._get(f"timestamps/{size}", BeatUnknown())

    def _get(self, path: str, missing: TocsinError | None = None) -> bytes:
        try:
            response = self._client.get(f"{self._url}/{path}", timeout=SECONDS)
        except httpx.HTTPError as error:
            raise LogUnreachable from error
        if response.status_code == httpx.codes.NOT_FOUND and missing is not None:
            raise missing
        if response.status_code != httpx.codes.OK or len(response.content) > MOST_BYTES:
            raise LogUnreachable
        return response.content


class ReadLog:
    """A log as one checkpoint of it describes it: its tree is read through tiles as far as it is needed."""

    def __init__(self, source: Source, log: VerifierKey, raw: str | None = None) -> None:
        """Read at the checkpoint in `raw`, or the newest. Raises `NoteMalformed` or `NoteUntrusted`."""
        self._source = source
        self.head: Checkpoint
        self.note: Note
        self.head, self.note = checkpoints.open_checkpoint(source.checkpoint() if raw is None else raw, log)
        self._tiles: dict[Tile, list[Hash]] = {}

    def bundle(self, index: int) -> list[bytes]:
        """The entries of bundle `index`. Raises `BundleMalformed`; nothing is held to the root yet."""
        width = tile.width_at(self.head.size, ENTRIES, index)
        return tile.split_bundle(self._source.tile(Tile(ENTRIES, index, width).path), width)

    def entry(self, index: int) -> bytes:
        """The entry at `index`. Raises `TileMissing`."""
        if not 0 <= index < self.head.size:
            raise TileMissing
        return self.bundle(index // TILE_WIDTH)[index % TILE_WIDTH]

    def inclusion_proof(self, index: int) -> tuple[Hash, ...]:
        """Proof of `index` under this checkpoint."""
        return merkle.inclusion_proof(index, self.head.size, self._read())

    def consistency_proof(self, old: int) -> tuple[Hash, ...]:
        """Proof from the tree of `old` to this checkpoint."""
        return merkle.consistency_proof(old, self.head.size, self._read())

    def root_at(self, size: int) -> Hash:
        """Root that this log's tree had at `size`. Prove it with `consistency_proof`."""
        return merkle.root(size, self._read())

    def prove(self, index: int) -> tuple[bytes, Proof]:
        """An entry and its proof, verified. Raises `ProofWrong` where the log's files do not lead to its root."""
        entry, hashes = self.entry(index), self.inclusion_proof(index)
        merkle.verify_inclusion(merkle.leaf_hash(entry), index, self.head.size, hashes, self.head.root)
        return entry, Proof(index, hashes, str(self.note))

    def _read(self) -> merkle.Reader:
        return tile.reader_of_tiles(self.head.size, self._hashes)

    def _hashes(self, where: Tile) -> list[Hash]:
        if where not in self._tiles:
            self._tiles[where] = tile.split_tile(self._source.tile(where.path), where.width)
        return self._tiles[where]
