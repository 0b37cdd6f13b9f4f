"""Follow a log and hold it to everything it said: every entry, every root it signed, its past, its clock, a receipt's
promise.

Reads as a stream: memory is one bundle and a stack of at most 63 hashes. `Seen` is what to keep between two runs; the
next run reads only what
is new and still proves that it extends what was seen.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tocsin.crypto import canonical
from tocsin.tlog import accuse, cosignature, merkle, roll, token_keys
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import entry as entries
from tocsin.tlog import note as notes
from tocsin.tlog.accuse import CLOCK_SECONDS, PUBLISH_SECONDS, Accusation
from tocsin.tlog.log import BeatUnknown, LogLied
from tocsin.tlog.merkle import Hash
from tocsin.tlog.note import Note, NoteMalformed, NoteUntrusted, VerifierKey, standard_base64
from tocsin.tlog.source import ReadLog, Source
from tocsin.tlog.tile import TILE_WIDTH


class Stack:
    """The root of a growing tree: the complete subtrees of its size, largest first."""

    def __init__(self, size: int = 0, hashes: Sequence[Hash] = ()) -> None:
        if size.bit_count() != len(hashes):
            raise ValueError("a tree has one hash for each bit of its size")
        self.size, self.hashes = size, list(hashes)

    def add(self, leaf: Hash) -> None:
        """Append one leaf hash."""
        self.hashes.append(leaf)
        size = self.size
        while size & 1:
            right = self.hashes.pop()
            self.hashes.append(merkle.node_hash(self.hashes.pop(), right))
            size >>= 1
        self.size += 1

    @property
    def root(self) -> Hash:
        if not self.hashes:
            return merkle.EMPTY_ROOT
        found = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            found = merkle.node_hash(left, found)
        return found


@dataclass(frozen=True)
class Seen:
    """What an auditor keeps: the newest checkpoint it proved, the stack under it, the digests of the roll's entries, and
    the passport's of the newest week and later ones.
    """

    note: str
    size: int
    hashes: tuple[Hash, ...]
    rolled: tuple[bytes, ...] = ()
    given: tuple[bytes, ...] = ()

    def dumps(self) -> bytes:
        hashes = [merkle.as_base64(part) for part in self.hashes]
        rolled = [merkle.as_base64(part) for part in self.rolled]
        given = [merkle.as_base64(part) for part in self.given]
        told = {"given": given, "hashes": hashes, "note": self.note, "rolled": rolled, "size": self.size}
        return canonical.dumps(told)

    @classmethod
    def loads(cls, raw: bytes) -> "Seen":
        """Raises `NoteMalformed` for what `dumps` did not write."""
        try:
            match canonical.loads(raw):
                case {"hashes": list(hashes), "note": str(note), "size": int(size), **more} if size.bit_count() == len(
                    hashes
                ):
                    kept = (hashes, more.get("rolled", []), more.get("given", []))
                    return cls(note, size, *(tuple(map(standard_base64, map(str, _list(one)))) for one in kept))
        except canonical.CanonicalError as error:
            raise NoteMalformed from error
        raise NoteMalformed


@dataclass(frozen=True)
class SeenBeat:
    """One beat as the log tells it: entries `first` to `end - 1`. `cosigned`: earliest time by witness name, Unix
    seconds.
    """

    beat: int
    first: int
    end: int
    cosigned: dict[str, int]

    @property
    def seconds_late(self) -> int:
        """How long after its time the first witness saw it; 0 where it was in time or nobody saw it."""
        return max(0, min(self.cosigned.values(), default=0) - self.beat - PUBLISH_SECONDS)


@dataclass
class Report:
    """What one audit found. `troubles` are plain sentences; `accusations` are proofs for anybody."""

    size: int = 0
    entries: int = 0
    beats: list[SeenBeat] = field(default_factory=list)
    public: list[tuple[int, bytes]] = field(default_factory=list)
    """Entries that are neither filler, commitments, times nor what a beat says of others, with their index."""
    cosigned: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    accusations: list[Accusation] = field(default_factory=list)
    seen: Seen | None = None

    @property
    def is_clean(self) -> bool:
        return not self.troubles and not self.accusations


@dataclass(frozen=True)
class Auditor:
    """Who the auditor trusts, and how many of the witnesses must have cosigned what it sees."""

    log: VerifierKey
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0

    def audit(self, source: Source, before: Seen | None = None) -> Report:
        """Read everything since `before`. Raises `LogUnreachable`, `NoteUntrusted`; `LogLied` where the log contradicts
        itself.
        """
        reader = ReadLog(source, self.log)
        report = Report(size=reader.head.size, cosigned=self.times(reader.note))
        if len(report.cosigned) < self.quorum:
            report.troubles.append(
                f"{len(report.cosigned)} of {self.quorum} wanted witnesses cosigned the newest head."
            )
        stack = self._extended(reader, before, report)
        if stack is not None:
            times = self.times(notes.parse(before.note)) if before else {}
            _Walk(self, source, reader, stack, report, times, before).run()
        return report

    def times(self, note: Note) -> dict[str, int]:
        """When each trusted witness cosigned `note`; a wrong line of a trusted key counts as none."""
        found: dict[str, int] = {}
        for key in self.witnesses:
            with suppress(NoteUntrusted):
                time_s = cosignature.verify(note, key)
                found[key.name] = min(time_s, found.get(key.name, time_s))
        return found

    def compare(self, source: Source, other: str) -> Accusation | None:
        """Hold a head that somebody else was shown to this view of the log. `None`: they are heads of one tree."""
        reader = ReadLog(source, self.log)
        theirs, _ = checkpoints.open_checkpoint(other, self.log)
        if theirs.size > reader.head.size:
            # They saw more: let the log prove its newest head to us under theirs.
            reader, other = ReadLog(source, self.log, other), str(reader.note)
        return accuse.split_view(reader, other, self.log)

    def _extended(self, reader: ReadLog, before: Seen | None, report: Report) -> Stack | None:
        """The stack to go on from; `None` when the log contradicts what was seen, which `report` then tells."""
        if before is None:
            return Stack()
        head, _ = checkpoints.open_checkpoint(before.note, self.log)
        stack = Stack(before.size, before.hashes)
        if (head.size, head.root) != (stack.size, stack.root):
            raise NoteMalformed
        if head.size > reader.head.size:
            report.troubles.append(f"The log shows {reader.head.size} entries and had {head.size}: it was rolled back.")
            return None
        if accusation := accuse.split_view(reader, before.note, self.log):
            report.accusations.append(accusation)
            return None
        return stack


class _Walk:
    """One pass over the entries from `stack.size` on. `seen`: when witnesses cosigned the tree the pass begins with."""

    def __init__(
        self,
        auditor: Auditor,
        source: Source,
        reader: ReadLog,
        stack: Stack,
        report: Report,
        seen: dict[str, int],
        before: Seen | None,
    ) -> None:
        self._auditor, self._source, self._reader = auditor, source, reader
        self._stack, self._report = stack, report
        self._start, self._seen = stack.size, seen
        self._open_beat: tuple[int, int] | None = None
        self._rolled, self._stated = set(before.rolled if before else ()), list[roll.Stated | None]()
        self._given, self._given_stated = set(before.given if before else ()), list[bytes]()

    def run(self) -> None:
        """Raises `LogLied`."""
        for index, entry in _entries(self._reader, self._start):
            claimed = entries.parse_time(entry)
            if claimed and claimed[1] == index:
                self._end_beat()
                self._begin_beat(*claimed)
            elif entry.startswith(entries.ROLL):
                self._stated.append(roll.parse_state(entry))
            elif token_keys.is_state(entry):
                self._given_stated.append(entry)
            elif not entry.startswith(entries.BEAT):
                self._report.public.append((index, entry))
                if roll.is_rolled(entry):
                    self._rolled.add(roll.digest(entry))
                if token_keys.parse(entry):
                    self._given.add(entry)
            self._stack.add(merkle.leaf_hash(entry))
        self._end_beat()
        if self._stack.root != self._reader.head.root:
            raise LogLied
        self._report.entries = self._stack.size - self._start
        rolled = tuple(sorted(self._rolled))
        given = tuple(sorted(self._given))
        self._report.seen = Seen(str(self._reader.note), self._stack.size, tuple(self._stack.hashes), rolled, given)

    def _begin_beat(self, beat: int, first: int) -> None:
        """Hold the time a beat claims to the beat before it and to when witnesses saw the log without it."""
        newest = self._report.beats[-1].beat if self._report.beats else 0
        if beat < newest:
            self._report.troubles.append(f"Time runs backwards in the log: beat {beat} after {newest}.")
        if max(self._seen.values(), default=0) > beat + PUBLISH_SECONDS + CLOCK_SECONDS:
            auditor = self._auditor
            earlier = self._source.beat(first)
            self._report.accusations.append(
                accuse.backdated(self._reader, first, earlier, auditor.log, auditor.witnesses)
            )
        self._open_beat = (beat, first)

    def _end_beat(self) -> None:
        """Hold the beat that ends where the stack stands to the checkpoint the log signed for it."""
        if self._open_beat is None:
            return
        self._check_roll(self._open_beat[0])
        self._check_given(self._open_beat[0])
        self._seen = self._times_of_checkpoint()
        ended = SeenBeat(*self._open_beat, self._stack.size, self._seen)
        self._report.beats.append(ended)
        if ended.seconds_late > CLOCK_SECONDS:
            trouble = f"Beat {ended.beat} was first seen by a witness {ended.seconds_late} s after it was due."
            self._report.troubles.append(trouble)

    def _check_roll(self, beat: int) -> None:
        """Hold what the beat says of the roll to the entries that stand there: whoever is shown less was lied to."""
        said, self._stated = self._stated, []
        true = roll.Stated(beat, len(self._rolled), roll.head(self._rolled))
        if any(one != true for one in said):
            self._report.troubles.append(
                f"Beat {beat} says something else of the keys of stewards and desk than what stands in the log."
            )
        elif self._rolled and not said:
            self._report.troubles.append(f"Beat {beat} does not say which keys of stewards and desk stand in the log.")

    def _check_given(self, beat: int) -> None:
        """Hold what the beat says of the passport's keys of its week to those that stand there, and that nobody has one alone."""
        said, self._given_stated = self._given_stated, []
        epoch, troubles = token_keys.epoch_of(beat), self._report.troubles
        ours = token_keys.of_epoch(self._given, epoch)
        true = token_keys.state_entry(beat, ours)
        if any(one != true for one in said):
            troubles.append(f"Beat {beat} says something else of the passport's keys than what stands in the log.")
        elif ours and not said:
            troubles.append(f"Beat {beat} does not say which keys of the passport stand in the log.")
        for place in token_keys.crowded(ours):
            trouble = f"The passport has more keys than one for all members of a kind: {place}."
            if trouble not in troubles:
                troubles.append(trouble)
        self._given = {one for one in self._given if (entered := token_keys.parse(one)) and entered.epoch >= epoch}

    def _times_of_checkpoint(self) -> dict[str, int]:
        try:
            raw = self._source.beat(self._stack.size)
        except BeatUnknown:
            trouble = f"The log keeps no checkpoint for the beat that ends at entry {self._stack.size}."
            self._report.troubles.append(trouble)
            return {}
        head, note = checkpoints.open_checkpoint(raw, self._auditor.log)
        if (head.size, head.root) != (self._stack.size, self._stack.root):
            raise LogLied
        return self._auditor.times(note)


def _list(found: object) -> list[object]:
    """Raises `NoteMalformed` for what is none."""
    if not isinstance(found, list):
        raise NoteMalformed
    return found


def _entries(reader: ReadLog, start: int) -> Iterator[tuple[int, bytes]]:
    """Every entry from index `start` on."""
    for bundle in range(start // TILE_WIDTH, -(-reader.head.size // TILE_WIDTH)):
        first = bundle * TILE_WIDTH
        for offset, entry in enumerate(reader.bundle(bundle)):
            if first + offset >= start:
                yield first + offset, entry
