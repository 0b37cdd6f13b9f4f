"""Fifty calls at once: from a phone's call to a lawyer's ring, from the answer to the caller, from one end's message to the other.

The node is a real process on one core, phones and lawyers share the other. Shifts begin as they come back after a restart, by copies
sealed under the node's key: how one signs in is not measured. There is no peer that rings by language and admission; beside each
figure stands its goal.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench import _servers as servers
from bench._machine import cpu_s, own_folder
from bench._report import Headline, asked, finish, table
from tocsin.at_calls import key_of
from tocsin.calls import resume
from tocsin.calls.model import Duty, Handle, Kind, Role
from tocsin.calls.room import Calls
from tocsin.clock import SystemClock
from tocsin.ids import b64
from tocsin.own_keys import open_custody
from tocsin.settings import settings_of

CLOCK = SystemClock()
AT_ONCE = 50
MESSAGES = 20
RING_GOAL_MS, ANSWER_GOAL_MS, MESSAGE_GOAL_MS = 3000.0, 1000.0, 200.0
MOST_LINE = 1 << 20


class Side:
    """One lawyer and one phone, and when what happened to them."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.shift, self.phone, self.end = (CLOCK.random_bytes(32) for _ in range(3))
        self.call = b64(CLOCK.random_bytes(16))
        self.rang, self.answered = asyncio.Event(), asyncio.Event()
        self.ring_s = self.answer_s = 0.0
        self.took: list[float] = []
        self._sent: dict[str, float] = {}
        self._came = asyncio.Event()
        self._began = 0.0

    async def on_duty(self, kept: str) -> None:
        await self._ask("/calls/shift/resume", {"kept": kept}, self.shift)

    async def rings(self) -> None:
        """The lawyer's page listens."""
        async with self._hear("/calls/shift/events", self.shift) as events:
            async for told in events:
                if told["ring"] and not self.rang.is_set():
                    self.rang.set()
                    self.ring_s = time.perf_counter() - self._began
                    self.call_that_rang = told["ring"]["call"]

    async def calls(self) -> None:
        """The phone calls, and hears until its lawyer has said all."""
        self._began = time.perf_counter()
        body = {
            "call": self.call, "digest": b64(sha256(self.phone).digest()), "language": "en", "place": "us-mn", "kind": "stopped",
            "card": b64(bytes(512)), "offer": b64(bytes(512)),
        }  # fmt: skip
        await self._ask("/calls", body)

    async def hears(self) -> None:
        """The phone's page listens."""
        async with self._hear("/calls/events", self.phone, f"{self.call}..0") as events:
            async for told in events:
                if told["state"] == "answered" and not self.answered.is_set():
                    self.answered.set()
                    self.answer_s = time.perf_counter() - self._began
                for one in told["messages"]:
                    if one["sealed"] in self._sent:
                        self.took.append(time.perf_counter() - self._sent.pop(one["sealed"]))
                        self._came.set()

    async def says(self, call: str, hearer: "Side") -> None:
        """Messages one after the other, each when the one before has come."""
        for _ in range(MESSAGES):
            sealed = b64(CLOCK.random_bytes(512))
            hearer._sent[sealed] = time.perf_counter()  # noqa: SLF001  the same bench
            hearer._came.clear()  # noqa: SLF001
            await self._ask("/calls/messages", {"call": call, "sealed": sealed}, self.end)
            await hearer._came.wait()  # noqa: SLF001

    @asynccontextmanager
    async def _hear(self, path: str, secret: bytes, last: str = "") -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        reader, writer = await asyncio.open_connection(*self.address, limit=MOST_LINE)
        writer.write(_head("GET", path, secret, f"last-event-id: {last}\r\n"))
        assert b" 200 " in await reader.readline()

        async def events() -> AsyncIterator[dict[str, Any]]:
            while (
                line := await reader.readline()
            ):  # each event is a chunk of its own: what tells its length is another line
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

        try:
            yield events()
        finally:
            writer.close()

    async def _ask(self, path: str, body: dict[str, Any], secret: bytes = b"") -> None:
        if self._line is None:
            self._line = await asyncio.open_connection(*self.address, limit=MOST_LINE)
        reader, writer = self._line
        raw = json.dumps(body).encode()
        told = f"content-type: application/json\r\ncontent-length: {len(raw)}\r\n"
        writer.write(_head("POST", path, secret, told) + raw)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        answer = await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
        assert b" 200 " in head[:20], answer


