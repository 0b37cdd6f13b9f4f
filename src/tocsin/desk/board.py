"""The list as it is now, and what of it only memory knows: who came when, and how long somebody has been silent.

Memory holds of a recording that waits: its place in the order of arrival and the minute it began, as long as nobody has taken it.
A restart forgets both, and the list then says so: the disk knows the day and nothing finer.
"""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import msgspec

from tocsin.desk import queries
from tocsin.desk.model import Item, Kept, Pulse, State
from tocsin.desk.room import Desk
from tocsin.desk.take import marks
from tocsin.ids import RecordingId, b64
from tocsin.web.changing import Changing

TICK_S = 1.0
SILENT_S = 3.0
"""A phone sends each second. After three without one the line says since when."""
WAKE_AFTER = 2
"""After so many times `late_days` the alarm rings: a mark on a list helps nobody who does not look at it."""


class Line(msgspec.Struct, frozen=True, omit_defaults=False):
    """One line of the list (`docs/spec/desk.md`). Binary fields are base64url; what is sealed opens in a browser alone."""

    recording: str
    kind: str
    stream: str
    state: str
    turn: int
    day: int
    rank: int | None
    """Order of arrival since the node began; None for what was there before."""
    ticket: str
    label: str
    marks: tuple[str, ...]
    is_late: bool
    """Nobody has opened it for longer than the desk allows itself."""
    quiet: str
    """"": it is not open; "coming": seconds come; "silent": they stopped; "unknown": none came since the node was restarted."""


class Told(msgspec.Struct, frozen=True):
    """A line with what changes by itself: whole seconds of silence and minutes of waiting as they were when it was told."""

    line: Line
    silent_s: int | None
    waiting_min: int | None


@dataclass(frozen=True)
class Arrival:
    """When a recording was first seen: its place in the order, and the minute since the node began."""

    rank: int
    minute: int


@dataclass
class Board:
    """Keeps the list for who watches. `late_days`: days after which what nobody opened is marked."""

    desk: Desk
    late_days: int
    arrivals: dict[RecordingId, Arrival] = field(default_factory=dict)
    before: frozenset[RecordingId] | None = None
    """What was open when this process began; None until the first look."""

    def __post_init__(self) -> None:
        self.began = self.desk.clock.monotonic()
        self.changes: Changing[RecordingId, Line] = Changing(self.desk.clock, self._look)
        self.ranks = 0
        self.desk.changed = self.changes.hint

    @property
    def lines(self) -> dict[RecordingId, tuple[int, Line]]:
        return self.changes.lines

    async def tick(self) -> None:
        """Look, each second. The tables are asked only while somebody watches."""
        self.see_arrivals()
        if self.changes.watchers:
            await self.refresh()

    def see_arrivals(self) -> None:
        """Remember the order in which recordings begin; forget it for those that somebody has."""
        running = self.desk.recordings.running()
        if self.before is None:
            self.before = frozenset(running)
        for one in running:
            if one not in self.arrivals and one not in self.before and one not in self.taken():
                self.ranks += 1
                self.arrivals[one] = Arrival(self.ranks, self.minute())

    def taken(self) -> set[RecordingId]:
        return {one for one, (_, line) in self.lines.items() if line.state != State.WAITING}

    def minute(self) -> int:
        return int(self.desk.clock.monotonic() - self.began) // 60

    @property
    def up_s(self) -> int:
        """Whole minutes since the node began, in seconds."""
        return self.minute() * 60

    async def refresh(self) -> None:
        """Bring the list up to date and tell who waits for news."""
        await self.changes.refresh()

    async def _look(self) -> None:
        kept = await self.desk.recordings.kept()
        items = await self.desk.database.read(queries.items)
        self._forget_arrivals({one.recording_id for one in kept}, items)
        self.changes.take({one.recording_id: self._line(one, items.get(one.recording_id)) for one in kept})

    def told(self, after: int = 0) -> list[Told]:
        """Lines that changed after a count, oldest first."""
        changed = sorted(self.changes.changed(after), key=lambda line: (line.day, line.rank or 0, line.recording))
        return [self._told(line) for line in changed]

    def left(self, after: int) -> list[str]:
        """What is no longer on the list since a count."""
        return [b64(number) for number in self.changes.left(after)]

    def late(self) -> int:
        """How many are marked as late: all that a steward is shown."""
        return sum(line.is_late for _, line in self.lines.values())

    def is_overdue(self) -> bool:
        """Whether anything has waited `WAKE_AFTER` times as long as the desk allows itself: then somebody is woken."""
        return any(
            line.is_late and line.day + WAKE_AFTER * self.late_days < self._today() for _, line in self.lines.values()
        )

    def _today(self) -> int:
        return self.desk.clock.now_ms() // 86_400_000

    async def watch(self, after: int, for_s: float) -> AsyncGenerator[tuple[int, list[Told], list[str]], None]:
        """The list after a count, then each change, for so long: who goes on asks again and is asked again who they are."""
        async with contextlib.aclosing(self.changes.watch(after, for_s)) as watching:
            async for since, at in watching:
                yield at, self.told(since), self.left(since)

    def _forget_arrivals(self, kept: set[RecordingId], items: dict[RecordingId, Item]) -> None:
        waiting = {one for one in kept if one not in items or items[one].state is State.WAITING}
        for one in set(self.arrivals) - waiting:
            del self.arrivals[one]

    def _line(self, kept: Kept, item: Item | None) -> Line:
        item = item or Item(kept.recording_id)
        known = self.lines.get(kept.recording_id)
        held = (known[1].ticket, known[1].label) if known and known[1].turn == item.turn else self._sealed(item)
        arrival = self.arrivals.get(kept.recording_id)
        unread = item.state in {State.WAITING, State.TAKEN}
        return Line(
            recording=b64(kept.recording_id),
            kind=kept.kind,
            stream=kept.stream,
            state=str(item.state),
            turn=item.turn,
            day=kept.day,
            rank=arrival.rank if arrival else None,
            ticket=held[0],
            label=held[1],
            marks=tuple(b64(mark) for mark in marks(item)),
            is_late=unread and kept.day + self.late_days < self._today(),
            quiet=quiet_of(self.desk.recordings.pulse(kept.recording_id)) if kept.stream == "open" else "",
        )

    def _sealed(self, item: Item) -> tuple[str, str]:
        held = self.desk.held(item)
        return (b64(held.ticket), b64(held.label)) if held else ("", "")

    def _told(self, line: Line) -> Told:
        number = RecordingId(next(one for one, (_, known) in self.lines.items() if known is line))
        pulse = self.desk.recordings.pulse(number) if line.quiet in {"silent", "unknown"} else None
        arrival = self.arrivals.get(number)
        waited = self.minute() - arrival.minute if arrival and line.state == State.WAITING else None
        return Told(line, int(pulse.silent_s) if pulse else None, waited)


def quiet_of(pulse: Pulse | None) -> str:
    """How an open recording sounds."""
    if pulse is None or not pulse.is_exact:
        return "unknown"
    return "silent" if pulse.silent_s >= SILENT_S else "coming"
