"""Read a request's body whole, but never more than asked for and never slower than it may come.

A body may go on for `GRACE_SECONDS` more than what has come of it takes at `LEAST_BYTES_PER_SECOND`: one byte a second is let go after
fifteen, whatever length was claimed, and a weak phone on a bad network still gets through.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec
from litestar.types import Receive, Scope

from tocsin.errors import TocsinError
from tocsin.web.refusals import BodyTooLarge, LengthMissing, RequestMalformed, TooSlow

GRACE_SECONDS = 15.0
LEAST_BYTES_PER_SECOND = 1024

T = TypeVar("T")


class Disconnected(Exception):
    """The other side went away; there is nobody to answer."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body. Raises `LengthMissing`, `BodyTooLarge` before reading it, `TooSlow`, `RequestMalformed`, `Disconnected`."""
    length = _length(scope)
    if length > limit:
        raise BodyTooLarge
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(began + GRACE_SECONDS) as deadline:
            return await _whole(receive, length, lambda size: deadline.reschedule(allowed_until(began, size)))
    except TimeoutError as error:
        raise TooSlow from error


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


async def _whole(receive: Receive, length: int, has_come: Callable[[int], None]) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        if message["type"] == "http.request":
            body = message.get("body", b"")
            size += len(body)
            if size > length:
                raise RequestMalformed
            parts.append(body)
            if not message.get("more_body", False):
                break
            has_come(size)
    if size != length:
        raise RequestMalformed
    return parts[0] if len(parts) == 1 else b"".join(parts)
