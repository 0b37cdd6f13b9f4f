"""What the desk sees: matters in the order of `rank`, each with what is missing and what may be the same; and news of it.

Made anew from the tables on each change while somebody watches. It holds nothing of its own but a count of changes.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import brake, queries, report_danger
from tocsin.alerts.decide import AGREED, SAYS, current, digest, weigh
from tocsin.alerts.duty import name_of
from tocsin.alerts.model import (
    UNDECIDED,
    Held,
    HowMany,
    Matter,
    MatterId,
    Report,
    Said,
    State,
    Vehicles,
    Verdict,
    Voice,
)
from tocsin.alerts.rank import Item, duplicates, rank
from tocsin.alerts.refusals import MatterUnknown
from tocsin.alerts.room import Alerts
from tocsin.crypto.alert import Status
from tocsin.ids import b64

BOOT_BYTES = 6
HIDDEN = frozenset({State.JOINED, State.CLOSED, State.THREAT})
"""Not on the list: joined with another, ended, or for stewards alone."""


class Line(msgspec.Struct, frozen=True):
    """One line. Binary fields are base64url; photo, voice and note open in a dispatcher's browser alone."""

    matter: str
    state: str
    turn: int
    owner: str
    """Pseudonym of who has it; "" for nobody, "?" for somebody from before the node was restarted."""
    area: str
    kind: str
    status: str
    life_minutes: int
    reports: int
    tokens: int
    rank: int
    came_s: int
    languages: tuple[str, ...]
    is_acknowledged: bool
    missing: tuple[str, ...]
    """Parts nobody told: each has a question ready."""
    same: tuple[str, ...]
    """Matters that may be the same thing."""
    asked: tuple[tuple[str, int, str], ...]
    """A few letters, cohort and answer of each who was asked or spoke."""
    seen: int
    nothing: int
    needed: int
    releases: int
    digest: str
    """What a release would be of; "" while there is nothing to release."""
    alert: str
    is_enough: bool


@dataclass(frozen=True)
class Picture:
    """Everything of one moment."""

    lines: tuple[Line, ...]
    brake: dict[str, Any]
    on_duty: int
    warnings: int


@dataclass
class Board:
    """Keeps the picture for who watches."""

    alerts: Alerts
    count: int = 0
    lines: dict[str, tuple[int, Line]] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)
    watchers: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _look: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.boot = b64(self.alerts.clock.random_bytes(BOOT_BYTES))
        self._task: asyncio.Task[None] | None = None
        self._is_due = False
        self.alerts.changed = self._hint

    async def refresh(self) -> None:
        """Bring it up to date and tell who waits for news."""
        async with self._look:
            found = await self.alerts.database.read(lambda c: picture(self.alerts, c))
            fresh = {line.matter: line for line in found.lines}
            for name, line in fresh.items():
                if name not in self.lines or self.lines[name][1] != line:
                    self.count += 1
                    self.lines[name] = self.count, line
                    self.gone.pop(name, None)
            for name in set(self.lines) - set(fresh):
                self.count += 1
                self.gone[name] = self.count
                del self.lines[name]
            beside = {"brake": found.brake, "on_duty": found.on_duty, "warnings": found.warnings}
            if beside != self.beside:
                self.count += 1
                self.beside = beside
        self._news.set()
        self._news = asyncio.Event()

    def told(self, after: int = 0) -> dict[str, Any]:
        """What changed after a count."""
        lines = [line for at, line in self.lines.values() if at > after]
        lines.sort(key=lambda line: line.rank)
        gone = [name for name, at in self.gone.items() if at > after]
        return {"count": self.count, "all": after == 0, "lines": lines, "gone": gone, **self.beside}

    async def watch(self, after: int, for_s: float) -> AsyncGenerator[dict[str, Any], None]:
        """The list after a count, then each change, for so long."""
        self.watchers += 1
        until = self.alerts.clock.monotonic() + for_s
        try:
            await self.refresh()
            while True:
                yield self.told(after)
                after = self.count
                while self.count == after:
                    rest = until - self.alerts.clock.monotonic()
                    if rest <= 0:
                        return
                    await self._wait(rest)
        finally:
            self.watchers -= 1

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    def _hint(self) -> None:
        if self.watchers and not self._is_due:
            self._is_due = True
            self._task = asyncio.get_running_loop().create_task(self._soon())

    async def _soon(self) -> None:
        self._is_due = False
        await self.refresh()


def picture(alerts: Alerts, connection: Connection) -> Picture:
    """The desk as it is in the tables now."""
    found = [one for one in queries.matters(connection) if one.state not in HIDDEN]
    reports: dict[bytes, list[Report]] = defaultdict(list)
    for report in queries.reports(connection):
        reports[report.matter_id].append(report)
    voices: dict[bytes, list[Voice]] = defaultdict(list)
    for voice in queries.all_voices(connection):
        voices[voice.matter_id].append(voice)
    now = brake.read(connection)
    needed = brake.voices_needed(now, alerts.now_s, alerts.limits.per_hour)
    held = {one.id: alerts.held(one) for one in found}
    items = {one.id: item_of(alerts, one, reports[one.id], held[one.id]) for one in found}
    order = _order(items, found)
    lines = tuple(
        _Seen(alerts, one, held[one.id], reports[one.id], voices[one.id], needed).line(order, items) for one in found
    )
    shown = {
        "is_frozen": now.is_frozen,
        "cancelled": now.last.count(brake.CANCELLED),
        "of": len(now.last),
        "this_hour": len(brake.recent(now, alerts.now_s)),
        "per_hour": alerts.limits.per_hour,
        "needed": needed,
    }
    return Picture(lines, shown, alerts.duty.count(), report_danger.count_waiting(connection))


