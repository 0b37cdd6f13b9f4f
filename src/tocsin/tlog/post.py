"""One bounded request to somebody else's server: witnesses and timestamp authorities may answer anything, for as long as
they like.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

import httpx


class Posted(NamedTuple):
    """What came back."""

    status: int
    kind: str
    """Content type, as sent."""
    body: bytes


class AnswerTooLong(httpx.HTTPError):
    """More than was asked for; treated like no answer."""


async def post(
    client: httpx.AsyncClient, url: str, content: bytes, most_bytes: int, headers: Mapping[str, str] | None = None
) -> Posted:
    """POST `content`, read at most `most_bytes`. Raises `httpx.HTTPError`; time is the caller's to bound."""
    return await _exchange(client.stream("POST", url, content=content, headers=headers), most_bytes)


async def get(client: httpx.AsyncClient, url: str, most_bytes: int) -> Posted:
    """GET, as `post`."""
    return await _exchange(client.stream("GET", url), most_bytes)


async def _exchange(exchange: AbstractAsyncContextManager[httpx.Response], most_bytes: int) -> Posted:
    async with exchange as response:
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > most_bytes:
                raise AnswerTooLong("answer too long")
        return Posted(response.status_code, response.headers.get("content-type", ""), bytes(body))
