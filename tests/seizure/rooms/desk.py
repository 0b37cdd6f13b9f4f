"""The legal desk, as the trial lives it: recordings that lawyers take, decline, hand over and write about, and who did which."""

import contextlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.desk.lawyer import Lawyer
from tests.encounters.phone import Phone
from tests.seizure.acquire import Seized
from tests.seizure.against_encounters.boxes import all_slots, rows
from tests.seizure.chance import Measured, order_told, same_person
from tests.seizure.findings import Finding
from tests.seizure.http_client import Answer, Browser
from tests.seizure.inference import Column, columns_of, database_of
from tests.seizure.people import Person, letters
from tests.seizure.rooms import Form
from tests.seizure.town import Town
from tests.seizure.truths import Truths
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.crypto.stream import Reader
from tocsin.evidence.receipt import read
from tocsin.ids import b64
from tocsin.own_keys import read_published

CLOCK = SystemClock()
CASES_A_DAY = {Form.SHORT: 4, Form.FULL: 12, Form.PLANTED: 0}
PSEUDONYMS = ("Bittern", "Curlew", "Dunlin")
BEFORE_ENCOUNTERS = -1_000_000
"""This room's day comes before that of encounters, whose order begins at 0."""


@dataclass
class Case:
    """One recording of the desk."""

    person: Person
    phone: Phone
    lawyer: int
    """Who has it, or declined it; the truth that nothing may tell."""
    began: int
    day: int
    last_ms: int = 0
    is_gone: bool = False

    @property
    def id(self) -> bytes:
        return self.phone.id

    @property
    def path(self) -> str:
        return f"/desk/items/{b64(self.phone.id)}"