def item_of(alerts: Alerts, matter: Matter, reports: list[Report], held: Held) -> Item:
    said = tuple(one for one in map(alerts.said, reports) if one is not None)
    return Item(matter.id, said, held.came_s, matter.state is not State.WAITING)


def _order(items: dict[MatterId, Item], found: list[Matter]) -> dict[MatterId, int]:
    """Places of undecided matters by rank; all others after them."""
    undecided = [items[one.id] for one in found if one.state in UNDECIDED]
    ranked = [item.matter_id for cluster in rank(undecided) for item in cluster.items]
    rest = [one.id for one in found if one.id not in set(ranked)]
    return {matter_id: place for place, matter_id in enumerate([*ranked, *rest])}


@dataclass(frozen=True)
class _Seen:
    """One matter with what hangs on it."""

    alerts: Alerts
    matter: Matter
    held: Held
    reports: list[Report]
    voices: list[Voice]
    needed: int

    def line(self, order: dict[MatterId, int], items: dict[MatterId, Item]) -> Line:
        matter, draft, item = self.matter, self.held.draft, items[self.matter.id]
        spoken = current(self.voices, self.held.version + 1)
        verdict = AGREED.get(matter.state)
        is_open = matter.state in UNDECIDED
        return Line(
            matter=b64(matter.id),
            state=str(matter.state),
            turn=matter.turn,
            owner=self.alerts.names.get(matter.owner, "?") if matter.owner else "",
            area=draft.area,
            kind=str(draft.kind),
            status=str(draft.status),
            life_minutes=draft.life_minutes,
            reports=len(self.reports),
            tokens=len({one.cohort for one in item.said if one.cohort}),
            rank=order[matter.id],
            came_s=self.held.came_s,
            languages=tuple(sorted({one.language for one in item.said})),
            is_acknowledged=all(one.is_acknowledged for one in self.reports),
            missing=missing(item.said) if is_open else (),
            same=tuple(map(b64, duplicates(item, _open(items, order)))) if is_open else (),
            asked=tuple(sorted((name_of(one.who), one.cohort, str(one.answer)) for one in spoken)),
            seen=weigh(spoken, Verdict.SEEN).voices,
            nothing=weigh(spoken, Verdict.NOTHING_SEEN).voices,
            needed=self.needed if draft.status is Status.ACTUAL else 2,
            releases=len(self.held.releases),
            digest=b64(digest(matter, draft, verdict, self.held.version + 1)) if verdict else "",
            alert=b64(self.held.alert_id),
            is_enough=self.held.is_enough,
        )


def _open(items: dict[MatterId, Item], order: dict[MatterId, int]) -> list[Item]:
    return [items[one] for one in sorted(order, key=lambda one: order[one]) if items[one].said]


def missing(said: tuple[Said, ...]) -> tuple[str, ...]:
    """Parts of what was seen that no report tells."""
    known = {
        "how_many": any(one.how_many is not HowMany.UNKNOWN for one in said),
        "wearing": any(one.wearing for one in said),
        "vehicles": any(one.vehicles is not Vehicles.UNKNOWN for one in said),
    }
    return tuple(name for name, is_told in known.items() if not is_told)


async def detail(alerts: Alerts, matter_id: MatterId) -> list[dict[str, Any]]:
    """The reports of a matter, with what is sealed. Raises `MatterUnknown`."""

    def read(connection: Connection) -> list[Report] | None:
        known = queries.state_of(connection, matter_id) is not None
        return queries.reports_of(connection, matter_id) if known else None

    found = await alerts.database.read(read)
    if found is None:
        raise MatterUnknown
    return [_told(one, alerts.said(one)) for one in found]


def _told(report: Report, said: Said | None) -> dict[str, Any]:
    if said is None:
        return {"report": b64(report.id), "is_acknowledged": report.is_acknowledged}
    sealed = {name: b64(getattr(said, name)) for name in ("photo", "voice", "text")}
    plain = {
        name: value for name, value in msgspec.structs.asdict(said).items() if name not in sealed and name != "cohort"
    }
    return {
        "report": b64(report.id),
        "origin": b64(report.origin),
        "is_acknowledged": report.is_acknowledged,
        **plain,
        **sealed,
    }


@dataclass(frozen=True)
class Question:
    """What a confirmer's page shows of one question."""

    ask: str
    area: str
    kind: str
    status: str
    answer: str
    digest: str
    """Of what would be published, where this confirmer spoke for it and may release it."""
    life_minutes: int


def questions(alerts: Alerts, connection: Connection, who: bytes) -> list[Question]:
    """What one on duty is asked, newest matters first by nothing: in the order of their ids."""
    found = []
    for voice in queries.voices_by(connection, who):
        matter = next(iter(queries.matters_by(connection, [voice.matter_id])), None)
        if matter is None:
            continue
        held = alerts.held(matter)
        verdict = AGREED.get(matter.state)
        may_release = verdict is not None and SAYS.get(voice.answer) is verdict and voice.version == held.version + 1
        of = digest(matter, held.draft, verdict, voice.version) if may_release and verdict else b""
        draft = held.draft
        found.append(
            Question(
                b64(voice.id),
                draft.area,
                str(draft.kind),
                str(draft.status),
                str(voice.answer),
                b64(of),
                draft.life_minutes,
            )
        )
    return found
