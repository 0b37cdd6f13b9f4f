"""Read a request's body whole, but never more than asked for and never slower than it may come.

A body may go on for `GRACE_SECONDS` more than what has come of it takes at `LEAST_BYTES_PER_SECOND`: one byte a second is let go after
fifteen, whatever length was claimed, and a weak phone on a bad network still gets through.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import msgspec
from litestar.types import Receive, Scope

from tocsin.errors import TocsinError
from tocsin.web.refusals import BodyTooLarge, LengthMissing, RequestMalformed, TooSlow

GRACE_SECONDS = 15.0
LEAST_BYTES_PER_SECOND = 1024
FRAME_HEAD = 4

T = TypeVar("T")


class Disconnected(Exception):
    """The other side went away; there is nobody to answer."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body. Raises `LengthMissing`, `BodyTooLarge` before reading it, `TooSlow`, `RequestMalformed`, `Disconnected`."""
    parts = [part async for part in _parts(scope, receive, limit)]
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def framed(scope: Scope, receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """The pieces of a body, each of which stands behind its length (u32), as soon as each is here whole. Never more than the body's
    limit is held. Raises what `read_body` raises; a body that ends within a piece is `RequestMalformed`.
    """
    come = bytearray()
    async for part in _parts(scope, receive, limit):
        come += part
        while len(come) >= FRAME_HEAD and len(come) >= (end := FRAME_HEAD + int.from_bytes(come[:FRAME_HEAD])):
            piece = bytes(come[FRAME_HEAD:end])
            del come[:end]
            yield piece
    if come:
        raise RequestMalformed


async def read_json(scope: Scope, receive: Receive, shape: type[T], limit: int, wrong: type[TocsinError]) -> T:
    """The body as a closed shape. Raises `wrong` for what is none, and what `read_body` raises."""
    raw = await read_body(scope, receive, limit)
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise wrong from error


def allowed_until(began: float, size: int) -> float:
    """Until when a body that began at `began` may go on, of which `size` bytes have come; in the loop's time."""
    return began + GRACE_SECONDS + size / LEAST_BYTES_PER_SECOND


def _length(scope: Scope) -> int:
    found = [value for name, value in scope["headers"] if name == b"content-length"]
    if len(found) != 1:
        raise LengthMissing
    if not found[0].isdigit() or len(found[0]) > 15:
        raise RequestMalformed
    return int(found[0])


async def _parts(scope: Scope, receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes. The deadline is of the whole of it, whatever is done with a part before the next is asked for."""
    length = _length(scope)
    if length > limit:
        raise BodyTooLarge
    began, size, is_more = asyncio.get_running_loop().time(), 0, True
    while is_more:
        try:
            async with asyncio.timeout_at(allowed_until(began, size)):
                message = await receive()
        except TimeoutError as error:
            raise TooSlow from error
        if message["type"] == "http.disconnect":
            raise Disconnected
        if message["type"] != "http.request":
            continue
        body, is_more = message.get("body", b""), message.get("more_body", False)
        size += len(body)
        if size > length:
            raise RequestMalformed
        yield body
    if size != length:
        raise RequestMalformed