class Desk:
    """The room's workload. `lives` are recordings in the order in which they began, which is that of their taking."""

    named: frozenset[str] = frozenset()
    words: Mapping[str, str] = {
        "A-number": "A-numbers in intake sheets",
        "note": "what a lawyer wrote",
        "taker": "which lawyer has or declined which recording",
    }

    def __init__(
        self, town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form
    ) -> None:
        self.town, self.truths, self.people, self.source, self.form = town, truths, persons, source, form
        self.lawyers = [Lawyer(name) for name in PSEUDONYMS]
        self.lives: list[Case] = []
        self.figures: dict[str, Measured] = {}
        self.after_each_part: Callable[[], None] = lambda: None
        self._boxes: dict[bytes, set[bytes]] = {}
        self.vkey = str(read_published(town.settings)["receipts"])
        for lawyer in self.lawyers:
            truths.add("identity", lawyer.identity)
            truths.add("identity", lawyer.seed)

    def live(self, day: int) -> None:
        for number in range(CASES_A_DAY[self.form]):
            case = self._recorded(day)
            (self._worked_on, self._handed_over, self._declined, self._worked_on)[number % 4](case)
        self.after_each_part()

    def end(self) -> None:
        """One is erased by its owner, with everything that was written about it."""
        if CASES_A_DAY[self.form]:
            case = self._recorded(self.form.days - 1)
            self._worked_on(case)
            self.after_each_part()
            owner = self._owner(case)
            assert self._browser(case.person).ask("POST", f"/encounters/{b64(case.id)}/erase", owner).status == 202
            case.is_gone = True

    def mid_traffic(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext()

    def look(self, node: Path) -> None:
        for table in ("desk_item", "desk_paper"):
            for recording_id, box in rows(node, f"SELECT recording_id, box FROM {table}"):
                self._boxes.setdefault(bytes(recording_id), set()).add(bytes(box))

    def forget(self) -> None:
        """What was erased was a secret before."""

    def attack(self, seized: Seized) -> Iterator[Finding]:
        """Does anything in the desk's tables tell which recordings one lawyer has, or in which order they were taken?"""
        lives = {case.id: case for case in self.lives}
        yield from self._erased(seized)
        with database_of(seized) as connection:
            if connection is None:
                return
            columns = [one for one in columns_of(connection, lives) if one.name.startswith("desk_")]
            columns += lengths(connection, lives)
            yield from repeated(connection)
        for name, values in columns:
            ids = [*values]
            told = same_person([values[one] for one in ids], [lives[one].lawyer for one in ids], self.source)
            groups = [([values[one] for one in ids], [lives[one].began for one in ids])]
            self.figures |= {f"taker by {name}": told, f"order by {name}": (order := order_told(groups))}
            if len(set(values.values())) > 1 and told.is_found:
                yield Finding("L4", "taker", name.partition(".")[2], name, f"advantage {told.value:.2f}")
            if order.is_found:
                yield Finding("L4", "order", name.partition(".")[2], name, f"orders what was taken: {order.value:.2f}")

    def _erased(self, seized: Seized) -> Iterator[Finding]:
        """Tickets, copies and papers of what was erased, as somebody had copied them before, under every seized slot."""
        file = seized.files / "node" / "erase.keys"
        keys = [AESGCM(key) for _, key in all_slots(file) if any(key)] if file.exists() else []
        for case in self.lives:
            for box in self._boxes.get(case.id, ()) if case.is_gone else ():
                for key in keys:
                    with contextlib.suppress(InvalidTag):
                        key.decrypt(box[:12], box[12:], case.id)
                        yield Finding(
                            "L3", "erased", "erase.keys", case.id.hex(), "a seized slot opens what a desk wrote"
                        )

    def residuals(self, seized: Seized, image: Path) -> Iterator[str]:
        yield from ()

    def _recorded(self, day: int) -> Case:
        """Two seconds for the desk, and who will have them."""
        phone = Phone(self.town.share_recipient, [one.recipient for one in self.lawyers])
        lawyer, began = self.source.randrange(len(self.lawyers)), BEFORE_ENCOUNTERS + len(self.lives)
        case = Case(self.source.choice(self.people), phone, lawyer, began, day)
        self.lives.append(case)
        self.truths.add("recording key", phone.rk)
        self.truths.add("capability", phone.upload)
        browser = self._browser(case.person)
        expect(browser.ask("POST", "/encounters", body=phone.start_json()), 201)
        for number in range(2):
            marker = f"seen by the desk {CLOCK.random_bytes(12).hex()}".encode()
            self.truths.add("recorded", marker)
            raw = phone.second(marker, final=number == 1)
            answer = expect(browser.ask("PUT", f"/encounters/{b64(phone.id)}/chunks/{number}", phone.upload, raw), 200)
            case.last_ms = read(answer.body, self.vkey).received_ms
            self.truths.add_moment("moment", case.last_ms)
        browser.close()
        return case

    def _worked_on(self, case: Case) -> None:
        """Taken, opened, written about."""
        lawyer = self.lawyers[case.lawyer]
        browser = self._browser(case.person)
        self._act(browser, lawyer, case, "take", lawyer.take(case.phone.id))
        capability = lawyer.capabilities[case.phone.id]
        self.truths.add("capability", capability)
        self._act(browser, lawyer, case, "open", None, capability)
        note = f"called back, {letters(self.source, 14)}"
        number = f"A{self.source.randrange(10**8, 10**9)}"
        self.truths.add("note", note)
        self.truths.add("A-number", number)
        sheet = {"type": "sheet", "a_number": number, "place": case.person.place, "said": note}
        sealed = envelope.seal_to(
            [one.recipient for one in self.lawyers], json.dumps(sheet).encode().ljust(4096, b"\0")
        )
        body = {"sealed": b64(sealed), "turn": 0}
        paper = f"{case.path}/papers/{b64(CLOCK.random_bytes(16))}"
        expect(browser.ask("PUT", paper, capability, json.dumps(body).encode(), headers(lawyer)), 200)
        self._refused(browser, case)
        browser.close()

    def _refused(self, browser: Browser, case: Case) -> None:
        """A colleague asks to open it with a capability of nothing: noted, sealed, and nothing else remembers who it was."""
        other = self.lawyers[(case.lawyer + 1) % len(self.lawyers)]
        expect(browser.ask("POST", f"{case.path}/open", CLOCK.random_bytes(32), b"{}", headers(other)), 403)

    def _handed_over(self, case: Case) -> None:
        """To the next lawyer, who has it then."""
        giver = self.lawyers[case.lawyer]
        self._worked_on(case)
        case.lawyer = (case.lawyer + 1) % len(self.lawyers)
        to = self.lawyers[case.lawyer]
        browser = self._browser(case.person)
        asked = giver.hand_over(case.phone.id, case.phone.rk, to)
        self._act(browser, giver, case, "hand-over", asked, giver.capabilities[case.phone.id])
        self.truths.add("capability", to.capabilities[case.phone.id])
        browser.close()

    def _declined(self, case: Case) -> None:
        lawyer = self.lawyers[case.lawyer]
        browser = self._browser(case.person)
        self._act(browser, lawyer, case, "decline", lawyer.decline(case.phone.id))
        browser.close()

    def _act(
        self, browser: Browser, lawyer: Lawyer, case: Case, act: str, asked: Any, capability: bytes = b""
    ) -> Answer:
        fields = {} if asked is None else {name: getattr(asked, name) for name in asked.__struct_fields__}
        return expect(
            browser.ask("POST", f"{case.path}/{act}", capability, json.dumps(fields).encode(), headers(lawyer)), 200
        )

    def _browser(self, person: Person) -> Browser:
        return Browser(self.town.port, person)

    @staticmethod
    def _owner(case: Case) -> bytes:
        return Reader(case.phone.rk, case.phone.writer.header).owner_secret


def headers(lawyer: Lawyer) -> dict[str, str]:
    """What the trial's door knows a lawyer by (`node_process`): sessions are the office's to try."""
    return {"X-Lawyer": lawyer.caller.key}


def lengths(connection: Any, lives: Mapping[bytes, Case]) -> list[Column]:
    """How long each sealed cell of the desk is."""
    found: dict[str, dict[bytes, float]] = {}
    for table in ("desk_item", "desk_paper"):
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            told = dict(zip(names, row, strict=True))
            if told["recording_id"] in lives:
                for name, cell in told.items():
                    if isinstance(cell, bytes):
                        found.setdefault(f"{table}.{name} length", {})[told["recording_id"]] = len(cell)
    return [Column(name, values) for name, values in found.items() if len(values) > 4]


def repeated(connection: Any) -> Iterator[Finding]:
    """A value that two rows share would join them."""
    for table, column in (
        ("desk_item", "digest"),
        ("desk_item", "declined"),
        ("desk_item", "box"),
        ("desk_paper", "box"),
    ):
        values = [row[0] for row in connection.execute(f"SELECT {column} FROM {table}") if row[0]]
        if len(set(values)) != len(values):
            yield Finding("L4", "taker", column, f"{table}.{column}", "the same in two rows")


def expect(answer: Answer, status: int) -> Answer:
    """The answer, if it is the one that the specification promises."""
    assert answer.status == status, (answer.status, answer.body[:300])
    return answer


def plug(town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form) -> Desk:
    """The room, for the trial."""
    return Desk(town, truths, persons, source, form)
