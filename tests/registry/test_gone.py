"""Who asked and went away gives up the turn; over real connections too, and no turn is lost by it."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import Connection

from tests.serving import free_ports
from tests.waiting import wait_until
from tests.web.sample import page_config, small_build
from tocsin.registry import routes
from tocsin.registry.room import AT_ONCE, WAITING, ReaderGone, Registry
from tocsin.web import pages
from tocsin.web.server import server

PATIENCE_S = 60.0
ASKED = b"GET /en/registry HTTP/1.1\r\nHost: node.example\r\nAccept: text/html\r\n\r\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def registry(copied: Callable[[str], Registry]) -> Registry:
    return copied("node")


class Asker:
    """Whoever asks, as a server tells of them."""

    def __init__(self) -> None:
        self.has_left = asyncio.Event()
        self._told = False

    async def receive(self) -> Any:
        """An empty body first, as of every GET."""
        if not self._told:
            self._told = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.has_left.wait()
        return {"type": "http.disconnect"}


def drawn(_: Connection) -> bool:
    return True


@pytest.mark.anyio
async def test_who_goes_away_is_taken_out_of_the_line_and_no_turn_is_lost(registry: Registry) -> None:
    door, looked_at = threading.Event(), list[int]()

    def held(_: Connection) -> bool:
        return door.wait(PATIENCE_S)

    inside = [asyncio.create_task(registry.read(Asker().receive, held)) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    askers = [Asker() for _ in range(WAITING)]
    line = [
        asyncio.create_task(registry.read(one.receive, lambda _, at=at: looked_at.append(at)))  # type: ignore[misc]
        for at, one in enumerate(askers)
    ]
    await asyncio.sleep(0)
    for one in askers[1:]:
        one.has_left.set()
    gone = await asyncio.gather(*line[1:], return_exceptions=True)
    assert {type(one) for one in gone} == {ReaderGone}
    later = [asyncio.create_task(registry.read(Asker().receive, drawn)) for _ in range(WAITING - 1)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in later), "they wait, and are not sent away"
    door.set()
    assert all(await asyncio.gather(*inside, *later))
    await line[0]
    assert looked_at == [0], "nothing was asked of the database for those who went"
    assert await asyncio.gather(*(registry.read(Asker().receive, drawn) for _ in range(9))) == [True] * 9


@pytest.mark.anyio
async def test_who_goes_as_the_turn_comes_or_is_cut_off_passes_it_on(registry: Registry) -> None:
    for _ in range(AT_ONCE + 1):
        door = threading.Event()

        def held(_: Connection, door: threading.Event = door) -> bool:
            return door.wait(PATIENCE_S)

        inside = [asyncio.create_task(registry.read(Asker().receive, held)) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        asker = Asker()
        both = [asyncio.create_task(registry.read(one.receive, drawn)) for one in (asker, Asker())]
        await asyncio.sleep(0)
        door.set()
        await asyncio.wait(inside, return_when=asyncio.FIRST_COMPLETED)
        asker.has_left.set()
        both[1].cancel()
        await asyncio.gather(*inside, *both, return_exceptions=True)
    assert await asyncio.gather(*(registry.read(Asker().receive, drawn) for _ in range(9))) == [True] * 9


class Served(NamedTuple):
    port: int
    waiting: Any


@pytest.fixture
def served(registry: Registry) -> Iterator[Served]:
    config = page_config(small_build())
    handlers = [*pages.routes(config), *routes.routes(registry, config)]
    app = Litestar(handlers, exception_handlers={**pages.failures(config)}, openapi_config=None)
    [port] = free_ports(1)
    running = server(app, host="127.0.0.1", port=port, tls=None)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        wait_until(lambda: running.started, PATIENCE_S)
        yield Served(port, lambda: registry._line.waiting)
    finally:
        running.should_exit = True
        thread.join()


@pytest.mark.parametrize("hurry", [b"", ASKED, ASKED * 2, b"POST /x HTTP/1.1\r\nHost: node.example\r\nContent-Le"])
def test_a_closed_connection_leaves_the_line(
    served: Served, registry: Registry, monkeypatch: pytest.MonkeyPatch, hurry: bytes
) -> None:
    """A hundred who went away within a moment, and the next reader is answered and not told to come back.

    Also where they asked for more before the first was answered: the server reads nothing further of these.
    """
    door, inside = threading.Event(), threading.Semaphore(0)
    read = registry.database.read

    async def slowly(question: Any) -> Any:
        def asked(connection: Connection) -> Any:
            inside.release()
            assert door.wait(PATIENCE_S)
            return question(connection)

        return await read(asked)

    monkeypatch.setattr(registry.database, "read", slowly)
    with ExitStack() as open_:
        asking = [open_.enter_context(ask(served.port)) for _ in range(AT_ONCE + WAITING)]
        assert all(inside.acquire(timeout=PATIENCE_S) for _ in range(AT_ONCE))
        wait_until(lambda: served.waiting() == WAITING, PATIENCE_S)
        url = f"http://127.0.0.1:{served.port}/en/registry"
        assert httpx.get(url, headers={"accept": "text/html"}, timeout=PATIENCE_S).status_code == 503
        for at, one in enumerate(asking):
            one.sendall(hurry)
            if at % 2:  # cut off, and not closed
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
        wait_until(lambda: served.waiting() == 0, PATIENCE_S)
        door.set()
        assert httpx.get(url, headers={"accept": "text/html"}, timeout=PATIENCE_S).status_code == 200


def ask(port: int) -> socket.socket:
    asking = socket.create_connection(("127.0.0.1", port))
    asking.sendall(ASKED)
    return asking
