"""The log of one node: append a beat durably, prove entries, recover from a kill at any point.

Order of one append: tiles and bundles, then the signed checkpoint (the commit), then its copy under `beats/`. Tiles
beyond the newest
checkpoint were never promised to anybody: they are written over by the next append and never served. A checkpoint is
durable before it leaves
this class, so no two heads of one size are ever signed.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import entry as entries_
from tocsin.tlog import merkle, tile
from tocsin.tlog import note as notes
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.merkle import Hash
from tocsin.tlog.note import Note, Signature, Signer, VerifierKey
from tocsin.tlog.stored import HEAD, beat_name, tile_name, timestamps_name
from tocsin.tlog.tile import ENTRIES, TILE_WIDTH, Tile

CACHED_TILES = 512  # 4 MiB of hashes: the right edge and what proofs walk


class LogDamaged(TocsinError):
    """The stored log does not prove itself. It does not start, so that nothing false is signed."""

    code = "log_damaged"
    status = 503
    message = (
        "The log on disk does not match its own checkpoint. "
        "Restore it from a copy; do not start an empty one under the same name."
    )


class LogLied(TocsinError):
    """The log's files do not lead to the root it signed, or its tree no longer extends what was seen."""

    code = "log_lied"
    status = 422
    message = "The log does not agree with what it signed. Keep everything you have of it and tell its witnesses."


class BeatTooOld(TocsinError):
    """A beat before the newest one. Time in the log never runs backwards, whatever the machine's clock does."""

    code = "beat_too_old"
    status = 409
    message = "The log already has a later beat. Check the machine's clock."


class BeatUnknown(TocsinError):
    code = "beat_unknown"
    status = 404
    message = "The log published no checkpoint of that size."


@dataclass(frozen=True)
class _PublicHalf:
    """The signer of a copy, which signs nothing."""

    public: bytes

    def sign(self, message: bytes) -> bytes:  # noqa: ARG002  a signer's shape
        raise LogLied


@dataclass(frozen=True)
class Beat:
    """What one append did. `indices[i]` is the index of the `i`-th given entry; the beat holds indices `first` to
    `tree_size - 1`.
    """

    beat: int
    tree_size: int
    first: int
    indices: tuple[int, ...]
    root: Hash


