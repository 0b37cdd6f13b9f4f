"""Phones that write down every acknowledgement, lose their node at any instant, and go on where it stands.

A `Logged` phone goes through a whole life: begin, seconds, stop, share, words, sometimes erasure. `go_on` takes it up in whatever step
it was; what it may hear after a loss is exactly what `docs/spec/http.md` allows, and anything else is an `AssertionError`.
"""

import asyncio
import json
import random
from dataclasses import dataclass, field
from hashlib import sha256

from tests.encounters.phone import Phone
from tests.faults.wire import LOST, Answer, Wire
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.crypto.stream import Reader
from tocsin.ids import b64

CLOCK = SystemClock()
WAIT = (429, 503, 507)
"""Answers that say: keep it, and send it again later."""


@dataclass
class Logged:
    """One phone's recording, everything it sent, and everything the node acknowledged."""

    phone: Phone
    seconds: int
    will_erase: bool = False
    size: int = 3000
    step: str = "begin"
    start: bytes = b""
    raws: list[bytes] = field(default_factory=list)
    receipts: dict[int, bytes] = field(default_factory=dict)
    """First receipt of each acknowledged second."""
    more_receipts: list[bytes] = field(default_factory=list)
    """Receipts of seconds that were sent again."""
    was_refused: bool = False
    """A refusal told it to wait: it is taken up again later, not counted as lost."""
    locator: bytes = field(default_factory=lambda: CLOCK.random_bytes(32))
    is_in_flight: bool = False
    """The last request had no answer: it may or may not have happened."""

    @property
    def path(self) -> str:
        return f"/encounters/{b64(self.phone.id)}"

    @property
    def owner(self) -> bytes:
        return Reader(self.phone.rk, self.phone.writer.header).owner_secret

    @property
    def is_over(self) -> bool:
        return self.step in ("done", "erased")

    async def go_on(self, wire: Wire) -> None:
        """Live on to the end. Raises one of `LOST` where the node is gone; returns early where the node says to wait."""
        self.was_refused = False
        if self.step == "seconds" and self.raws:
            await self._resume(wire)
        while not self.is_over and not self.was_refused:
            await getattr(self, f"_{self.step}")(wire)

    async def ask(self, wire: Wire, method: str, path: str, secret: bytes, body: bytes = b"") -> Answer:
        """A request whose loss is remembered, also while the node says to wait: that says nothing of the one that was lost.

        A database that died may have kept what it no longer answered: "away" says nothing of it either.
        """
        was_lost, self.is_in_flight = self.is_in_flight, True
        answer = await wire.ask(method, self.path + path if path != "/recover" else path, secret, body)
        self.was_refused = answer.status in WAIT
        self.is_in_flight = self.was_refused and (was_lost or answer.code == "database_away")
        return answer

    async def _begin(self, wire: Wire) -> None:
        self.start = self.start or self.phone.start_json()
        lost, self.is_in_flight = self.is_in_flight, True
        answer = await wire.ask("POST", "/encounters", b"", self.start)
        self.was_refused = answer.status in WAIT
        self.is_in_flight = lost and self.was_refused
        if not self.was_refused:
            assert answer.status == 201 or (lost and answer.status == 200), (self.step, answer.status, answer.body)
            self.step = "seconds"

    async def _seconds(self, wire: Wire) -> None:
        while len(self.receipts) < self.seconds and not self.was_refused:
            if len(self.raws) == len(self.receipts):
                last = len(self.raws) == self.seconds - 1
                self.raws.append(self.phone.second(CLOCK.random_bytes(self.size), final=last))
            await self.send(wire, len(self.receipts))
        if len(self.receipts) == self.seconds:
            self.step = "share"

    async def send(self, wire: Wire, seq: int) -> None:
        """Send one second; a receipt is written down, a wait is remembered."""
        answer = await self.ask(wire, "PUT", f"/chunks/{seq}", self.phone.upload, self.raws[seq])
        if self.was_refused:
            return
        assert answer.status == 200, (seq, answer.status, answer.body)
        if seq in self.receipts:
            self.more_receipts.append(answer.body)
        self.receipts.setdefault(seq, answer.body)

    async def _resume(self, wire: Wire) -> None:
        """The number to resume at is exact: what was acknowledged, or one more where the answer was lost."""
        answer = await wire.ask("GET", f"{self.path}/state", self.phone.upload)
        assert answer.status == 200, (self.step, answer.status, answer.body)
        told, known = answer.json["next"], len(self.receipts)
        assert known <= told <= len(self.raws), f"resume at {told}, acknowledged {known}, sent {len(self.raws)}"
        if known:
            await self.send(wire, random.randrange(known))

    async def _share(self, wire: Wire) -> None:
        lost = self.is_in_flight
        answer = await self.ask(wire, "POST", "/return-share", self.phone.upload)
        if self.was_refused:
            return
        assert answer.status == 200 or (lost and answer.code == "share_gone"), (self.step, answer.status, answer.body)
        if answer.status == 200:
            assert answer.json["share"] == b64(self.phone.share)
            self.step = "words"
        else:
            self.step = "ending"

    async def _words(self, wire: Wire) -> None:
        lost = self.is_in_flight
        _, own = envelope.new_identity(CLOCK)
        wraps = envelope.seal_to([envelope.recipient_of(self.phone.identity), own], self.phone.rk)
        body = json.dumps({"wraps": b64(wraps), "locator": b64(sha256(self.locator).digest())}).encode()
        answer = await self.ask(wire, "PUT", "/wraps", self.phone.upload, body)
        if self.was_refused:
            return
        assert answer.status == 200 or (lost and answer.code == "capability_wrong"), (
            self.step,
            answer.status,
            answer.body,
        )
        self.step = "ending"

    async def _ending(self, wire: Wire) -> None:
        if not self.will_erase:
            self.step = "done"
            return
        answer = await self.ask(wire, "POST", "/erase", self.owner)
        if not self.was_refused:
            assert answer.status == 202, (self.step, answer.status, answer.body)
            self.step = "erased"


