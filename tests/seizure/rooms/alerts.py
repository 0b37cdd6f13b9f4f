"""Alerts, as the trial lives them: strangers report, confirmers look, the desk decides, publishes, takes back, forgets.

No reporter, no exact place. What a report says to the desk, in words or in a photo whose plain bytes name the person and the place
where they stood, is a truth from the moment it exists; so are return codes, what draws them, and what confirmers show to be heard.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from tests.seizure.acquire import Seized
from tests.seizure.chance import Measured
from tests.seizure.findings import Finding
from tests.seizure.http_client import Browser
from tests.seizure.inference import database_of
from tests.seizure.people import Person, letters
from tests.seizure.rooms import Form, Life
from tests.seizure.rooms.staff import Member
from tests.seizure.town import Town
from tests.seizure.truths import Truths
from tocsin.alerts.report import ID_LABEL
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.ids import b64
from tocsin.passport.model import Role
from tocsin.passport.slow_lane import is_done
from tocsin.tlog.token_keys import epoch_of

CLOCK = SystemClock()
REPORTS_A_DAY = {Form.SHORT: 8, Form.FULL: 24, Form.PLANTED: 0}
OURS = ("alerts_", "outbox_", "push_")
FINER = re.compile(r"lat|lon|place|address|agent|phone|name|street|device", re.IGNORECASE)
"""Columns that no table of these rooms may have."""
LEAST_VALUE = 8
"""Bytes: a shorter value is a flag or a count, and says nothing of who."""


class Reported(NamedTuple):
    """One report."""

    id: bytes
    person: Person
    began: int
    day: int
    last_ms: int


class Reports:
    """The room's workload."""

    named: frozenset[str] = frozenset()
    words: Mapping[str, str] = {"told the desk": "words and photos of reports, sealed to the alert desk"}

    def __init__(
        self, town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form
    ) -> None:
        self.town, self.truths, self.people, self.source, self.form = town, truths, persons, source, form
        self.figures: dict[str, Measured] = {}
        self.after_each_part: Callable[[], None] = lambda: None
        self.lives: list[Life] = []
        self.published = self.taken_back = 0

    def live(self, day: int) -> None:
        for _ in range(REPORTS_A_DAY[self.form]):
            self._report(self.source.choice(self.people), day)
        self._decide()
        self.after_each_part()

    def end(self) -> None:
        """On the last day, when there are confirmers for certain: something is published, checked, taken back, closed."""
        self._decide()
        assert self.published or not REPORTS_A_DAY[self.form], "no alert was ever published"

    def mid_traffic(self) -> AbstractContextManager[None]:
        return nullcontext()

    def look(self, node: Path) -> None:
        """A copy of the folder has nothing of reports that the last one has not."""

    def forget(self) -> None:
        """All of it was a secret before."""

    def attack(self, seized: Seized) -> Iterator[Finding]:
        """Is there a column for somebody or somewhere; do two reports of one person share anything?"""
        with database_of(seized) as connection:
            if connection is None:
                return
            for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                if not str(table).startswith(OURS):
                    continue
                for _, column, kind, *_ in connection.execute(f"PRAGMA table_info({table})"):
                    if FINER.search(str(column)) or str(kind) in ("REAL", "FLOAT", "NUMERIC"):
                        yield Finding(
                            "L4", "place", "column", f"{table}.{column}", "a column for somebody or somewhere"
                        )
            yield from self._shared(connection.execute("SELECT * FROM alerts_report").fetchall())

    def residuals(self, seized: Seized, image: Path) -> Iterator[str]:
        yield f"Of {len(self.lives)} reports those of the last hours stand as random numbers with their matter (THREATS.md, T7)."

    def _shared(self, rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
        """Values of two reports of different matters that are the same: they would be the reporter's."""
        holders = defaultdict[bytes, set[bytes]](set)
        for row in rows:
            matter = bytes(row[1])
            for value in row[2:]:
                if isinstance(value, bytes) and len(value) >= LEAST_VALUE:
                    holders[value].add(matter)
        for value, matters in holders.items():
            if len(matters) > 1:
                yield Finding(
                    "L4", "reporter", "alerts_report", value.hex(), "reports of different matters share a value"
                )

    def _report(self, person: Person, day: int) -> None:
        browser = Browser(self.town.port, person)
        key, said = CLOCK.random_bytes(32), f"told the desk {letters(self.source, 18)}"
        photo = f"{said} {person.place} {person.name}".encode().ljust(4096, b"\0")
        recipients = [
            envelope.recipient_of(envelope.identity_of(one.browser.identity)) for one in self.town.dispatchers
        ]
        area = self.source.choice(browser.ask("GET", "/alerts/areas").json["areas"])["id"]
        ticket = browser.ask("GET", "/alerts/ticket").json
        body = {
            "key": b64(key), "kind": "activity", "area": area, "how_many": "few", "wearing": ["uniform"], "vehicles": "yes",
            "when": "now", "language": "es", "ticket": ticket["ticket"], "work": worked(**ticket),
        }  # fmt: skip
        if recipients:
            body |= {"text": said, "photo": b64(envelope.seal_to(recipients, photo))}
        answer = browser.ask("POST", "/alerts/reports", body=json.dumps(body).encode())
        assert answer.status == 200, answer
        code = answer.json["code"]
        for value in (code, code.replace("-", ""), key):
            self.truths.add("capability", value)
        self.truths.add("told the desk", said)
        assert browser.ask("POST", "/alerts/reports/state", body=json.dumps({"code": code}).encode()).status == 200
        browser.close()
        now = CLOCK.now_ms() + int.from_bytes(self.town.clock_file.read_bytes())
        self.lives.append(Reported(sha256(ID_LABEL + key).digest()[:16], person, len(self.lives), day, now))

    def _decide(self) -> None:
        """A dispatcher and a steward, and whoever of the confirmers has a token of this week."""
        epoch = epoch_of(self.town.today() * 86_400)
        phones = [phone for at, phone in self.town.phones if at == epoch and phone.tokens.get(Role.CONFIRMER)]
        if not (self.town.dispatchers and phones and REPORTS_A_DAY[self.form]):
            return
        desk = self.town.dispatchers[0]
        desk.sign_in()
        crew = [OnDuty(self.town, self.truths, self.source.choice(self.people), phone.tokens) for phone in phones]
        waiting = [line["matter"] for line in self._lines(desk) if line["state"] == "waiting"]
        for matter, verdict in zip(waiting[:2], ("seen", "nothing-seen"), strict=False):
            self._publish(desk, crew, matter, verdict)
        for matter in waiting[2:3]:
            desk.post(f"/alert-desk/matters/{matter}/take", {})
            desk.post(f"/alert-desk/matters/{matter}/close", {})
        for one in crew:
            one.end()

    def _publish(self, desk: Member, crew: Sequence["OnDuty"], matter: str, verdict: str) -> None:
        here = f"/alert-desk/matters/{matter}"
        desk.post(f"{here}/take", {})
        desk.post(f"{here}/acknowledge", {})
        desk.post(f"{here}/ask", {})
        for one in crew:
            one.say(verdict)
        steward = self.town.stewards[0]
        beside = [desk, steward]  # days pass faster than the brake's own hour: a third voice may be needed
        while (
            not (digest := self._line(desk, matter)["digest"])
            or desk.ask(f"{here}/release", {"digest": digest})[0] != 200
        ):
            beside.pop(0).post(f"{here}/voice", {"verdict": verdict})
        done = steward.post(f"{here}/release", {"digest": digest})
        assert done["is_published"], done
        self.published += 1
        if self.published % 3 == 1:
            alert = self._line(desk, matter)["alert"]
            desk.post(f"/alert-desk/alerts/{alert}/cancel", {"reason": "not-so"})
            self.taken_back += 1
            if self.taken_back % 3 == 0:
                self._lift()

    def _lift(self) -> None:
        """Three of the last twenty were taken back: nothing more is published before two stewards looked."""
        for steward in self.town.stewards:
            steward.sign_in()
            steward.post("/alert-desk/lift", {})

    def _line(self, desk: Member, matter: str) -> dict[str, Any]:
        return next(line for line in self._lines(desk) if line["matter"] == matter)

    @staticmethod
    def _lines(desk: Member) -> list[dict[str, Any]]:
        status, raw = desk.raw("/alert-desk/matters", method="GET")
        assert status == 200, raw
        found: list[dict[str, Any]] = json.loads(raw)["lines"]
        return found


class OnDuty:
    """A confirmer's page. The token is spent here."""

    def __init__(self, town: Town, truths: Truths, person: Person, tokens: dict[Role, list[bytes]]) -> None:
        self.capability, self.browser = CLOCK.random_bytes(32), Browser(town.port, person)
        token, secret = tokens[Role.CONFIRMER].pop(), CLOCK.random_bytes(32)
        for value in (self.capability, secret):
            truths.add("capability", value)
        self._ask("", {"token": b64(token), "secret": b64(secret)})

    def say(self, verdict: str) -> None:
        for question in self._ask("/asked", {})["asked"]:
            if question["answer"] == "asked":
                self._ask("/answer", {"ask": question["ask"], "answer": "looking"})
                self._ask("/answer", {"ask": question["ask"], "answer": verdict})

    def end(self) -> None:
        self._ask("/end", {})
        self.browser.close()

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.browser.ask("POST", f"/alerts/duty{path}", self.capability, json.dumps(body).encode())
        assert answer.status == 200, (path, answer)
        told: dict[str, Any] = answer.json
        return told


def worked(ticket: str, bits: int) -> str:
    """The slow lane's work."""
    return next(work for work in map(str, count()) if is_done(ticket, bits, work))


def plug(town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form) -> Reports:
    """The room. On a node with planted leaks nobody reports: those trials are about others."""
    return Reports(town, truths, persons, source, form)
