"""Calls, as the trial lives them: lawyers on duty, phones that ring, what they say sealed, what is passed on. The full form has over
a hundred. Of a call that is over not even its number may be found, of a shift that has ended not even its handle.

A shift begins as it comes back after a restart, by a copy sealed under the node's key: how one signs in is the office's to try.
"""

import http.client
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.desk.lawyer import Lawyer
from tests.seizure.acquire import Seized
from tests.seizure.chance import Measured
from tests.seizure.findings import Finding
from tests.seizure.http_client import Browser
from tests.seizure.inference import database_of
from tests.seizure.people import Person, letters
from tests.seizure.rooms import Form, Life
from tests.seizure.town import Town
from tests.seizure.truths import Truths
from tocsin.at_calls import key_of
from tocsin.calls import resume
from tocsin.calls.model import Duty, Handle, Kind, Role
from tocsin.calls.room import Calls
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.ids import b64
from tocsin.own_keys import open_custody

CLOCK = SystemClock()
CALLS_A_DAY = {Form.SHORT: 4, Form.FULL: 15, Form.PLANTED: 0}
PATIENCE_S = 30.0


class CallsLived:
    """The room's workload. A call leaves no number anywhere, so no column can be asked for its order."""

    named: frozenset[str] = frozenset()
    words: Mapping[str, str] = {
        "said on a call": "what caller and lawyer sealed for each other",
        "call number": "which calls there were",
        "shift handle": "which shifts there were",
    }
    lives: Sequence[Life] = ()

    def __init__(
        self, town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form
    ) -> None:
        self.town, self.truths, self.people, self.source, self.form = town, truths, persons, source, form
        self.figures: dict[str, Measured] = {}
        self.after_each_part: Callable[[], None] = lambda: None
        self.lawyers = [Lawyer(name) for name in ("Godwit", "Whimbrel")]
        self.shifts = [CLOCK.random_bytes(32) for _ in self.lawyers]
        for shift in self.shifts:
            truths.add("capability", shift)
            truths.add("shift handle", sha256(shift).digest())

    def live(self, day: int) -> None:
        for number in range(CALLS_A_DAY[self.form]):
            self._call(is_passed_on=number % 4 == 3)
        self.after_each_part()

    def end(self) -> None:
        """A call that is over is told to nobody."""

    def mid_traffic(self) -> AbstractContextManager[None]:
        return nullcontext()

    def look(self, node: Path) -> None:
        """No file of the node changes by a call."""

    def forget(self) -> None:
        """All of it was a secret before."""

    def attack(self, seized: Seized) -> Iterator[Finding]:
        """Is there a table for any of it?"""
        with database_of(seized) as connection:
            tables = [] if connection is None else connection.execute("SELECT name FROM sqlite_master").fetchall()
            for (name,) in tables:
                if any(word in str(name) for word in ("call", "duty", "shift")):
                    yield Finding("L4", "call", "table", str(name), "a table of calls")

    def residuals(self, seized: Seized, image: Path) -> Iterator[str]:
        yield "Shifts of this evening stand in memory as random handles with languages, places and hours (THREATS.md, T2)."

    def _call(self, *, is_passed_on: bool) -> None:
        person, by = self.source.choice(self.people), self.source.randrange(len(self.lawyers))
        call, phone, secret, end = (CLOCK.random_bytes(size) for size in (16, 32, 32, 32))
        marker = f"said on a call: {letters(self.source, 18)}"
        for kind, value in (("capability", phone), ("capability", end), ("recording key", secret)):
            self.truths.add(kind, value)
        self.truths.add("said on a call", marker)
        self.truths.add("call number", call)
        browser, recipients = Browser(self.town.port, person), [one.recipient for one in self.lawyers]
        with self._on_duty(by, person):
            body = {
                "call": b64(call), "digest": b64(sha256(phone).digest()), "language": "en", "place": "us-mn", "kind": "stopped",
                "card": b64(envelope.seal_to(recipients, marker.encode().ljust(512, b"\0"))),
                "offer": b64(envelope.seal_to(recipients, secret.ljust(512, b"\0"))),
            }  # fmt: skip
            told = self._asked(browser, "", body)
            assert (told["state"], told["rung"]) == ("ringing", 1), told
            mine = {"call": b64(call)}
            if is_passed_on:
                self._asked(browser, "/decline", mine, self.shifts[by])
            else:
                self._asked(browser, "/answer", mine | {"digest": b64(sha256(end).digest())}, self.shifts[by])
                for capability in (phone, end):
                    sealed = envelope.seal_to(recipients, marker.encode().ljust(512, b"\0"))
                    self._asked(browser, "/messages", mine | {"sealed": b64(sealed)}, capability)
            self._asked(browser, "/end", mine, phone)
        browser.close()

    @contextmanager
    def _on_duty(self, number: int, person: Person) -> Iterator[None]:
        """A page of this lawyer listens while the block runs."""
        shift, browser = self.shifts[number], Browser(self.town.port, person)
        self._asked(browser, "/shift/resume", {"kept": b64(self._kept(Handle(sha256(shift).digest())))}, shift)
        browser.close()
        listening = http.client.HTTPConnection("127.0.0.1", self.town.port, timeout=PATIENCE_S)
        listening.request("GET", "/calls/shift/events", headers={"Authorization": f"Tocsin {b64(shift)}"})
        answer = listening.getresponse()
        assert answer.status == 200
        answer.readline()
        yield
        listening.close()
        self._asked(browser, "/shift/end", {}, shift)
        browser.close()

    def _kept(self, handle: Handle) -> bytes:
        """A shift as a former life of the node would have sealed it, a second ago by the node's own clock."""
        offset = int.from_bytes(self.town.clock_file.read_bytes())
        now = CLOCK.now_ms() + offset - 1000
        key = key_of(open_custody(self.town.settings))
        nobody: frozenset[str] = frozenset()
        before = Calls(_Stopped(now), key, nobody, nobody)
        kinds = frozenset(Kind)
        duty = Duty(handle, Role.LAWYER, frozenset({"en"}), frozenset({"us-mn"}), kinds, now, now + 3_600_000)
        return resume.seal_duty(before, duty)

    @staticmethod
    def _asked(browser: Browser, path: str, body: dict[str, Any], secret: bytes = b"") -> dict[str, Any]:
        answer = browser.ask("POST", f"/calls{path}", secret, json.dumps(body).encode())
        assert answer.status == 200, (path, answer)
        told: dict[str, Any] = answer.json
        return told


class _Stopped(SystemClock):
    """The hour at which a copy is said to have been sealed."""

    def __init__(self, at_ms: int) -> None:
        self._at_ms = at_ms

    def now_ms(self) -> int:
        return self._at_ms


def plug(town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form) -> CallsLived:
    """The room."""
    return CallsLived(town, truths, persons, source, form)
