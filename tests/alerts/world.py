"""A city for trials: the real room on a real database and a real `erase.keys`; passport, log and outbox as lists; a clock to be moved.

People in it are as few words as a test needs: `file` a report, `take` it, let confirmers `speak`, `release`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.tlog.conftest import ORIGIN
from tocsin.alerts import ask, confirm, expire, queries, release, report, report_danger, take
from tocsin.alerts.board import Board
from tocsin.alerts.coarsen import table
from tocsin.alerts.decide import AGREED, digest
from tocsin.alerts.model import Answer, Caller, HowMany, Kind, Matter, MatterId, Posted, Status, Vehicles, Wearing, When
from tocsin.alerts.refusals import KeysLocked
from tocsin.alerts.release import Released
from tocsin.alerts.report import Asked, Filed
from tocsin.alerts.room import Alerts, Limits, Ports, digest_of
from tocsin.alerts.tables import timer
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.crypto.keys import SigningKey
from tocsin.errors import TocsinError
from tocsin.ids import SlotNumber, b64
from tocsin.jurisdictions.load import load
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys
from tocsin.store.work import Work

CITY = ORIGIN
"""Of its alerts and of its log."""
PACK = load("minneapolis-sample")
AREA, OTHER_AREA = PACK.areas[3].id, PACK.areas[11].id
NOON_MS = 1_796_126_400_000 + 12 * 3_600_000
DEE = Caller(b"dee-dee-dee-dee1", True, False, "Dee")
SAM = Caller(b"sam-sam-sam-sam1", True, False, "Sam")
STEW, ARD = Caller(b"stew-stew-stew-1", False, True, "Stew"), Caller(b"ard-ard-ard-ard1", False, True, "Ard")


class Refused(TocsinError):
    code = "token_spent"
    status = 409


@dataclass
class MovableClock(SystemClock):
    ms: int = NOON_MS
    mono: float = 1_000.0

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.mono

    def pass_s(self, seconds: float) -> None:
        """Time goes by, for both clocks."""
        self.ms += int(seconds * 1000)
        self.mono += seconds


@dataclass
class Taker:
    """A passport that knows tokens by their first byte: the cohort."""

    database: Database
    epoch: Callable[[], int]
    spent: dict[bytes, bytes] = field(default_factory=dict)

    async def __call__(
        self, token: bytes, secret: bytes, what: bytes, act: Callable[[Connection, int, int], None]
    ) -> tuple[int, int]:
        again = sha256(secret + what).digest()
        if self.spent.setdefault(token, again) != again:
            raise Refused
        if (key := b"done" + token) not in self.spent:
            await self.database.write(lambda c: act(c, token[0], self.epoch()))
            self.spent[key] = b""
        return token[0], self.epoch()


@dataclass
class City:
    """Everything of one trial."""

    clock: MovableClock
    database: Database
    erase_keys: EraseKeys
    alerts: Alerts
    board: Board
    posted: list[Posted]
    commitments: list[bytes]
    heard: list[object]
    dispatcher: str
    stewards: list[tuple[bytes, str]]
    identities: dict[str, str]
    locked: list[bool] = field(default_factory=list)
    crew: list[bytes] = field(default_factory=list)
    """Capabilities of everybody who ever was on duty."""
    count: int = 0
    pairs: int = 0

    def drawn(self) -> bytes:
        self.count += 1
        return sha256(b"drawn %d" % self.count).digest()

    async def file(self, **changes: Any) -> Filed:
        """A report by somebody without a token, or with one of `cohort`."""
        cohort = changes.pop("cohort", 0)
        lane: dict[str, Any] = {"ticket": "t", "work": "w"}
        if cohort:
            lane = {"token": b64(bytes([cohort]) + self.drawn()), "secret": b64(self.drawn())}
        told: dict[str, Any] = {
            "key": b64(self.drawn()),
            "kind": Kind.STREET_CHECK,
            "area": AREA,
            "how_many": HowMany.FEW,
            "wearing": (Wearing.UNIFORM,),
            "vehicles": Vehicles.YES,
            "when": When.NOW,
        }
        return await report.report(self.alerts, Asked(**{**told, **lane, **changes}))

    async def matter(self, filed: Filed) -> MatterId:
        """Which matter a report came as."""
        code = report.digest_of_code(filed.code)
        found = await self.database.read(lambda c: queries.report_by_code(c, code))
        assert found is not None
        return found.matter_id

    async def taken(self, caller: Caller = DEE, **changes: Any) -> MatterId:
        """A report that somebody at the desk has taken."""
        matter_id = await self.matter(await self.file(**changes))
        await take.take(self.alerts, caller, matter_id)
        return matter_id

    async def row(self, matter_id: MatterId) -> Matter:
        found = await self.database.read(lambda c: queries.matters_by(c, [matter_id]))
        return found[0]

    async def on_duty(self, *cohorts: int) -> list[bytes]:
        """Confirmers on duty, by their capabilities."""
        found = []
        for cohort in cohorts:
            capability = self.drawn()
            token = bytes([cohort]) + self.drawn()
            begin = confirm.Begin(b64(token), b64(self.drawn()))
            await confirm.begin(self.alerts, capability, begin)
            found.append(capability)
        self.crew += found
        return found

    async def speak_all(self, said: Answer) -> int:
        """Everybody who is asked now goes and says it; how many that were."""
        count = 0
        for one in self.crew:
            who = digest_of(one)
            voices = await self.database.read(lambda c, who=who: queries.voices_by(c, who))  # type: ignore[misc]
            for _ in [voice for voice in voices if voice.answer is Answer.ASKED]:
                await self.speak(one, said)
                count += 1
        return count

    async def asked(self, capability: bytes) -> list[bytes]:
        """Ids of the questions that were put to somebody."""
        who = digest_of(capability)
        return [one.id for one in await self.database.read(lambda c: queries.voices_by(c, who))]

    async def open_questions(self, capability: bytes) -> list[bytes]:
        """Those of them that wait for an answer."""
        who = digest_of(capability)
        found = await self.database.read(lambda c: queries.voices_by(c, who))
        return [one.id for one in found if one.answer is Answer.ASKED]

    async def speak(self, capability: bytes, said: Answer = Answer.SEEN) -> bytes:
        """Go there and say what is to be seen; the question that was answered."""
        who = digest_of(capability)
        found = await self.database.read(lambda c: queries.voices_by(c, who))
        question = next(one.id for one in found if one.answer is Answer.ASKED)
        await confirm.answer(self.alerts, capability, question, Answer.LOOKING)
        await confirm.answer(self.alerts, capability, question, said)
        return question

    async def digest(self, matter_id: MatterId) -> bytes:
        """What a release now would be of."""
        row = await self.row(matter_id)
        held = self.alerts.held(row)
        return digest(row, held.draft, AGREED[row.state], held.version + 1)

    async def confirmed(self, said: Answer = Answer.SEEN, **changes: Any) -> tuple[MatterId, list[bytes], list[bytes]]:
        """A matter on which two cohorts agree; who spoke, and their questions."""
        self.alerts.duty.on.clear()
        crew = await self.on_duty(*self.cohorts())
        matter_id = await self.taken(**changes)
        await ask.ask(self.alerts, DEE, matter_id)
        return matter_id, crew, [await self.speak(one, said) for one in crew]

    def cohorts(self) -> tuple[int, int]:
        """Two that stood behind nothing yet."""
        self.pairs += 1
        return 2 * self.pairs - 1, 2 * self.pairs

    async def published(self, said: Answer = Answer.SEEN, **changes: Any) -> Released:
        """An alert that is out: confirmed by two cohorts, released by Dee and one of the confirmers."""
        matter_id, crew, questions = await self.confirmed(said, **changes)
        return await self.released(matter_id, crew[0], questions[0])

    async def released(self, matter_id: MatterId, capability: bytes, question: bytes) -> Released:
        of = await self.digest(matter_id)
        await release.at_desk(self.alerts, DEE, matter_id, of)
        return await release.by_confirmer(self.alerts, capability, question, of)

    async def due(self) -> None:
        """Do the durable work that is due now."""
        verbs = {ask.SILENT: ask.silence, report_danger.FREEZE: report_danger.freeze}
        while items := await self.alerts.work.lease():
            for item in items:
                if item.kind in verbs:
                    await verbs[item.kind](self.alerts, item.payload)
                await self.alerts.work.done(item)

    async def later(self, seconds: float) -> None:
        """Time goes by, and what is due is done."""
        self.clock.pass_s(seconds)
        await self.due()
        await expire.expire(self.alerts)

    async def refused(self, code: str, doing: Any) -> None:
        """That something is refused with this code."""
        with pytest.raises(TocsinError) as refusal:
            await doing
        assert refusal.value.code == code


def city(folder: Path, url: str = "", **limits: Any) -> City:
    """A city with nobody on duty."""
    clock = MovableClock()
    database = Database.open(url or f"sqlite:///{folder / 'alerts.sqlite'}")
    database.migrate()
    erase_keys = EraseKeys.open(folder / "erase.keys", 256, clock)
    posted: list[Posted] = []
    commitments: list[bytes] = []
    names = {name: envelope.new_identity(clock) for name in ("dispatcher", "stew", "ard")}
    stewards = [(STEW.id, names["stew"][1]), (ARD.id, names["ard"][1])]
    locked: list[bool] = []
    work = Work(database, clock)
    ports = _ports(database, work, posted, commitments, names["dispatcher"][1], stewards, locked)
    more = {"languages": ("en", "es", "fr"), **limits}
    alerts = Alerts(
        clock, database, erase_keys, Work(database, clock, timer), CITY, table(PACK.areas), ports, Limits(**more)
    )
    heard: list[object] = []
    alerts.heard.append(heard.append)
    return City(clock, database, erase_keys, alerts, Board(alerts), posted, commitments, heard, names["dispatcher"][0], stewards,
                {STEW.pseudonym: names["stew"][0], ARD.pseudonym: names["ard"][0]}, locked)  # fmt: skip


def _ports(
    database: Database,
    work: Work,
    posted: list[Posted],
    commitments: list[bytes],
    dispatcher: str,
    stewards: list[tuple[bytes, str]],
    locked: list[bool],
) -> Ports:
    keys = {status: SigningKey(bytes([place]) * 32) for place, status in enumerate(Status, 1)}
    taker = Taker(database, lambda: 7)

    def key(status: Status) -> SigningKey:
        if locked:
            raise KeysLocked
        return keys[status]

    def erase_later(connection: Connection, slot: SlotNumber) -> bytes:
        return work.enqueue(connection, "erase", 2**60, slot.to_bytes(8))

    def done(connection: Connection, waiting: bytes) -> None:
        work.cancel(connection, waiting)

    async def desk() -> list[str]:
        return [dispatcher]

    async def all_stewards() -> list[tuple[bytes, str]]:
        return stewards

    async def logged(_: bytes) -> None:
        """No log here."""

    return Ports(
        erase_later=erase_later,
        done=done,
        key=key,
        public=lambda: {status: one.public for status, one in keys.items()},
        member=taker,
        confirmer=taker,
        ticket=lambda: ("t", 1),
        enter=lambda _, __: True,
        post=lambda _, one: posted.append(one),
        commit=lambda _, one: commitments.append(one),
        desk=desk,
        stewards=all_stewards,
        epoch=lambda: 7,
        logged=logged,
        newest_beat=lambda: 0,
    )