class Crowd:
    """Several phones at once, each at its own connection. `finished` keeps those whose life is over."""

    def __init__(self, share_recipient: str, width: int = 4, *, size: int = 3000, longest: int = 12) -> None:
        self._recipient = share_recipient
        self.width = width
        self.size, self.longest = size, longest
        self.going: list[Logged] = []
        self.finished: list[Logged] = []

    @property
    def everybody(self) -> list[Logged]:
        return [*self.finished, *self.going]

    @property
    def acknowledged(self) -> int:
        return sum(len(one.receipts) for one in self.everybody)

    async def press_on(self, port: int, until: asyncio.Event | None = None) -> None:
        """Go on with everybody, and begin anew whenever one is over, until the node is gone or `until` is set."""
        while len(self.going) < self.width:
            self.going.append(self._fresh())
        await asyncio.gather(*(self._one(port, place, until) for place in range(self.width)))

    async def finish(self, port: int) -> None:
        """Let everybody come to the end of what they began."""
        for one in list(self.going):
            wire = Wire(port)
            await one.go_on(wire)
            wire.close()
            if one.is_over:
                self.going.remove(one)
                self.finished.append(one)

    async def _one(self, port: int, place: int, until: asyncio.Event | None) -> None:
        wire = Wire(port)
        try:
            while until is None or not until.is_set():
                await self.going[place].go_on(wire)
                if self.going[place].is_over:
                    self.finished.append(self.going[place])
                    self.going[place] = self._fresh()
                else:
                    await asyncio.sleep(0.05)
        except LOST:
            return
        finally:
            wire.close()

    def _fresh(self) -> Logged:
        seconds = random.randrange(2, self.longest)
        return Logged(Phone(self._recipient), seconds, will_erase=random.random() < 0.3, size=self.size)
