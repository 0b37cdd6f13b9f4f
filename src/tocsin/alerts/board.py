"""What the desk sees: matters in the order of `rank`, each with what is missing and what may be the same; and news of it.

Made anew from the tables on each change while somebody watches. It holds nothing of its own but a count of changes.
"""

import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import brake, queries, report_danger
from tocsin.alerts.decide import AGREED, SAYS, current, decided, digest, weigh
from tocsin.alerts.duty import name_of
from tocsin.alerts.model import (
    UNDECIDED,
    Held,
    Matter,
    MatterId,
    Part,
    Report,
    Said,
    State,
    Verdict,
    Voice,
)
from tocsin.alerts.question import does_tell
from tocsin.alerts.rank import Item, duplicates, rank
from tocsin.alerts.refusals import MatterUnknown
from tocsin.alerts.room import Alerts
from tocsin.ids import b64
from tocsin.web.changing import Changing

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
    cluster: int
    """The same for all that look like one thing: a list shows the first of them, and how many more there are."""
    came_s: int
    languages: tuple[str, ...]
    is_acknowledged: bool
    missing: tuple[str, ...]
    """Parts nobody told: each has a question ready."""
    asking: tuple[str, ...]
    """Parts that who reported was asked for and has not answered."""
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
    version: int
    """Of the alert that stands; the next would be an Update of it. 0 while nothing is public."""
    corrected_s: int
    """How long it stood before it was taken back; -1 while it was not."""


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
    beside: dict[str, Any] = field(default_factory=dict)
    people: Counter[str] = field(default_factory=Counter)
    """Who of the desk has the list open, by pseudonym: in memory alone, for handing over and for who has too much."""

    def __post_init__(self) -> None:
        self.changes: Changing[str, Line] = Changing(self.alerts.clock, self._look)
        self.alerts.changed = self.changes.hint

    @property
    def lines(self) -> dict[str, tuple[int, Line]]:
        return self.changes.lines

    async def refresh(self) -> None:
        """Bring it up to date and tell who waits for news."""
        await self.changes.refresh()

    async def _look(self) -> None:
        found = await self.alerts.database.read(lambda c: picture(self.alerts, c))
        self.changes.take({line.matter: line for line in found.lines})
        here = sorted(name for name, pages in self.people.items() if pages > 0)
        beside = {"brake": found.brake, "on_duty": found.on_duty, "warnings": found.warnings, "people": here}
        if beside != self.beside:
            self.changes.bump()
            self.beside = beside

    def told(self, after: int = 0) -> dict[str, Any]:
        """What changed after a count."""
        lines = sorted(self.changes.changed(after), key=lambda line: line.rank)
        gone = self.changes.left(after)
        return {"count": self.changes.count, "all": after == 0, "lines": lines, "gone": gone, **self.beside}

    async def watch(self, after: int, for_s: float, who: str = "") -> AsyncGenerator[dict[str, Any], None]:
        """The list after a count, then each change, for so long. `who` watches is told to the others."""
        self.people.update([who] if who else [])
        try:
            async with contextlib.aclosing(self.changes.watch(after, for_s)) as watching:
                async for since, _ in watching:
                    yield self.told(since)
        finally:
            self.people.subtract([who] if who else [])
            self.changes.hint()


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
    order, clusters = _order(items, found)
    lines = tuple(
        _Seen(alerts, one, held[one.id], reports[one.id], voices[one.id], needed, clusters[one.id]).line(order, items)
        for one in found
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


def _order(items: dict[MatterId, Item], found: list[Matter]) -> tuple[dict[MatterId, int], dict[MatterId, int]]:
    """Places of undecided matters by rank, all others after them; and of which cluster each is."""
    undecided = [items[one.id] for one in found if one.state in UNDECIDED]
    clusters = [[item.matter_id for item in cluster.items] for cluster in rank(undecided)]
    ranked = {matter_id for cluster in clusters for matter_id in cluster}
    clusters += [[one.id] for one in found if one.id not in ranked]
    together = [matter_id for cluster in clusters for matter_id in cluster]
    return (
        {matter_id: place for place, matter_id in enumerate(together)},
        {matter_id: place for place, cluster in enumerate(clusters) for matter_id in cluster},
    )


@dataclass(frozen=True)
class _Seen:
    """One matter with what hangs on it."""

    alerts: Alerts
    matter: Matter
    held: Held
    reports: list[Report]
    voices: list[Voice]
    needed: int
    cluster: int

    def line(self, order: dict[MatterId, int], items: dict[MatterId, Item]) -> Line:
        matter, draft, item = self.matter, self.held.draft, items[self.matter.id]
        spoken = current(self.voices, self.held.version + 1)
        needed = brake.need_of(self.alerts, self.needed, self.held, spoken)
        verdict = ready(matter, spoken, needed)
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
            cluster=self.cluster,
            came_s=self.held.came_s,
            languages=tuple(sorted({one.language for one in item.said})),
            is_acknowledged=all(one.is_acknowledged for one in self.reports),
            missing=missing(item.said) if is_open else (),
            asking=tuple(part for part in Part if any(part in one.asked for one in item.said)),
            same=tuple(map(b64, duplicates(item, _open(items, order)))) if is_open else (),
            asked=tuple(sorted((name_of(one.who), one.cohort, str(one.answer)) for one in spoken)),
            seen=weigh(spoken, Verdict.SEEN).voices,
            nothing=weigh(spoken, Verdict.NOTHING_SEEN).voices,
            needed=needed,
            releases=len(self.held.releases),
            digest=b64(digest(matter, draft, verdict, self.held.version + 1)) if verdict else "",
            alert=b64(self.held.alert_id),
            is_enough=self.held.is_enough,
            version=self.held.version,
            corrected_s=self.alerts.corrected.get(self.held.alert_id, -1),
        )


def _open(items: dict[MatterId, Item], order: dict[MatterId, int]) -> list[Item]:
    return [items[one] for one in sorted(order, key=lambda one: order[one]) if items[one].said]


def missing(said: tuple[Said, ...]) -> tuple[str, ...]:
    """Parts of what was seen that no report tells."""
    return tuple(part for part in Part if not any(does_tell(one, part) for one in said))


def ready(matter: Matter, spoken: Sequence[Voice], needed: int) -> Verdict | None:
    """What could be released now. Of what is public the next version needs voices of its own."""
    verdict = AGREED.get(matter.state)
    return verdict if matter.state is not State.PUBLISHED or decided(spoken, needed) is verdict else None


async def detail(alerts: Alerts, matter_id: MatterId) -> list[dict[str, Any]]:
    """The reports of a matter, with what is sealed. Raises `MatterUnknown`."""
    return (await opened(alerts, matter_id))["reports"]  # type: ignore[no-any-return]


async def opened(alerts: Alerts, matter_id: MatterId) -> dict[str, Any]:
    """A matter's reports with what is sealed, and a colleague's note. Raises `MatterUnknown`."""

    def read(connection: Connection) -> tuple[list[Matter], list[Report]]:
        return queries.matters_by(connection, [matter_id]), queries.reports_of(connection, matter_id)

    matters, found = await alerts.database.read(read)
    if not matters:
        raise MatterUnknown
    return {
        "reports": [_told(one, alerts.said(one)) for one in found],
        "note": b64(alerts.held(matters[0]).note),
    }


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
        spoken = current(queries.voices(connection, matter.id), held.version + 1)
        verdict = ready(matter, spoken, brake.need(alerts, connection, held, spoken))
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
