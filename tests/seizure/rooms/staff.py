"""The staff, as the trial lives them: they join by one-time links, sign in, mistype, sign out. Nothing of it that opens may be found.

Their pages are played by the browser of `tests/office`, over the node's own addresses, from the staff's own network addresses.
"""

import http.client
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from tests.office.fake_browser import Browser, stretch, stretch_words
from tests.seizure.acquire import Seized
from tests.seizure.chance import Measured
from tests.seizure.findings import Finding
from tests.seizure.people import Person
from tests.seizure.rooms import Form, Life
from tests.seizure.town import FOUNDERS, Town
from tests.seizure.truths import Truths
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.crypto.words import word_list
from tocsin.ids import b64, unb64
from tocsin.office.model import Place
from tocsin.people.doors import Kind
from tocsin.people.session import COOKIE

CLOCK = SystemClock()
INVITED = (("Dunlin", "lawyer"), ("Sanderling", "dispatcher"))
PATIENCE_S = 90.0


class Member:
    """One of the staff with their browser. Everything secret of theirs is a truth from the moment it exists."""

    def __init__(self, town: Town, truths: Truths, name: str, source: random.Random) -> None:
        self.town, self.truths, self.name = town, truths, name
        host = f"127.0.0.1:{town.port}"
        words = word_list()
        self.passphrase = " ".join(source.sample(words, 7))
        self.sheet = source.sample(words, 7)
        self.salt, self.staff_id, self.cookie = CLOCK.random_bytes(16), b"", ""
        self.browser = Browser(
            secret=stretch(self.passphrase, self.salt),
            identity=CLOCK.random_bytes(32),
            place=Place(f"http://{host}", "127.0.0.1"),
        )
        for kind, value in (
            ("words", self.passphrase),
            ("words", " ".join(self.sheet)),
            ("identity", self.browser.secret),
            ("identity", self.browser.identity),
            ("identity", envelope.identity_of(self.browser.identity)),
            ("identity", self.browser.signing.seed),
        ):
            truths.add(kind, value)

    def join(self, secret: str) -> None:
        self.truths.add("capability", secret)
        self.truths.add("capability", unb64(secret))
        told = self.post("/staff/invitation", {"secret": secret})
        self.staff_id = unb64(told["staff"])
        said = self.browser.join(secret, self.staff_id, self.challenge())
        body = msgspec.to_builtins(said)
        body["door"]["salt"] = b64(self.salt)
        self.post("/staff/join", body)

    def keep_a_sheet(self) -> None:
        secret = stretch_words(self.sheet)
        self.truths.add("identity", secret)
        said = self.browser.add_door(self.staff_id, self.challenge(), secret, Kind.SHEET)
        self.post("/staff/doors", msgspec.to_builtins(said))

    def sign_in(self) -> None:
        """As people do: first with the passphrase in the wrong field, then mistyped, then right."""
        self.post("/staff/salt", {"pseudonym": self.passphrase})
        assert unb64(self.post("/staff/salt", {"pseudonym": self.name})["salt"]) == self.salt
        wrong = Browser(place=self.browser.place).sign_in(self.challenge(), self.name)
        assert self.ask("/staff/sign-in", msgspec.to_builtins(wrong))[0] == 403
        self.post("/staff/sign-in", msgspec.to_builtins(self.browser.sign_in(self.challenge(), self.name)))

    def invite(self, name: str, role: str) -> str:
        """The secret of a link, from the page that shows it once."""
        form = urlencode({"pseudonym": name, "role": role}).encode()
        status, page = self.raw("/en/staff/people/invite", form, "application/x-www-form-urlencoded")
        found = re.search(rb"/staff/join#([\w-]{43})", page)
        assert status == 200, page
        assert found
        return found[1].decode()

    def sign_out(self) -> None:
        self.post("/staff/sign-out", {"everywhere": True})

    def challenge(self) -> str:
        return str(self.post("/staff/challenge", {})["challenge"])

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        status, told = self.ask(path, body)
        assert status < 300, (path, told)
        return told

    def ask(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        status, raw = self.raw(path, json.dumps(body).encode(), "application/json")
        told: dict[str, Any] = json.loads(raw)
        return status, told

    def raw(
        self, path: str, body: bytes = b"", media: str = "application/json", method: str = "POST"
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.town.port, timeout=PATIENCE_S)
        told = {"Origin": self.browser.place.origin, "Content-Type": media}
        told |= {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
        connection.request(method, path, body or None, told)
        answer = connection.getresponse()
        raw, given = answer.read(), answer.headers.get("set-cookie", "")
        connection.close()
        if given.startswith(COOKIE):
            self.cookie = given.partition("=")[2].partition(";")[0]
            if self.cookie:
                self.truths.add("capability", self.cookie)
                self.truths.add("capability", unb64(self.cookie))
        return answer.status, raw


class Staff:
    """The room's workload. There are too few of them for their order to be asked of a column."""

    named: frozenset[str] = frozenset()
    words: Mapping[str, str] = {}
    lives: Sequence[Life] = ()

    def __init__(self, town: Town, truths: Truths, source: random.Random) -> None:
        self.town, self.truths, self.source = town, truths, source
        self.figures: dict[str, Measured] = {}
        self.after_each_part: Callable[[], None] = lambda: None
        self.members: list[Member] = []
        self._links = re.findall(r"/staff/join#([\w-]{43})", town.founded)

    def live(self, day: int) -> None:
        if day == 0:
            self._all_join()
        else:
            for member in self.members:
                member.sign_in()
        for member in self.members[-1:]:
            member.sign_out()
        self.after_each_part()

    def end(self) -> None:
        """Nobody sees more at the end than during the days."""

    def mid_traffic(self) -> AbstractContextManager[None]:
        return nullcontext()

    def look(self, node: Path) -> None:
        """A copy of the folder has nothing of staff that the last one has not."""

    def forget(self) -> None:
        """Nothing of theirs is promised to be gone but what was never there."""

    def attack(self, seized: Seized) -> Iterator[Finding]:
        yield from ()

    def residuals(self, seized: Seized, image: Path) -> Iterator[str]:
        yield "Pseudonyms, roles and the day each way in was made stand in the tables of staff (THREATS.md, T10)."

    def _all_join(self) -> None:
        """Founders by the links of `init`, the others by a steward's."""
        for name, secret in zip(FOUNDERS, self._links, strict=False):
            self._join(name, secret)
        self.town.stewards = [*self.members]
        for name, role in INVITED if self.members else ():
            self._join(name, self.members[0].invite(name, role))
        self.town.dispatchers = [one for one in self.members if dict(INVITED).get(one.name) == "dispatcher"]

    def _join(self, name: str, secret: str) -> None:
        member = Member(self.town, self.truths, name, self.source)
        member.join(secret)
        member.keep_a_sheet()
        self.members.append(member)


def plug(town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form) -> Staff:
    """The room. On a node with planted leaks nobody is on the staff: those trials are about others."""
    return Staff(town, truths, source)
