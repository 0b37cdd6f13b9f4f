"""What a refused request brought is gone with its answer, not at the next collection."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.types import ASGIApp, Message

from tocsin.app import application
from tocsin.ids import b64
from tocsin.node import Node

pytestmark = pytest.mark.anyio


class Headers(list[tuple[bytes, bytes]]):
    """Headers of a request that can be watched."""


class Asked(dict[str, Any]):
    """A request that can be watched."""


@pytest.fixture
def database() -> str:
    """SQLite alone: nothing here reaches a row."""
    return ""


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.collect()


NOBODY = b64(bytes(16))
REFUSED = [
    ("PUT", f"/encounters/{NOBODY}/chunks/0", 403),
    ("PUT", f"/encounters/{NOBODY}/chunks/x", 404),
    ("POST", "/encounters", 400),
    ("POST", "/recover", 403),
    ("GET", f"/encounters/{NOBODY}/state", 403),
    ("POST", f"/encounters/{NOBODY}/erase", 403),
    ("GET", "/nowhere", 404),
    ("DELETE", "/recover", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), REFUSED)
async def test_nothing_of_a_refused_request_outlives_its_answer(
    node: Node, no_collection: None, method: str, path: str, status: int
) -> None:
    app = application(node)
    await _ask(app, method, path, status)  # what is made once is made now
    watched = await _ask(app, method, path, status)
    await asyncio.sleep(0)
    assert [name for name, one in watched.items() if one() is not None] == []


@pytest.mark.parametrize(("method", "path"), [("PUT", f"/encounters/{NOBODY}/chunks/0"), ("POST", "/encounters")])
async def test_nothing_of_a_request_that_was_broken_off_outlives_it(
    node: Node, no_collection: None, method: str, path: str
) -> None:
    app = application(node)
    await _ask(app, method, path, 0)
    watched = await _ask(app, method, path, 0)
    await asyncio.sleep(0)
    assert [name for name, one in watched.items() if one() is not None] == []


async def _ask(app: ASGIApp, method: str, path: str, status: int) -> dict[str, weakref.ref[Any]]:
    """Ask once, or break off when `status` is 0; what the request was made of, watched."""
    body = b'{"text": "not what was asked for"}'
    headers = Headers(
        [
            (b"host", b"localhost"),
            (b"authorization", b"Tocsin " + b64(bytes(32)).encode()),
            (b"content-length", str(len(body)).encode()),
        ]
    )
    asked = Asked(
        type="http", asgi={"version": "3.0"}, http_version="1.1", method=method, scheme="http", path=path,
        raw_path=path.encode(), query_string=b"", root_path="", headers=headers, server=("localhost", 80), client=None, state={},
    )  # fmt: skip
    seen: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False} if status else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.append(message["status"])

    await app(asked, receive, send)  # type: ignore[arg-type]  # a scope is a dict of just these
    assert not status or seen == [status]
    return {"headers": weakref.ref(headers), "request": weakref.ref(asked), "body": weakref.ref(receive)}
