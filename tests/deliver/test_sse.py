"""The live stream: everybody gets everything, in order, from where they were; who does not read costs nobody anything."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.deliver.conftest import MovableClock, message, until
from tests.serving import free_ports
from tocsin.clock import SystemClock
from tocsin.deliver import sse
from tocsin.deliver.model import Kind, Message
from tocsin.deliver.sse import Hub
from tocsin.web.server import server

pytestmark = pytest.mark.anyio


@dataclass
class Page:
    """A client by hand: what it was sent, and whether its network takes anything now."""

    last: str = ""
    got: bytes = b""
    status: int = 0
    is_ended: bool = False
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    sends: int = 0

    @property
    def scope(self) -> dict[str, Any]:
        return {"type": "http", "headers": [(b"last-event-id", self.last.encode())] if self.last else []}

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, told: dict[str, Any]) -> None:
        self.sends += 1
        if not self.flows.is_set():
            await self.flows.wait()
        if told["type"] == "http.response.start":
            self.status = told["status"]
            return
        self.got += told["body"]
        if not told["more_body"]:
            self.is_ended = True
            self.gone.set()

    @property
    def ids(self) -> list[str]:
        return [line.removeprefix("id: ") for line in self.got.decode().splitlines() if line.startswith("id: ")]

    @property
    def bodies(self) -> list[bytes]:
        return [line.removeprefix(b"data: ") for line in self.got.splitlines() if line.startswith(b"data: ")]


@asynccontextmanager
async def opened(hub: Hub, *pages: Page) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(hub(one.scope, one.receive, one.send)) for one in pages]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        for one in pages:
            one.flows.set()
            one.gone.set()
        await asyncio.gather(*tasks)


def flowing(last: str = "") -> Page:
    page = Page(last)
    page.flows.set()
    return page


def said(number: int, kind: Kind = Kind.ALERT, *, life_ms: int = 3_600_000) -> Message:
    return message(kind, body=b'{"n":%d}' % number, life_ms=life_ms)


async def test_everybody_gets_each_message_once_with_its_kind(clock: MovableClock) -> None:
    hub = Hub(clock)
    pages = [flowing() for _ in range(600)]
    first = said(1)
    async with opened(hub, *pages):
        await until(lambda: all(one.status == 200 for one in pages))
        hub.show(first)
        hub.show(first)
        hub.show(said(2, Kind.CANCEL))
        await until(lambda: all(len(one.bodies) == 2 for one in pages))
        assert hub.open == 600
    assert {one.got for one in pages} == {pages[0].got}
    assert pages[0].bodies == [b'{"n":1}', b'{"n":2}']
    assert b"event: cancel\n" in pages[0].got
    assert hub.open == 0, "nothing is kept of who went"


async def test_a_stream_goes_on_after_the_last_event_and_shows_nothing_that_ended(clock: MovableClock) -> None:
    hub = Hub(clock)
    for number in range(4):
        hub.show(said(number, life_ms=1_000 if number == 2 else 3_600_000))
    everything = flowing()
    async with opened(hub, everything):
        await until(lambda: len(everything.bodies) == 4)
    clock.ms += 1_000
    resumed, foreign, odd = flowing(everything.ids[0]), flowing("0badcafe.3"), flowing("x" * 500)
    async with opened(hub, resumed, foreign, odd):
        await until(lambda: odd.bodies)
    assert resumed.bodies == [b'{"n":1}', b'{"n":3}']
    assert foreign.bodies == odd.bodies == [b'{"n":0}', b'{"n":1}', b'{"n":3}'], (
        "of another life: everything that lives"
    )


async def test_one_that_does_not_read_is_given_nothing_more_and_holds_nobody_up(clock: MovableClock) -> None:
    hub, stuck, others = Hub(clock), flowing(), [flowing() for _ in range(20)]
    async with opened(hub, stuck, *others):
        await until(lambda: stuck.status and all(one.status for one in others))
        stuck.flows.clear()
        sends = stuck.sends
        for number in range(sse.MOST_BEHIND * 3):
            hub.show(said(number))
        await until(lambda: all(len(one.bodies) == sse.MOST_BEHIND * 3 for one in others))
        assert stuck.sends == sends + 1, "one send waits; no buffer grows behind it"
        stuck.flows.set()
        await until(lambda: stuck.is_ended)
    again = flowing(stuck.ids[-1])
    async with opened(hub, again):
        await until(lambda: len(stuck.bodies) + len(again.bodies) == sse.MOST_BEHIND * 3)


async def test_one_that_was_slow_for_a_moment_misses_nothing(clock: MovableClock) -> None:
    hub, slow = Hub(clock), flowing()
    async with opened(hub, slow):
        await until(lambda: slow.status)
        slow.flows.clear()
        for number in range(sse.MOST_BEHIND // 2):
            hub.show(said(number))
        slow.flows.set()
        await until(lambda: len(slow.bodies) == sse.MOST_BEHIND // 2)
        assert not slow.is_ended
    assert slow.bodies == [b'{"n":%d}' % number for number in range(sse.MOST_BEHIND // 2)]


async def test_more_pages_than_there_is_room_for_are_told_to_come_again(clock: MovableClock) -> None:
    hub, one, other = Hub(clock, most_clients=1), flowing(), flowing()
    async with opened(hub, one):
        await until(lambda: one.status)
        async with opened(hub, other):
            await until(lambda: other.is_ended)
    assert (one.status, other.status) == (200, 503)


async def test_silence_is_broken_by_a_comment_that_is_no_event(
    clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "BEAT_S", 0.01)
    hub, page = Hub(clock), flowing()
    async with opened(hub, page):
        beat = asyncio.create_task(hub.beat())
        await until(lambda: page.got.count(sse.BEAT) >= 2)
        beat.cancel()
    assert not page.ids


async def test_over_a_real_server_a_cancel_reaches_who_reads_beside_who_never_does() -> None:
    hub = Hub(SystemClock())
    async with served(hub) as port:
        reading = [await _connected(port) for _ in range(50)]
        never = [await _connected(port) for _ in range(5)]
        await until(lambda: hub.open == 55)
        now = SystemClock().now_ms()
        for number in range(400):
            hub.show(Message(number.to_bytes(16), Kind.ALERT, b"x" * 2_800, now + 3_600_000))
            await asyncio.sleep(0)
        hub.show(Message(b"\xff" * 16, Kind.CANCEL, b"taken back", now + 3_600_000))
        await asyncio.gather(*(_read_until(reader, b"taken back") for reader, _ in reading))
        for _, writer in (*reading, *never):
            writer.transport.abort()
        await until(lambda: hub.open == 0)


async def test_what_is_poured_past_the_server_is_whole_and_in_order_and_a_beat_between_it_too() -> None:
    hub, sends = Hub(SystemClock()), list[str]()

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        async def count(told: Any) -> None:
            sends.append(told["type"])
            await send(told)

        await hub(scope, receive, count)

    now = SystemClock().now_ms() + 3_600_000
    async with served(counted) as port, httpx.AsyncClient(trust_env=False, timeout=60) as client:
        async with client.stream("GET", f"http://127.0.0.1:{port}/stream") as stream:
            lines = stream.aiter_lines()
            assert "retry" in await anext(lines)
            for number in range(40):
                hub.show(Message(number.to_bytes(16), Kind.ALERT, b'{"n":%d}' % number, now))
                if number == 20:
                    hub._spread(list(hub._clients), 0, sse.BEAT)
                    await asyncio.sleep(0)
            got = [line async for line in _until(lines, '{"n":39}') if line.startswith(("data", "id"))]
        assert got[1::2] == [f'data: {{"n":{number}}}' for number in range(40)]
        assert [line.rpartition(".")[2] for line in got[::2]] == [str(number) for number in range(1, 41)]
        assert len(sends) <= 4, "its head, its beginning, the beat: everything else went the short way"
        await until(lambda: hub.open == 0)


async def _until(lines: AsyncIterator[str], wanted: str) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if wanted in line:
            return


@asynccontextmanager
async def served(app: Callable[..., Any]) -> AsyncIterator[int]:
    """`app` behind the node's own server; its port."""

    async def routed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)
            return
        while (told := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{told['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    [port] = free_ports(1)
    running = server(routed, host="127.0.0.1", port=port, tls=None)
    task = asyncio.create_task(running.serve())
    await until(lambda: running.started)
    try:
        yield port
    finally:
        running.should_exit = True
        await task


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    writer.write(b"GET /stream HTTP/1.1\r\nHost: node\r\n\r\n")
    return reader, writer


async def _read_until(reader: asyncio.StreamReader, wanted: bytes) -> None:
    async with asyncio.timeout(60):
        await reader.readuntil(wanted)
