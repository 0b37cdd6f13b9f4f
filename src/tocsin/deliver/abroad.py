"""Other people's servers: what may be asked of them, and how. An address abroad is a stranger's that the node connects to.

So: https at a public name, every address looked at and connected to as it was looked at (`endpoint`), one answer of bounded size in
bounded time, no redirect followed. `more` are origins in digits that a trial or an operator adds.
"""

import asyncio
import re
import ssl
from collections.abc import Iterable, Mapping
from typing import Any

import httptools
import msgspec

from tocsin.deliver.endpoint import Allowed, EndpointWrong, Resolve

PATIENCE_S = 10.0
MOST_BYTES = 128 * 1024
_ADDRESS = re.compile(r"(https?://[^/?#@\\\s]+)(/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)")
_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*")
"""No name's last part begins with a digit; addresses do, however they are spelled."""


class Abroad(Allowed):
    """Any public server."""

    def __init__(self, more: Iterable[str] = (), resolve: Resolve | None = None) -> None:
        super().__init__(more, resolve)
        self.own = frozenset(more)

    def is_allowed(self, origin: str) -> bool:
        host = origin.removeprefix("https://")
        return origin in self.own or (host != origin and len(host) < 254 and _NAME.fullmatch(host) is not None)

    def split(self, address: str) -> tuple[str, str]:
        """Origin and path. Raises `EndpointWrong`."""
        found = _ADDRESS.fullmatch(address.partition("#")[0])
        if found is None or not self.is_allowed(found[1]):
            raise EndpointWrong
        return found[1], found[2]


class _Answer:
    """What `httptools` reads."""

    def __init__(self) -> None:
        self.body = b""
        self.is_complete = False
        self.parser = httptools.HttpResponseParser(self)

    def on_body(self, came: bytes) -> None:
        self.body += came
        if len(self.body) > MOST_BYTES:
            raise EndpointWrong

    def on_message_complete(self) -> None:
        self.is_complete = True


async def fetch(allowed: Abroad, address: str, headers: Mapping[str, str], tls: ssl.SSLContext) -> dict[str, Any]:
    """A JSON document. Raises `EndpointWrong` for one that is none or too large, `OSError` where nobody answers."""
    origin, path = allowed.split(address)
    head = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Connection": "close"}.items())
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer = await _asked(allowed, origin, f"GET {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1"), tls)
    except (httptools.HttpParserError, TimeoutError) as error:
        raise OSError("no answer") from error
    if not answer.is_complete or answer.parser.get_status_code() != 200:
        raise OSError("no document")
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise EndpointWrong from error


async def _asked(allowed: Abroad, origin: str, request: bytes, tls: ssl.SSLContext) -> _Answer:
    (address, port), *_ = await allowed.addresses(origin)
    is_tls, host = origin.startswith("https://"), origin.partition("://")[2].rpartition(":")[0]
    name = (host or origin.partition("://")[2]).strip("[]")
    opened = asyncio.open_connection(
        address, port, ssl=tls if is_tls else None, server_hostname=name if is_tls else None
    )
    reader, writer = await opened
    answer = _Answer()
    try:
        writer.write(request)
        while not answer.is_complete and (came := await reader.read(16_384)):
            answer.parser.feed_data(came)
    finally:
        writer.close()
    return answer
