"""The room over SQLite and over PostgreSQL, with a push service of its own on the loopback."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Response

from tests.deliver.conftest import MovableClock
from tests.deliver.services import Service, serving
from tocsin.circle import routes
from tocsin.circle.room import Circles
from tocsin.deliver.endpoint import Allowed
from tocsin.deliver.vapid import Vapid
from tocsin.deliver.webpush import Quota, Sender
from tocsin.errors import TocsinError
from tocsin.store.db import Database
from tocsin.web import refusals

Ask = Callable[..., Any]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def tables(database: str, tmp_path: Path) -> Iterator[Database]:
    """The node's tables, empty, on each database."""
    with closing(Database.open(database or f"sqlite:///{tmp_path / 'node.db'}")) as opened:
        opened.migrate()
        yield opened


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serving() as found:
        yield found


def opened(tables: Database, clock: MovableClock, *origins: str) -> Circles:
    """The room as a fresh process has it."""
    vapid = Vapid(lambda: b"v" * 32, "mailto:op@city.example", clock)
    sender = Sender(vapid, Allowed(origins), clock)
    return Circles(tables, clock, sender, Quota(clock, 30_000), Quota(clock, 10_000))


@pytest.fixture
async def circles(tables: Database, clock: MovableClock, service: Service) -> AsyncIterator[Circles]:
    made = opened(tables, clock, service.origin)
    yield made
    made.sender.close()


@pytest.fixture
async def client(circles: Circles) -> AsyncIterator[httpx.AsyncClient]:
    def refused(_: Any, error: TocsinError) -> Response[bytes]:
        own = {name.decode(): value.decode() for name, value in refusals.headers_of(error)}
        raw = refusals.body_of(error, "x")
        return Response(raw, status_code=error.status, media_type="application/json", headers=own)

    application = Litestar(routes.acts(circles), exception_handlers={TocsinError: refused}, openapi_config=None)
    transport = httpx.ASGITransport(application)  # type: ignore[arg-type]  # litestar's types are narrower
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as made:
        yield made


async def ask(client: httpx.AsyncClient, act: str, body: Any, status: int = 200) -> Any:
    """What the node answers; `wait`: for how many seconds it does not want to be asked again."""
    content = msgspec.json.encode(body)
    answer = await client.post(f"/circle/{act}", content=content, headers={"content-length": str(len(content))})
    assert answer.status_code == status, answer.text
    waits = {"wait": int(answer.headers["retry-after"])} if "retry-after" in answer.headers else {}
    return {**answer.json(), **waits}
