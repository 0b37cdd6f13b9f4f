"""The passport, as the trial lives it: people are vouched for, trained, admitted, fetch tokens and spend some.

No member, no vouch, no link. What people tell each other and what their phones hold are truths: codes, tokens, admissions, what words
derive. Who vouched for whom is asked of the tables: two rows that share a value would be an edge.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from tests.passport.member import CHALLENGE, CLOCK, Phone
from tests.seizure.acquire import Seized
from tests.seizure.chance import Measured
from tests.seizure.findings import Finding
from tests.seizure.http_client import Browser
from tests.seizure.inference import database_of
from tests.seizure.people import Person
from tests.seizure.rooms import Form, Life
from tests.seizure.town import Town
from tests.seizure.truths import Truths
from tests.waiting import wait_until
from tocsin.ids import b64, unb64
from tocsin.passport.model import SETS, Pass, Role
from tocsin.tlog.token_keys import epoch_of, parse

JOIN_A_DAY = {Form.SHORT: 3, Form.FULL: 6, Form.PLANTED: 0}
CODE = re.compile(rb'<li class="code">([a-z2-9]{5}-[a-z2-9]{5})</li>')
TABLES = ("passport_spent", "passport_issued", "passport_code")


class FromOutside:
    """What a phone knows of the node: its list of keys."""

    challenge = CHALLENGE

    def __init__(self, post: Callable[[str, dict[str, Any] | None], dict[str, Any]], town: Town) -> None:
        self._post, self._town = post, town

    @property
    def epoch(self) -> int:
        return epoch_of(self._town.today() * 86_400)

    def has_all(self) -> bool:
        """Whether every key of this week is there that a new confirmer needs, whichever cohort it is."""
        roles = [role for role in SETS[Role.CONFIRMER] if role is not Role.VOUCHER]
        shown = [parse(unb64_std(one["entry"])) for one in self._post("/passport/keys", None)["keys"]]
        told = {(said.role, said.cohort) for said in shown if said and said.act == "add" and said.epoch == self.epoch}
        cohorts = range(1, self._town.settings.passport_cohorts + 1)
        return all((role, cohort) in told for role in roles for cohort in cohorts)

    def key(self, role: Role, cohort: int, epoch: int) -> Any:
        for shown in self._post("/passport/keys", None)["keys"]:
            said = parse(unb64_std(shown["entry"]))
            if said and (said.act, said.role, said.cohort, said.epoch) == ("add", role, cohort, epoch):
                public = unb64_std(said.key)
                named = SimpleNamespace(id=sha256(public).digest(), epoch=epoch)
                return SimpleNamespace(
                    key=named, issuer=SimpleNamespace(public=public, key_id=named.id), says=Pass(role, cohort, epoch)
                )
        raise LookupError(role)


def unb64_std(text: str) -> bytes:
    return unb64(text.replace("+", "-").replace("/", "_").rstrip("="))


class Members:
    """The room's workload. Rows name nobody, so no order and no person can be asked of them by number."""

    named: frozenset[str] = frozenset()
    words: Mapping[str, str] = {"vouch": "codes that people tell each other", "token": "tokens on members' phones"}
    lives: Sequence[Life] = ()

    def __init__(
        self, town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form
    ) -> None:
        self.town, self.truths, self.people, self.source, self.form = town, truths, persons, source, form
        self.figures: dict[str, Measured] = {}
        self.after_each_part: Callable[[], None] = lambda: None

    def live(self, day: int) -> None:
        """From the second day on: on the first one the stewards come in themselves."""
        for _ in range(JOIN_A_DAY[self.form] if day else 0):
            self._join(self.source.choice(self.people))
        self.after_each_part()

    def end(self) -> None:
        """Nobody sees more at the end than during the days."""

    def mid_traffic(self) -> AbstractContextManager[None]:
        return nullcontext()

    def look(self, node: Path) -> None:
        """A copy of the folder has nothing of members that the last one has not."""

    def forget(self) -> None:
        """Nothing of theirs was ever there."""

    def attack(self, seized: Seized) -> Iterator[Finding]:
        with database_of(seized) as connection:
            if connection is None:
                return
            values: Counter[bytes] = Counter()
            for table in TABLES:
                columns = [
                    name
                    for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")
                    if name in ("mark", "again")
                ]
                for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table}"):
                    values.update(bytes(value) for value in row if value)
            for value, count in values.items():
                if count > 1:
                    yield Finding(
                        "L4", "vouch", "passport", value.hex(), "two rows share a value: they were used together"
                    )

    def residuals(self, seized: Seized, image: Path) -> Iterator[str]:
        yield "How many people of a role and cohort were given tokens, how many codes were used (THREATS.md, T11)."

    def _join(self, person: Person) -> None:
        browser = Browser(self.town.port, person)

        def ask(path: str, body: dict[str, Any] | None) -> dict[str, Any]:
            answer = browser.ask(
                "GET" if body is None else "POST", path, body=b"" if body is None else json.dumps(body).encode()
            )
            assert answer.status == 200, (path, answer.status, answer.body[:200])
            told: dict[str, Any] = json.loads(answer.body)
            return told

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            told = ask(path, body)
            self.truths.add("capability", body["secret"])
            if "admission" in told:
                self.truths.add("capability", unb64(told["admission"]))
            return told

        outside = FromOutside(ask, self.town)
        wait_until(outside.has_all, 120, step=0.2)
        codes = [self._code(number, "vouch", {"count": "1"}) for number in (0, 1)]
        training = self._code(0, "training", {"role": "confirmer", "count": "1"})
        phone = Phone(post, outside)  # type: ignore[arg-type]
        asyncio.run(phone.join((codes[0], codes[1]), training))
        for one in (*codes, training):
            self.truths.add("vouch", one)
            self.truths.add("vouch", one.replace("-", ""))
        self.truths.add("identity", phone.seed)
        for tokens in phone.tokens.values():
            for raw in tokens:
                self.truths.add("token", raw[-64:])
        self.town.phones.append((phone.passport.epoch, phone))
        for raw in [phone.tokens[Role.CONFIRMER].pop() for _ in range(2)]:
            said = {"token": b64(raw), "secret": b64(CLOCK.random_bytes(32))}
            assert ask("/passport/try", said) == ask("/passport/try", said), "asked twice, answered twice"
            self.truths.add("token", raw[2:34])
            self.truths.add("capability", said["secret"])

    def _code(self, steward: int, kind: str, form: dict[str, str]) -> str:
        """From the page that shows it once; where the week's keys do not stand in the log yet, that page says so."""
        member = self.town.stewards[steward]

        def made() -> bytes:
            status, page = member.raw(
                f"/en/staff/passport/{kind}", urlencode(form).encode(), "application/x-www-form-urlencoded"
            )
            assert status == 200, page
            return next(iter(CODE.findall(page)), b"")

        return wait_until(made, 60, step=0.5).decode()


def plug(town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form) -> Members:
    """The room. On a node with planted leaks nobody joins: those trials are about others."""
    return Members(town, truths, persons, source, form)