class Log:
    """An append-only log in a blob store. One process, any thread; appends are serial."""

    def __init__(self, blobs: DiskBlobs, origin: str, signer: Signer, clock: Clock, classes: tuple[int, ...]) -> None:
        """Use `Log.open`."""
        self._blobs, self._signer, self._clock, self._classes = blobs, signer, clock, classes
        self.origin = origin
        self.vkey = VerifierKey(origin, notes.ED25519, signer.public)
        self._lock = Lock()
        self._tiles: OrderedDict[Tile, list[Hash]] = OrderedDict()
        self._tail: list[bytes] = []
        self._needs_reload, self._is_ours = False, True
        self._head = Checkpoint(origin, 0, merkle.EMPTY_ROOT)
        self._note = self._published = Note(self._head.text, ())
        self.newest_beat = 0

    @classmethod
    def open(
        cls,
        blobs: DiskBlobs,
        origin: str,
        signer: Signer,
        clock: Clock,
        classes: tuple[int, ...] = entries_.CLASSES,
    ) -> "Log":
        """Open the log or begin an empty one. Raises `LogDamaged` unless what is stored proves itself, or when the head
        is gone but tiles are not.
        """
        log = cls(blobs, origin, signer, clock, classes)
        if blobs.exists(HEAD):
            log._load()
            return log
        if any(blobs.exists(tile_name(Tile(ENTRIES, 0, width))) for width in range(1, TILE_WIDTH + 1)):
            raise LogDamaged
        log._note = log._published = checkpoints.sign(log._head, signer)
        blobs.put(HEAD, str(log._note).encode())
        return log

    @classmethod
    def copy(cls, blobs: DiskBlobs, vkey: VerifierKey, clock: Clock, *, is_ours: bool = True) -> "Log":
        """Somebody's copy of the log of `vkey`: it grows by `adopt` alone and signs nothing. Raises `LogDamaged`.

        With `is_ours` false it is only read, perhaps beside a process that writes it.
        """
        log = cls(blobs, vkey.name, _PublicHalf(vkey.public), clock, entries_.CLASSES)
        log._is_ours = is_ours
        if blobs.exists(HEAD):  # without it nothing was proven yet, and everything can be had again
            log._load()
        return log

    @property
    def size(self) -> int:
        return self._head.size

    @property
    def root(self) -> Hash:
        return self._head.root

    def append_beat(self, beat: int, entries: Sequence[bytes]) -> Beat:
        """Append `entries` behind the beat's time entry, padded and shuffled; durable, and its checkpoint signed, when
        it returns.

        The same beat may be appended again (after a crash, for what came late): it is then one more run of entries with
        that beat's number.
        Raises `BeatTooOld`; raises whatever the store raises, and then nothing was acknowledged and the log reads
        itself anew.
        """
        if any(entry.startswith(entries_.TIME) for entry in entries):
            raise ValueError("only the log writes time entries")
        with self._reloaded():
            if beat < self.newest_beat:
                raise BeatTooOld
            first = self.size
            places = entries_.class_of(len(entries) + 1, self._classes) - 1
            mixed, order = entries_.pad_and_shuffle(entries, places, self._clock)
            self._needs_reload = True
            self._append([entries_.time_entry(beat, first), *mixed])
            self._needs_reload = False
            self.newest_beat = beat
            return Beat(beat, self.size, first, tuple(first + 1 + place for place in order), self.root)

    def adopt(self, entries: Sequence[bytes], signed: Note) -> None:
        """Take over entries that this log published and this place does not have, up to the head `signed`; durable when it returns.

        Raises `NoteUntrusted` unless the log itself signed it, `LogLied` unless exactly these entries lead to it; then nothing changed
        that anybody is shown.
        """
        notes.verify(signed, self.vkey)
        with self._reloaded():
            self._needs_reload = True
            self._append(list(entries), signed)
            self._needs_reload = False
            newest = [found[0] for entry in entries if (found := entries_.parse_time(entry))]
            self.newest_beat = max([self.newest_beat, *newest])
            self._published = self._note

    def checkpoint_note(self, size: int | None = None) -> str:
        """The newest checkpoint, or that of an earlier beat, with the cosignatures known. Raises `BeatUnknown`."""
        return str(self._note if size in (None, self.size) else self._stored_note(size or 0))

    def publish(self) -> None:
        """Let `published_note` answer the newest checkpoint. Called once the witnesses were asked, whatever they said."""
        self._published = self._note

    def published_note(self) -> str:
        """The checkpoint to show to the world: the newest one whose witnesses were asked."""
        return str(self._published)

    def add_cosignatures(self, size: int, lines: Sequence[Signature]) -> None:
        """Store witness lines, already verified by the caller, with the checkpoint of `size`. Raises `BeatUnknown`."""
        with self._reloaded():
            whole = (self._note if size == self.size else self._stored_note(size)).adding(lines)
            raw = str(whole).encode()
            self._blobs.put(beat_name(size), raw)
            if size == self.size:
                self._blobs.put(HEAD, raw)
                self._note = whole
            if size == checkpoints.parse_text(self._published.text).size:
                self._published = whole

    def add_timestamps(self, size: int, tokens: bytes) -> None:
        """Store the timestamp tokens (JSON) of the checkpoint of `size`. Raises `BeatUnknown`."""
        self.checkpoint_note(size)
        self._blobs.put(timestamps_name(size), tokens)

    def timestamps(self, size: int) -> bytes:
        """The tokens stored with the checkpoint of `size`; an empty list where there are none. Raises `BeatUnknown`."""
        self.checkpoint_note(size)
        name = timestamps_name(size)
        return self._blobs.get(name) if self._blobs.exists(name) else b'{"tokens":[]}'

    def entry(self, index: int) -> bytes:
        """The entry at `index`. Raises `TileMissing`."""
        if not 0 <= index < self.size:
            raise tile.TileMissing
        where, offset = divmod(index, TILE_WIDTH)
        size = self.size
        width = tile.width_at(size, ENTRIES, where)
        return tile.split_bundle(self._blobs.get(tile_name(Tile(ENTRIES, where, width))), width)[offset]

    def inclusion_proof(self, index: int, size: int) -> list[Hash]:
        """Proof of the entry at `index` in the tree of `size`. Raises `BeatUnknown` beyond the tree."""
        if not 0 <= index < size <= self.size:
            raise BeatUnknown
        return list(merkle.inclusion_proof(index, size, self._reader()))

    def consistency_proof(self, old: int, new: int) -> list[Hash]:
        """Proof that the tree of `new` extends that of `old`. Raises `BeatUnknown` beyond the tree."""
        if not 0 <= old <= new <= self.size:
            raise BeatUnknown
        return list(merkle.consistency_proof(old, new, self._reader()))

    def root_at(self, size: int) -> Hash:
        """Root that the tree had at `size`. Raises `BeatUnknown` beyond the tree."""
        if not 0 <= size <= self.size:
            raise BeatUnknown
        return merkle.root(size, self._reader())

    def tile(self, path: str) -> bytes:
        """The tile or bundle at `path` (below `tile/`) of the newest tree. Raises `TileMissing`.

        Partial tiles are cut from the widest stored one, so a file left by a killed append is never served.
        """
        wanted = tile.parse_path(path)
        width = tile.width_at(self.size, wanted.level, wanted.index)
        if wanted.width > width:
            raise tile.TileMissing
        return tile.cut(self._blobs.get(tile_name(Tile(wanted.level, wanted.index, width))), wanted, width)

    @contextmanager
    def _reloaded(self) -> Iterator[None]:
        """The lock, with the state on disk read again if an append broke off."""
        with self._lock:
            if self._needs_reload:
                self._load()
            yield

    def _append(self, fresh: list[bytes], given: Note | None = None) -> None:
        """Write tiles, then the checkpoint, signed now or `given`; only then change what this object answers."""
        size = self.size + len(fresh)
        made = self._write_bundles(fresh)
        tiles = self._write_tiles([merkle.leaf_hash(entry) for entry in fresh])

        def fetch(where: Tile) -> Sequence[Hash]:
            return tiles.get(where) or self._hashes(where)

        head = Checkpoint(self.origin, size, merkle.root(size, tile.reader_of_tiles(size, fetch)))
        if given is not None and given.text != head.text:
            raise LogLied
        signed = given or checkpoints.sign(head, self._signer)
        raw = str(signed).encode()
        self._blobs.put(HEAD, raw)
        self._blobs.put(beat_name(size), raw)
        for where, hashes in tiles.items():
            self._remember(where, hashes)
        self._tail, self._note, self._head = made, signed, head
        # Committed: a failure to tidy must not be told as a failure to append.
        with suppress(OSError):
            for where in tiles:
                if where.width == TILE_WIDTH and where.index:
                    self._prune(where.level, where.index - 1)

    def _prune(self, level: int, index: int) -> None:
        """Remove the partial files of a tile that has long been full; one tile behind, so that no reader is half-way."""
        for where in (level, ENTRIES) if level == 0 else (level,):
            for width in range(1, TILE_WIDTH):
                if self._blobs.exists(name := tile_name(Tile(where, index, width))):
                    self._blobs.remove(name)

    def _write_bundles(self, fresh: list[bytes]) -> list[bytes]:
        """Store the bundles that `fresh` changes; the entries of the last, partial one."""
        where = self.size // TILE_WIDTH
        rest = [*self._tail, *fresh]
        while rest:
            now, later = rest[:TILE_WIDTH], rest[TILE_WIDTH:]
            self._blobs.put(tile_name(Tile(ENTRIES, where, len(now))), tile.join_bundle(now))
            if not later:
                return now if len(now) < TILE_WIDTH else []
            where, rest = where + 1, later
        return []

    def _write_tiles(self, leaves: list[Hash]) -> dict[Tile, list[Hash]]:
        """Store every tile of every level that `leaves` change, at its new width."""
        written: dict[Tile, list[Hash]] = {}
        level, fresh, old_count = 0, leaves, self.size
        while fresh:
            where, offset = divmod(old_count, TILE_WIDTH)
            row = [*(self._hashes(Tile(level, where, offset)) if offset else ()), *fresh]
            full: list[Hash] = []
            for at in range(0, len(row), TILE_WIDTH):
                hashes = row[at : at + TILE_WIDTH]
                made = Tile(level, where + at // TILE_WIDTH, len(hashes))
                self._blobs.put(tile_name(made), b"".join(hashes))
                written[made] = hashes
                if len(hashes) == TILE_WIDTH:
                    full.append(tile.fold(hashes))
            level, fresh, old_count = level + 1, full, old_count // TILE_WIDTH
        return written

    def _reader(self) -> merkle.Reader:
        return tile.reader_of_tiles(self.size, self._hashes)

    def _hashes(self, where: Tile) -> list[Hash]:
        cached = self._tiles.get(where)
        if cached is None:
            cached = tile.split_tile(self._blobs.get(tile_name(where)), where.width)
            self._remember(where, cached)
        return cached

    def _remember(self, where: Tile, hashes: list[Hash]) -> None:
        self._tiles[where] = hashes
        while len(self._tiles) > CACHED_TILES:
            self._tiles.popitem(last=False)

    def _stored_note(self, size: int) -> Note:
        if not self._blobs.exists(beat_name(size)):
            raise BeatUnknown
        return notes.parse(self._blobs.get(beat_name(size)))

    def _load(self) -> None:
        """Read the newest checkpoint and hold the right edge and the newest beat to it. Raises `LogDamaged`."""
        self._tiles.clear()
        raw = self._blobs.get(HEAD)
        try:
            head, note = checkpoints.open_checkpoint(raw, self.vkey)
            tail, beat = self._check_edge(head)
        except (TocsinError, ValueError) as error:
            raise LogDamaged from error
        # The rename may have been visible but not durable when the process died: make it durable before anybody relies
        # on it.
        if self._is_ours:
            self._blobs.put(HEAD, raw)
            if head.size and not self._blobs.exists(beat_name(head.size)):
                self._blobs.put(beat_name(head.size), raw)
        self._tail, self._head, self._note, self.newest_beat = tail, head, note, beat
        self._published = note
        self._needs_reload = False

    def _check_edge(self, head: Checkpoint) -> tuple[list[bytes], int]:
        """The entries of the last, partial bundle and the newest beat's number, after comparing them with the
        checkpoint.
        """
        reader = tile.reader_of_tiles(head.size, self._hashes)
        if merkle.root(head.size, reader) != head.root:
            raise LogDamaged
        tail: list[bytes] = []
        where = (head.size - 1) // TILE_WIDTH
        while where >= 0:
            bundle = self._checked_bundle(head.size, where)
            if where == head.size // TILE_WIDTH:
                tail = bundle
            if (newest := entries_.newest_time(bundle, where * TILE_WIDTH)) is not None:
                return tail, newest
            where -= 1
        if head.size:
            raise LogDamaged
        return tail, 0

    def _checked_bundle(self, size: int, where: int) -> list[bytes]:
        width = tile.width_at(size, ENTRIES, where)
        bundle = tile.split_bundle(self._blobs.get(tile_name(Tile(ENTRIES, where, width))), width)
        leaves = self._hashes(Tile(0, where, width))
        if [merkle.leaf_hash(entry) for entry in bundle] != leaves:
            raise LogDamaged
        return bundle
