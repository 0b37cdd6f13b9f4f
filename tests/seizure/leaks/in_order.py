"""Planted leaks in the order, the size and the number of things."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.seizure.leaks.at_rest import insert
from tests.seizure.leaks.requests import Request, watch
from tocsin.clock import Clock
from tocsin.crypto import stream
from tocsin.crypto.profiles import INNER_FLOOR
from tocsin.encounters import cover
from tocsin.encounters.cover import Covered
from tocsin.encounters.room import Room
from tocsin.encounters.routes import UPLOAD_PATH
from tocsin.evidence.custody import Chain
from tocsin.settings import Settings
from tocsin.store.erase_keys import EraseKeys
from tocsin.tlog import entry


def row_order(settings: Settings) -> None:
    """A table with a row for each recording, in the order of their arrival."""
    seen = set[str]()

    def keep(request: Request) -> None:
        match = UPLOAD_PATH.fullmatch(request.path)
        if match and match[1] not in seen:
            seen.add(match[1])
            insert(settings, "seen", recording=match[1])

    watch(keep)


def slots_in_order(_: Settings) -> None:
    """The first place that is free, as a list gives it."""
    drawn = EraseKeys.allocate
    next_place = [0]

    def allocate(self: EraseKeys) -> object:
        self._free = [next_place[0]]
        next_place[0] += 1
        return drawn(self)

    EraseKeys.allocate = allocate  # type: ignore[method-assign,assignment]


def sizes_unpadded(_: Settings) -> None:
    """Takes seconds of any length. The trial's phones pad nothing then (`trial`)."""
    stream.padded = lambda length: max(length, INNER_FLOOR)  # type: ignore[attr-defined]


def leaf_in_a_column(settings: Settings) -> None:
    settled = cover.settle

    async def settle(room: Room, beat: int, covered: Sequence[Covered], indices: Sequence[int], size: int) -> None:
        for item, index in zip(covered, indices, strict=True):
            insert(settings, "leaves", recording=item.live.row.id, leaf=index)
        await settled(room, beat, covered, indices, size)

    cover.settle = settle


def leaves_unshuffled(_: Settings) -> None:
    def in_order(entries: Sequence[bytes], places: int, clock: Clock) -> tuple[list[bytes], tuple[int, ...]]:
        filler = [entry.BEAT + clock.random_bytes(32) for _ in range(places - len(entries))]
        return [*entries, *filler], tuple(range(len(entries)))

    entry.pad_and_shuffle = in_order


def head_unsalted(_: Settings) -> None:
    """Every note's salt is the same: a digest of a note can be tried against every moment of a day."""

    class Zeros:
        def random_bytes(self, count: int) -> bytes:
            return bytes(count)

    def with_zeros(noted: Callable[..., bytes]) -> Callable[..., bytes]:
        def note(self: Chain, *fields: Any) -> bytes:
            self.clock = Zeros()  # type: ignore[assignment]
            return noted(self, *fields)

        return note

    for name in ("_note", "chunk"):
        setattr(Chain, name, with_zeros(getattr(Chain, name)))
