"""Where planted leaks get at requests: around the whole application."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tocsin import app, serving
from tocsin.node import Node


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
                headers = {name.decode(): value.decode() for name, value in scope["headers"]}
                request = Request(
                    scope["method"], scope["path"], scope["query_string"].decode(), headers, b"".join(parts)
                )
                for watcher in _watchers:
                    watcher(request)

        return outer

    serving.application = application  # type: ignore[attr-defined]
