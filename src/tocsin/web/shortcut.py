"""A second's way past ASGI: its body is taken whole before anybody is asked, and its answer leaves in one write.

ASGI carries a request in messages and an answer in two, and each is made, awaited and looked at; for a second that was a seventh of
its processor time. Only the usual request goes this way: kept alive, its length said and within the limit, soon here. Every other one
goes through uvicorn and ASGI as everything does, and both give the same answer byte for byte (`tests/web/test_shortcut.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from tocsin.errors import TocsinError
from tocsin.web import refusals
from tocsin.web.headers import Kind, Site, bare_host, line_block, refusal

Headers = Sequence[tuple[bytes, bytes]]
TEXT = b"text/plain; charset=utf-8"
_UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
_LONGEST_LENGTH = 7
"""Digits of a length; more would be above every limit."""


@dataclass(frozen=True)
class Shortcut:
    """What goes past ASGI, and who answers it."""

    is_for: Callable[[str], bool]
    """Whether a path, as it was sent, is one of those."""
    limit: int
    """Bytes of a body at most."""
    take: Callable[[str, Headers, bytes], Awaitable[bytes]]
    """The text of the answer for a path, headers and body; raises to refuse."""
    refused: Callable[[Exception], tuple[TocsinError, str]]
    """What to say of an error, and under which id."""
    site: Site

    def fits(self, method: bytes, url: bytes, headers: Headers) -> bool:
        """Whether this is the usual request. One that will be refused for its host or its origin is not."""
        if method != b"PUT" or not self.is_for(url.decode("latin-1")):
            return False
        length, count, host, fetched_by = b"", 0, b"", b""
        for name, value in headers:
            if name == b"content-length":
                length, count = value, count + 1
            elif name == b"host":
                host = host or value
            elif name == b"sec-fetch-site":
                fetched_by = fetched_by or value
            elif name in _UNUSUAL:
                return False
        is_sized = count == 1 and length.isdigit() and len(length) <= _LONGEST_LENGTH and 0 < int(length) <= self.limit
        return is_sized and not refusal("PUT", _bare(host), fetched_by.decode("latin-1"), self.site)

    async def answer(self, url: bytes, headers: Headers, body: bytes) -> tuple[bytes, bytes]:
        """The answer in the two parts between which a connection that ends after it says so."""
        is_onion = _bare(next((value for name, value in headers if name == b"host"), b"")).endswith(".onion")
        try:
            text = await self.take(url.decode("latin-1"), headers, body)
        except Exception as error:  # noqa: BLE001  whatever broke has its answer
            told, error_id = self.refused(error)
            text = refusals.body_of(told, error_id)
            more = b"".join(b"%b: %b\r\n" % header for header in refusals.headers_of(told))
            return _head(self.site, told.status, refusals.JSON, len(text), more, is_onion=is_onion), text
        return _head(self.site, 200, TEXT, len(text), b"", is_onion=is_onion), text


class Taken:
    """Stands where uvicorn has a request and its answer under way: as much of one as its protocol looks at."""

    message_event = asyncio.Event()
    """Nobody waits for it."""

    def __init__(self, url: bytes, headers: Headers, scope: Any) -> None:
        self.url, self.headers, self.scope = url, headers, scope
        self.parts: list[bytes] = []
        self.response_complete = self.disconnected = False
        self.keep_alive = True

    def given_up(self) -> tuple[bytes, Headers, bytes]:
        """Address, headers and all that came of the body; nothing of it is kept here, for a connection may be silent afterwards."""
        parts, self.parts = self.parts, []
        url, self.url = self.url, b""
        headers, self.headers = self.headers, []
        return url, headers, parts[0] if len(parts) == 1 else b"".join(parts)


@lru_cache(maxsize=64)
def _head(site: Site, status: int, kind: bytes, length: int, more: bytes, *, is_onion: bool) -> bytes:
    """Everything before the end of an answer's head. Nothing in it is of the request; receipts have few lengths."""
    own = b"content-type: %b\r\ncontent-length: %d\r\n%b" % (kind, length, more)
    return STATUS_LINE[status] + own + line_block(Kind.MACHINE, site, ".onion" if is_onion else "")


def _bare(host: bytes) -> str:
    return bare_host(host.decode("latin-1"))
