"""A real node with a passport, on SQLite and on PostgreSQL, its clock movable, its beat struck by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response

from tests.encounters.conftest import settings_in
from tests.passport.member import Phone
from tocsin import new_keys
from tocsin.at_passport import keys_answer, passport_of
from tocsin.clock import SystemClock
from tocsin.encounters import start
from tocsin.errors import TocsinError
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.own_keys import PUBLISHED
from tocsin.passport.keep import keep
from tocsin.passport.room import Passport
from tocsin.passport.routes import routes
from tocsin.tlog.token_keys import EPOCH_S

MIDWEEK_MS = (2970 * EPOCH_S + 2 * 24 * 3600) * 1000
COHORTS = 2


@dataclass
class MovableClock(SystemClock):
    ms: int = MIDWEEK_MS

    def now_ms(self) -> int:
        return self.ms


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def node(tmp_path: Path, database: str, clock: MovableClock) -> AsyncIterator[Node]:
    node = open_node(tmp_path, database, clock)
    await start.start(node.encounters)
    yield node
    await node.end()


def open_node(folder: Path, database: str, clock: MovableClock) -> Node:
    if not (folder / "node" / PUBLISHED).exists():
        new_keys.make(settings_in(folder), None, clock)
    return Node.open(settings_in(folder, database), load.load("minneapolis-sample"), clock)


def room_of(node: Node) -> Passport:
    """The room as the composition root makes it, with two cohorts, of however few people."""
    passport = passport_of(node)
    passport.cohorts, passport.least = COHORTS, 0
    return passport


async def beat(node: Node) -> None:
    await node.beat(max(node.clock.now_ms() // 60_000 * 60, node.encounters.newest_beat + 60))


@pytest.fixture
async def passport(node: Node) -> Passport:
    """With keys that stand in the log."""
    passport = room_of(node)
    await keep(passport)
    await beat(node)
    await keep(passport)
    return passport


Post = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class Refused(Exception):
    """What the node answered instead."""


@pytest.fixture
async def post(passport: Passport, node: Node) -> AsyncIterator[Post]:
    """The room's own addresses over HTTP's messages, without a socket."""

    def refused(_: Request[Any, Any, Any], error: TocsinError) -> Response[dict[str, str]]:
        return Response({"code": error.code}, status_code=error.status)

    handlers = routes(passport, lambda: keys_answer(node, passport))
    application = Litestar(handlers, exception_handlers={TocsinError: refused}, openapi_config=None)
    transport = httpx.ASGITransport(application)  # type: ignore[arg-type]  # two spellings of one protocol
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:

        async def ask(address: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post(address, json=body)
            told: dict[str, Any] = answer.json()
            if not answer.is_success:
                raise Refused(told["code"])
            return told

        yield ask


@pytest.fixture
def phone(post: Post, passport: Passport) -> Callable[[], Phone]:
    return lambda: Phone(post, passport)
