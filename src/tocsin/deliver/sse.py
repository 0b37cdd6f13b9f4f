"""The live page's stream: server-sent events from memory to everybody at once, by raw ASGI.

Each frame is made once and handed to every client. A client's buffer is its connection's, and nothing is added to it while it is
full: a client that does not read keeps a number, costs nobody anything, and is let go by the server's own deadline
(`web.server.DRAIN_SECONDS`) or, when it reads again and fell behind by more than `MOST_BEHIND` frames, ends and resumes.

A stream begins with everything that has not ended, or with what came after `Last-Event-ID`. Everybody gets everything: what of it
matters near them is decided on the phone. Nothing is kept about a client but its place in the stream.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable
from types import coroutine
from typing import Any

from litestar.types import Receive, Scope, Send

from tocsin.clock import Clock
from tocsin.deliver.channel import Turn
from tocsin.deliver.model import Message

MOST_CLIENTS = 20_000
MOST_BEHIND = 64
MOST_KEPT = 512
SLICE = 250
"""Clients served in one turn of the event loop: seconds of a recording that arrive meanwhile wait for so many, not for all."""
BEAT_S = 20.0
BEAT = b":\n\n"
BOOT_BYTES = 6
RETRY_MS = 3_000

HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
FULL = b'{"code":"streams_full","message":"Too many pages are open. This one asks again by itself."}'


Pour = Callable[[bytes], bool]
POUR = "tocsin.pour"


def _takes_nothing(_: bytes) -> bool:
    return False


class _Client:
    """One open stream: the last frame it was given, and whether a send of it waits for the network. `pour`: the server's short way for
    what is the same for all (`web.server`), or one that takes nothing.
    """

    __slots__ = ("at", "is_busy", "is_over", "pour", "send")

    def __init__(self, send: Send, at: int, pour: Pour) -> None:
        self.send = send
        self.pour = pour
        self.at = at
        self.is_busy = True
        self.is_over = False


class Hub:
    """Shows messages to every open page. Use it in one event loop. As a channel its name is `page`."""

    name = "page"

    def __init__(self, clock: Clock, most_clients: int = MOST_CLIENTS) -> None:
        self._clock = clock
        self._most = most_clients
        self._boot = clock.random_bytes(BOOT_BYTES).hex()
        self._count = 0
        self._recent: deque[bytes] = deque(maxlen=MOST_BEHIND)
        self._chunk = b""
        self._kept: dict[bytes, tuple[int, int, bytes]] = {}
        self._clients: set[_Client] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many pages are open. A figure for the node itself, never public."""
        return len(self._clients)

    @property
    def place(self) -> str:
        """The id of the newest event: a page rendered now resumes from it."""
        return f"{self._boot}.{self._count}"

    async def send(self, message: Message, turn: Turn) -> None:  # noqa: ARG002  a channel's signature; nothing is left to go on with
        """Show it to every open page (`channel.Channel`)."""
        self.show(message)

    def show(self, message: Message) -> None:
        """Give it to everybody who is connected, and to who comes before it ends. A message shown before is not shown again."""
        if message.id in self._kept or message.ends_ms <= self._clock.now_ms():
            return
        self._forget_ended()
        self._count += 1
        frame = _frame(self.place, str(message.kind), message.body)
        self._recent.append(frame)
        self._chunk = b"%x\r\n%b\r\n" % (len(frame), frame)
        self._kept[message.id] = (self._count, message.ends_ms, frame)
        self._spread(list(self._clients), 0)

    def forget(self, message_id: bytes) -> None:
        """Show it to nobody who comes from now on; who has it keeps it until it is cancelled or ends."""
        self._kept.pop(message_id, None)

    async def beat(self) -> None:
        """Every `BEAT_S`: a comment to everybody, so that no proxy takes silence for an end. For ever; cancel to stop."""
        while True:
            await asyncio.sleep(BEAT_S)
            self._forget_ended()
            self._spread([client for client in self._clients if not client.is_busy], 0, BEAT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET`: the stream, until the client goes or has fallen too far behind."""
        if len(self._clients) >= self._most:
            await _refuse(send)
            return
        client = _Client(send, self._count, _pour_of(scope))
        backlog = b"".join(self._since(_last_seen(scope)))
        self._clients.add(client)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._give(client, b"retry: %d\n\n" % RETRY_MS + backlog)
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            client.is_over = True
            self._clients.discard(client)

    def _since(self, seen: str) -> Iterable[bytes]:
        boot, _, number = seen.partition(".")
        after = int(number) if boot == self._boot and number.isdigit() and len(number) < 12 else 0
        self._forget_ended()
        return (frame for at, _, frame in sorted(self._kept.values()) if at > after)

    def _spread(self, clients: list[_Client], start: int, beat: bytes = b"") -> None:
        for client in clients[start : start + SLICE]:
            self._push(client, beat)
        if start + SLICE < len(clients):
            asyncio.get_running_loop().call_soon(self._spread, clients, start + SLICE, beat)

    def _push(self, client: _Client, beat: bytes) -> None:
        if client.is_busy or client.is_over or (client.at == self._count and not beat):
            return
        if not beat and client.at == self._count - 1 and client.pour(self._chunk):
            client.at = self._count
            return
        client.is_busy = True
        begun = self._give(client, beat)
        try:
            waits_for = begun.send(None)
        except StopIteration:
            return
        task = asyncio.get_running_loop().create_task(_go_on(begun, waits_for))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _give(self, client: _Client, first: bytes = b"") -> None:
        """Send what a client lacks, until it lacks nothing. Ends the stream of one that fell too far behind."""
        while first or (client.at < self._count and not client.is_over):
            behind = self._count - client.at
            is_lost = behind > len(self._recent)
            piece = first + b"".join(list(self._recent)[-behind:] if 0 < behind and not is_lost else ())
            client.at, first = self._count, b""
            client.is_over = client.is_over or is_lost
            await client.send({"type": "http.response.body", "body": piece, "more_body": not is_lost})
        client.is_busy = False

    def _forget_ended(self) -> None:
        now = self._clock.now_ms()
        for ended in [one for one, (_, ends_ms, _) in self._kept.items() if ends_ms <= now]:
            del self._kept[ended]
        for oldest in list(self._kept)[: max(0, len(self._kept) - MOST_KEPT)]:
            del self._kept[oldest]


@coroutine
def _go_on(begun: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that was begun by hand.

    Nearly every send ends at once; a task for each of 10,000 clients would take longer than the sends.
    """
    while True:
        yield waits_for
        try:
            waits_for = begun.send(None)
        except StopIteration:
            return


def _pour_of(scope: Scope) -> Pour:
    offered: dict[str, Any] = scope.get("extensions") or {}
    found: Pour = offered.get(POUR, {}).get("pour", _takes_nothing)
    return found


def _frame(place: str, kind: str, body: bytes) -> bytes:
    return f"id: {place}\nevent: {kind}\ndata: ".encode() + body + b"\n\n"


def _last_seen(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"last-event-id":
            return value.decode("latin-1")
    return ""


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(FULL)).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": [*headers, (b"retry-after", b"30")]})
    await send({"type": "http.response.body", "body": FULL, "more_body": False})
