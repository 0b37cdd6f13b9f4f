"""The room over HTTP, behind a stand-in for the session's door."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, Response

from tests.calls.world import LAWYER, HandClock, room
from tocsin.calls import routes
from tocsin.calls.model import OnDuty
from tocsin.calls.room import Calls
from tocsin.errors import TocsinError
from tocsin.web import refusals


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def calls() -> Calls:
    return room(HandClock())


@pytest.fixture
async def client(calls: Calls) -> AsyncIterator[httpx.AsyncClient]:
    def door(_: Any) -> OnDuty:
        return LAWYER

    def refused(_: Any, error: TocsinError) -> Response[bytes]:
        return Response(refusals.body_of(error, "x"), status_code=error.status, media_type="application/json")

    handlers = routes.routes(calls, door, {"en": {"strings": {}}})
    application = Litestar(handlers, exception_handlers={TocsinError: refused}, openapi_config=None)
    transport = httpx.ASGITransport(application)  # type: ignore[arg-type]  # litestar's types are narrower
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as made:
        yield made
