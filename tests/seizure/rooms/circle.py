"""Circles, as the trial lives them: made, joined, told by phones and by words, left, changed.

No member, no endpoint, no text, no edge. What phones hold are truths, and so are the endpoints: they come into the node's memory while
a circle is told, and must be nowhere a minute later. Which rows belong together is asked of the tables.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.circle.phone import Owner, Words, derive, place_number
from tests.seizure.acquire import Seized
from tests.seizure.chance import Measured
from tests.seizure.findings import Finding
from tests.seizure.http_client import Browser
from tests.seizure.inference import database_of
from tests.seizure.people import Person, letters
from tests.seizure.rooms import Form, Life
from tests.seizure.town import Town
from tests.seizure.truths import Truths
from tocsin.clock import SystemClock

CLOCK = SystemClock()
ACTS_A_DAY = {Form.SHORT: 2, Form.FULL: 4, Form.PLANTED: 0}
"""Circles a day; each is some sixteen acts."""


@dataclass(frozen=True)
class Taken:
    """One place that somebody took."""

    id: bytes
    person: Person
    began: int
    day: int
    last_ms: int


class CirclesLived:
    """The room's workload. The push service is that of `rooms/deliver`."""

    named: frozenset[str] = frozenset({"circle_place.ends_day", "circle_door.ends_day"})
    words: Mapping[str, str] = {
        "told a circle": "what a circle's people are told",
        "in a circle": "where they are reached",
    }

    def __init__(
        self, town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form
    ) -> None:
        self.town, self.truths, self.people, self.source, self.form = town, truths, persons, source, form
        self.figures: dict[str, Measured] = {}
        self.after_each_part: Callable[[], None] = lambda: None
        self.lives: list[Life] = []
        self.rows: list[set[bytes]] = []

    def live(self, day: int) -> None:
        for _ in range(ACTS_A_DAY[self.form]):
            self._circle(day)
        self.after_each_part()

    def end(self) -> None:
        """Circles stay as they are."""

    def mid_traffic(self) -> AbstractContextManager[None]:
        return nullcontext()

    def look(self, node: Path) -> None:
        """Nothing to be done beside it."""

    def forget(self) -> None:
        """All of it was a secret before."""

    def attack(self, seized: Seized) -> Iterator[Finding]:
        """Does any value join two rows of one circle, or is any circle another size than the next?"""
        with database_of(seized) as connection:
            if connection is None:
                return
            rows = connection.execute("SELECT id, box, letter FROM circle_place").fetchall()
            doors = connection.execute("SELECT id, box, note FROM circle_door").fetchall()
        values = [bytes(value) for row in (*rows, *doors) for value in row]
        if len(set(values)) != len(values):
            yield Finding("L4", "in a circle", "table", "circle_*", "a value joins two rows")
        for name, table in (("circle_place", rows), ("circle_door", doors)):
            if len({tuple(len(bytes(value)) for value in row) for row in table}) > 1:
                yield Finding("L4", "in a circle", "table", name, "rows of different sizes")
        if len(rows) != 15 * len(doors) // 2:
            yield Finding("L4", "in a circle", "table", "circle_place", "a count that is somebody's")

    def residuals(self, seized: Seized, image: Path) -> Iterator[str]:
        yield f"{len(self.rows)} circles: the disk tells how many there are, in rows of one size (THREATS.md, T2)."

    def _circle(self, day: int) -> None:
        owner, person = Owner(), self.source.choice(self.people)
        texts = {at: f"told a circle: {letters(self.source, 18)}" for at in range(3)}
        people = [
            owner.contact(at, f"http://127.0.0.1:{self.town.push_port}/{letters(self.source, 24)}") for at in range(3)
        ]
        self._keep(owner, texts, [one.url for one in people])
        phone = Browser(self.town.port, person)
        self._asked(phone, "begin", owner.begin(texts))
        for one in people:
            theirs = self.source.choice(self.people)
            browser = Browser(self.town.port, theirs)
            self._asked(browser, "place", one.fill())
            browser.close()
            now = CLOCK.now_ms() + int.from_bytes(self.town.clock_file.read_bytes())
            self.lives.append(Taken(place_number(one.link), theirs, len(self.lives), day, now))
        self._asked(phone, "look", owner.own)
        leaver, stranger = Browser(self.town.port, person), Browser(self.town.port, self.source.choice(self.people))
        self._asked(leaver, "place", people[2].fill(leaves=True))
        self._asked(phone, "tell", owner.tell())
        self._asked(phone, "tell", owner.tell("false_alarm"))
        self._asked(stranger, "tell", owner.words.tell())
        self._asked(stranger, "tell", Words().tell(), 404, 429)
        owner.words = Words()
        self._keep(owner, {}, [])
        self._asked(phone, "change", owner.change({0: texts[0]}))
        for browser in (phone, leaver, stranger):
            browser.close()
        self.rows.append({place_number(link) for link in owner.links})

    def _keep(self, owner: Owner, texts: Mapping[int, str], urls: Sequence[str]) -> None:
        for secret in (owner.door, owner.words.door, *owner.links, *(derive(link, "share") for link in owner.links)):
            self.truths.add("capability", secret)
        for text in texts.values():
            self.truths.add("told a circle", text)
        for url in urls:
            self.truths.add("in a circle", url.rpartition("/")[2])

    @staticmethod
    def _asked(browser: Browser, act: str, body: dict[str, Any], *statuses: int) -> None:
        answer = browser.ask("POST", f"/circle/{act}", b"", json.dumps(body).encode())
        assert answer.status in (statuses or (200,)), (act, answer)


def plug(town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form) -> CirclesLived:
    """The room."""
    return CirclesLived(town, truths, persons, source, form)
