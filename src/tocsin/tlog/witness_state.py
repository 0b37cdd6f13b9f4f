"""What a witness remembers: of each log it follows, the heads it cosigned last; and every fork it saw, for good.

One file holds all heads and is replaced whole, so a state is either there or lost; a lost one is never taken for a new
one.
"""

from dataclasses import dataclass
from hashlib import sha256

from tocsin.crypto import canonical
from tocsin.errors import TocsinError
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import note as notes
from tocsin.tlog.checkpoint import Checkpoint

STATE = "state.json"
VERSION = 1
HEADS_KEPT = 64  # of each log: an hour of beats, to hold a log to what it said a while ago too
FORKS_KEPT = 256  # only a log's own key makes one, so this bounds a broken log's harm, not a stranger's


class StateLost(TocsinError):
    """No state where there must be one. Starting anew would let a log rewrite everything this witness has seen."""

    code = "witness_state_lost"
    status = 503
    message = (
        "The witness's state is gone. Restore it from a copy. Only if there is none, start once with --accept-lost-state, "
        "and tell those who rely on this witness."
    )


class StateDamaged(TocsinError):
    code = "witness_state_damaged"
    status = 503
    message = "The witness's state cannot be read. Restore it from a copy."


@dataclass(frozen=True)
class Head:
    """A checkpoint this witness cosigned, with the log's own signed note."""

    checkpoint: Checkpoint
    note: str


class WitnessState:
    """Heads in memory, every change durable before it is used. Not for several threads at once."""

    def __init__(self, blobs: DiskBlobs, heads: dict[str, list[Head]], begun_ms: int, times_lost: int) -> None:
        """Use `begin` or `load`."""
        self._blobs, self._heads = blobs, heads
        self.begun_ms, self.times_lost = begun_ms, times_lost

    @classmethod
    def begin(cls, blobs: DiskBlobs, now_ms: int, *, after_loss: bool = False) -> "WitnessState":
        """An empty state, durable. Raises `StateDamaged` where there is one already: nothing is thrown away here."""
        if blobs.exists(STATE):
            raise StateDamaged
        state = cls(blobs, {}, now_ms, int(after_loss))
        state._store(state._heads)
        return state

    @classmethod
    def load(cls, blobs: DiskBlobs) -> "WitnessState":
        """The stored state. Raises `StateLost` or `StateDamaged`."""
        if not blobs.exists(STATE):
            raise StateLost
        try:
            found = canonical.loads(blobs.get(STATE))
            assert isinstance(found, dict)
            if found["version"] != VERSION:
                raise StateDamaged
            heads = {origin: [_head(text) for text in texts] for origin, texts in found["heads"].items()}  # type: ignore[union-attr]
            return cls(blobs, heads, int(found["begun_ms"]), int(found["times_lost"]))  # type: ignore[arg-type]
        except (TocsinError, ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
            raise StateDamaged from error

    @property
    def origins(self) -> tuple[str, ...]:
        """Every log this witness has cosigned for."""
        return tuple(sorted(self._heads))

    def newest(self, origin: str) -> Head | None:
        """The head cosigned last, `None` where there was none."""
        return self._heads[origin][-1] if origin in self._heads else None

    def at(self, origin: str, size: int) -> Head | None:
        """The head of `size`, if it is among those kept."""
        return next((head for head in self._heads.get(origin, ()) if head.checkpoint.size == size), None)

    def keep(self, head: Head) -> None:
        """Make `head` the newest of its origin. Durable when it returns."""
        origin = head.checkpoint.origin
        kept = [old for old in self._heads.get(origin, ()) if old.checkpoint.size != head.checkpoint.size]
        heads = {**self._heads, origin: [*kept, head][-HEADS_KEPT:]}
        self._store(heads)
        self._heads = heads

    def keep_fork(self, first: str, second: str) -> None:
        """Keep two signed heads of one size and different roots: proof that the log showed two trees."""
        raw = canonical.dumps({"first": first, "second": second})
        name = f"forks/{sha256(raw).hexdigest()[:32]}.json"
        if not self._blobs.exists(name) and len(self.forks()) < FORKS_KEPT:
            self._blobs.put(name, raw)

    def forks(self) -> list[str]:
        """Names of the kept proofs of forks."""
        return self._blobs.list("forks/")

    def _store(self, heads: dict[str, list[Head]]) -> None:
        texts = {origin: [head.note for head in known] for origin, known in heads.items()}
        found = {"version": VERSION, "begun_ms": self.begun_ms, "times_lost": self.times_lost, "heads": texts}
        self._blobs.put(STATE, canonical.dumps(found))


def _head(text: object) -> Head:
    if not isinstance(text, str):
        raise StateDamaged
    return Head(checkpoints.parse_text(notes.parse(text).text), text)
