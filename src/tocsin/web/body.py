"""Read a request's body whole, but never more than asked for and never slower than it may come.

A body has an absolute deadline of `GRACE_SECONDS` plus its length at `LEAST_BYTES_PER_SECOND`: one byte a second keeps nobody
waiting, and a weak phone on a bad network still gets through.
"""

import asyncio

from litestar.types import Receive, Scope

from tocsin.web.refusals import BodyTooLarge, LengthMissing, RequestMalformed, TooSlow

GRACE_SECONDS = 15.0
LEAST_BYTES_PER_SECOND = 1024


class Disconnected(Exception):
    """The other side went away; there is nobody to answer."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body. Raises `LengthMissing`, `BodyTooLarge` before reading it, `TooSlow`, `RequestMalformed`, `Disconnected`."""
    length = _length(scope)
    if length > limit:
        raise BodyTooLarge
    try:
        async with asyncio.timeout(GRACE_SECONDS + length / LEAST_BYTES_PER_SECOND):
            return await _whole(receive, length)
    except TimeoutError as error:
        raise TooSlow from error


def _length(scope: Scope) -> int:
    found = [value for name, value in scope["headers"] if name == b"content-length"]
    if len(found) != 1:
        raise LengthMissing
    if not found[0].isdigit() or len(found[0]) > 15:
        raise RequestMalformed
    return int(found[0])


async def _whole(receive: Receive, length: int) -> bytes:
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
    if size != length:
        raise RequestMalformed
    return parts[0] if len(parts) == 1 else b"".join(parts)
