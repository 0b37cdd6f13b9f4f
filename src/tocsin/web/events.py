"""Server-sent events to one page at a time (WHATWG HTML, section 9.2), until the telling ends or the reader has left."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from litestar.types import Receive, Send

HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8")]
BEAT = b":\n\n"
"""Says nothing: it keeps a connection open."""


def event(value: Any, number: str = "") -> bytes:
    """A value as JSON. With `number` it is what a page that comes back names as the last it heard."""
    named = b"retry: 1000\nid: %s\n" % number.encode() if number else b""
    return b"%sdata: %s\n\n" % (named, msgspec.json.encode(value))


async def stream(events: AsyncGenerator[bytes, None], receive: Receive, send: Send) -> None:
    """Tell each. A server that ends cancels this, and nothing of it outlives that."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    both = asyncio.create_task(_tell(events, send)), asyncio.create_task(gone(receive))
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def _tell(events: AsyncGenerator[bytes, None], send: Send) -> None:
    async with contextlib.aclosing(events) as telling:
        async for raw in telling:
            await send({"type": "http.response.body", "body": raw, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def gone(receive: Receive) -> None:
    """Until whoever asked has left: their connection is closed. Nothing else of the request is to come any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
