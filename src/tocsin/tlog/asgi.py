"""The little ASGI that the separate small processes (witness, sample TSA) need: whole bodies in, whole answers out,
nothing kept of callers.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

MOST_BODY_BYTES = 64 * 1024  # a checkpoint with sixteen post-quantum lines is 55 KiB
BODY_SECONDS = 5.0  # a request is one packet or few; slower ones are held open to harm
TEXT = "text/plain; charset=utf-8"


class Reply(NamedTuple):
    """An HTTP answer."""

    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


Answer: TypeAlias = Callable[[str, str, bytes], Reply]
"""Method, path and body to an answer. Called in a thread: it may sign and sync."""

NOTHING = Reply(404, TEXT, b"Nothing is here.\n")
REFUSED = Reply(413, TEXT, b"The request is too long or too slow.\n")


class BodyRefused(Exception):
    """Too long, or broken off."""


async def serve(answer: Answer, scope: Message, receive: Receive, send: Send) -> None:
    """One ASGI call."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http":
        try:
            body = await _read(receive)
        except (BodyRefused, TimeoutError):
            await _send(send, REFUSED)
        else:
            await _send(send, await asyncio.to_thread(answer, scope["method"], scope["path"], body))


async def _read(receive: Receive) -> bytes:
    """The whole body. Raises `BodyRefused` beyond the limit and `TimeoutError` when it dribbles."""
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BodyRefused
            body += message.get("body", b"")
            if len(body) > MOST_BODY_BYTES:
                raise BodyRefused
            if not message.get("more_body"):
                return bytes(body)


async def _send(send: Send, reply: Reply) -> None:
    headers = [
        (b"content-type", reply.kind.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
