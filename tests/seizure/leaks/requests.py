"""Where planted leaks get at requests: around the whole application, and around what goes past ASGI."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

from tocsin import app, seconds, serving
from tocsin.node import Node
from tocsin.web.headers import Site
from tocsin.web.shortcut import Headers, Shortcut


class Request(NamedTuple):
    """One request as a careless program sees it. `body` is what came of it, known when it is over."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


READ_EARLY = ("/recover",)
"""Where the product refuses before it reads a body; a careless program would have read it."""
_watchers: list[Callable[[Request], None]] = []


def watch(watcher: Callable[[Request], None]) -> None:
    """Call `watcher` with each finished request."""
    if not _watchers:
        _wrap()
    _watchers.append(watcher)


def _wrap() -> None:
    made = app.application

    def application(node: Node) -> Any:
        inner = made(node)

        async def outer(scope: Any, receive: Any, send: Any) -> None:
            parts: list[bytes] = []

            early = [await receive()] if scope["type"] == "http" and scope["path"] in READ_EARLY else []

            async def taken() -> Any:
                message = early.pop() if early else await receive()
                parts.append(message.get("body", b""))
                return message

            parts += [message.get("body", b"") for message in early]
            await inner(scope, taken, send)
            if scope["type"] == "http":
                query = scope["query_string"].decode()
                _tell(Request(scope["method"], scope["path"], query, _read(scope["headers"]), b"".join(parts)))

        return outer

    def shortcut(node: Node, site: Site) -> Shortcut:
        whole = seconds.shortcut(node, site)

        async def take(path: str, headers: Headers, body: bytes) -> bytes:
            try:
                return await whole.take(path, headers, body)
            finally:
                _tell(Request("PUT", path, "", _read(headers), body))

        return dataclasses.replace(whole, take=take)

    serving.application = application  # type: ignore[attr-defined]
    serving.shortcut = shortcut  # type: ignore[attr-defined]


def _read(headers: Headers) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in headers}


def _tell(request: Request) -> None:
    for watcher in _watchers:
        watcher(request)