def _head(method: str, path: str, secret: bytes, more: str) -> bytes:
    """The start of a request. A client library would take more of the second core than the node takes of the first."""
    bearer = f"authorization: Tocsin {b64(secret)}\r\n" if secret else ""
    return f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{bearer}{more}\r\n".encode()


def main() -> None:
    """Measure, and print."""
    given = asked(__doc__ or "")
    count = 10 if given.is_short else AT_ONCE
    with own_folder() as folder, servers.node(folder) as server:
        before = cpu_s(server.pid)
        rings, answers, messages = asyncio.run(measured(server, folder, count))
        used = cpu_s(server.pid) - before
    goals = (RING_GOAL_MS, ANSWER_GOAL_MS, MESSAGE_GOAL_MS)
    told = [
        (name, figures, goal)
        for name, figures, goal in zip(
            ("ring", "answer heard", "message"), (rings, answers, messages), goals, strict=True
        )
    ]
    rows = [[name, *(f"{value:.0f} ms" for value in spread(figures)), f"{goal:.0f} ms"] for name, figures, goal in told]
    table([f"{count} calls at once", "p50", "p95", "most", "goal"], rows)
    print(f"The node used {used:.2f} s of processor time for all of it.")
    finish(
        given,
        [
            Headline(
                f"{name} p95, beside its goal",
                round(spread(figures)[1], 1),
                goal,
                round(goal / spread(figures)[1], 1),
                "ms",
            )
            for name, figures, goal in told
        ],
    )


async def measured(server: servers.Server, folder: Path, count: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds: from call to ring, from answer to the caller, from message to the other end."""
    sides = [Side(server.address) for _ in range(count)]
    key = key_of(open_custody(settings_of(folder / "node.toml")))
    for side in sides:
        await side.on_duty(kept(key, side.shift))
    listening = [asyncio.create_task(side.rings()) for side in sides]
    await asyncio.sleep(0.5)  # every page is heard before anybody calls
    await asyncio.gather(*(side.calls() for side in sides))
    listening += [asyncio.create_task(side.hears()) for side in sides]
    by_call = {side.call: side for side in sides}
    began = {side.call: side._began for side in sides}  # noqa: SLF001
    await asyncio.gather(*(side.rang.wait() for side in sides))
    rings = [side.ring_s + side_began(side, began) for side in sides]
    await asyncio.sleep(0.5)  # every phone hears its call before anybody answers
    await asyncio.gather(*(answered(side, by_call) for side in sides))
    await asyncio.gather(*(side.says(side.call_that_rang, by_call[side.call_that_rang]) for side in sides))
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return rings, [side.answer_s for side in sides], [one for side in sides for one in side.took]


def side_began(side: Side, began: dict[str, float]) -> float:
    """A lawyer's ring is counted from when the phone that rang them called, not from when their own phone did."""
    return began[side.call] - began[side.call_that_rang]


async def answered(lawyer: Side, by_call: dict[str, Side]) -> None:
    caller = by_call[lawyer.call_that_rang]
    caller._began = time.perf_counter()  # noqa: SLF001  the same bench
    await lawyer._ask(  # noqa: SLF001
        "/calls/answer", {"call": lawyer.call_that_rang, "digest": b64(sha256(lawyer.end).digest())}, lawyer.shift
    )
    await caller.answered.wait()


def kept(key: bytes, shift: bytes) -> str:
    """A shift as a former life of the node would have sealed it."""
    nobody: frozenset[str] = frozenset()
    before, now = Calls(CLOCK, key, nobody, nobody), CLOCK.now_ms()
    handle = Handle(sha256(shift).digest())
    duty = Duty(handle, Role.LAWYER, frozenset({"en"}), frozenset({"us-mn"}), frozenset(Kind), now, now + 3_600_000)
    return b64(resume.seal_duty(before, duty))


def spread(seconds: list[float]) -> tuple[float, float, float]:
    """Median, 95th percentile and most, in ms."""
    return median(seconds) * 1000, quantiles(seconds, n=20)[-1] * 1000, max(seconds) * 1000


if __name__ == "__main__":
    main()
