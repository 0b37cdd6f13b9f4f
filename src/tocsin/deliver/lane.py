"""One push service: its connections, its queue, how fast it wants to be asked.

HTTP/1.1 that does what a sender needs and no more: no task and no object a message but its bytes and whom to tell. The general clients
measured here spend ten times as long on a request as on encrypting it.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

import httptools

from tocsin.deliver.endpoint import Allowed, EndpointWrong

MOST_CONNECTIONS = 32
ANSWER_S = 20.0
CONNECT_S = 10.0
IDLE_S = 60.0
LOOK_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
GROW_AFTER = 50
"""Answers in order for one more connection, after a service had asked for less."""


class Answer(Enum):
    """What became of a message."""

    TAKEN = auto()
    GONE = auto()
    """404 or 410: the browser has let go of this endpoint."""
    SLOW = auto()
    """429, or 503 with a time: not now."""
    FAILED = auto()
    """No answer, or one that says the service is broken. Perhaps later."""
    REFUSED = auto()
    """The service does not want this message: asking again would not help."""


Told = Callable[[Answer], None]


class Lane:
    """Requests to one origin. Used in one event loop; `close` it."""

    def __init__(self, origin: str, allowed: Allowed, tls: ssl.SSLContext | None, most: int = MOST_CONNECTIONS) -> None:
        self.origin = origin
        self._allowed = allowed
        self._tls = tls if origin.startswith("https://") else None
        self._most = self._now_most = most
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[bytes, Told]] = deque()
        self._idle: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._paused_until = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._in_order = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Messages that no connection has yet."""
        return len(self._queue)

    @property
    def pause_s(self) -> float:
        """How long this service is not to be asked; 0 when it may be."""
        return max(0.0, self._paused_until - self._loop.time())

    def push(self, request: bytes, told: Told) -> None:
        """Send when it may be; `told` is called once, from the loop."""
        if self.pause_s:
            self._loop.call_soon(told, Answer.SLOW)
            return
        if self._idle:
            self._idle.pop().ask(request, told)
        else:
            self._queue.append((request, told))
            self._open_more()
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_S, self._look)

    def close(self) -> None:
        """Drop everything; whoever waits is told `FAILED`."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._opening:
            task.cancel()
        for one in list(self._all):
            one.abort()
        self._refuse_all(Answer.FAILED)

    def freed(self, connection: "_Connection") -> None:
        """A connection may ask again."""
        if self._queue and not self.pause_s and len(self._all) <= self._now_most:
            connection.ask(*self._queue.popleft())
        elif len(self._all) > self._now_most:
            connection.abort()
        else:
            self._idle.append(connection)

    def lost(self, connection: "_Connection") -> None:
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._queue:
            self._open_more()

    def answered(self, status: int, after_s: float) -> Answer:
        """What a status means, and what it means for the next."""
        if 200 <= status < 300:
            self._pause_s = FIRST_PAUSE_S
            self._in_order += 1
            if self._in_order % GROW_AFTER == 0:
                self._now_most = min(self._now_most + 1, self._most)
            return Answer.TAKEN
        if status in (404, 410):
            return Answer.GONE
        if status == 429 or (status == 503 and after_s):
            self._slow_down(after_s)
            return Answer.SLOW
        return Answer.FAILED if status >= 500 or status == 408 else Answer.REFUSED

    def _slow_down(self, after_s: float) -> None:
        if not self.pause_s:
            self._now_most = max(1, self._now_most // 2)
            pause = min(max(after_s, self._pause_s), LONGEST_PAUSE_S)
            self._paused_until = self._loop.time() + pause
            self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
            self._in_order = 0
        self._refuse_all(Answer.SLOW)

    def _refuse_all(self, answer: Answer) -> None:
        waiting, self._queue = self._queue, deque()
        for _, told in waiting:
            told(answer)

    def _open_more(self) -> None:
        wanted = min(self._now_most - len(self._all) - len(self._opening), len(self._queue) - len(self._opening))
        for _ in range(wanted):
            task = self._loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                connection = await self._connect()
        except (OSError, TimeoutError, EndpointWrong):
            if not self._all and len(self._opening) <= 1:
                self._paused_until = self._loop.time() + self._pause_s
                self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
                self._refuse_all(Answer.FAILED)
            return
        self._all.add(connection)
        self.freed(connection)

    async def _connect(self) -> "_Connection":
        failed: OSError = OSError("no address")
        host = self.origin.partition("://")[2].rpartition(":")[0] or self.origin.partition("://")[2]
        name = host.strip("[]") if self._tls else None
        for address, port in await self._allowed.addresses(self.origin):
            try:
                _, made = await self._loop.create_connection(
                    lambda: _Connection(self), address, port, ssl=self._tls, server_hostname=name
                )
            except OSError as error:
                failed = error
            else:
                return made
        raise failed

    def _look(self) -> None:
        """Drop what does not answer, and what nobody needs."""
        now = self._loop.time()
        for one in list(self._all):
            if now - one.since > (ANSWER_S if one.is_busy else IDLE_S):
                one.abort()
        busy = bool(self._all or self._queue or self._opening)
        self._timer = self._loop.call_later(LOOK_S, self._look) if busy else None


class _Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request under way."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._told: Told | None = None
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._after_s = 0.0
        self.since = 0.0

    @property
    def is_busy(self) -> bool:
        return self._told is not None

    def ask(self, request: bytes, told: Told) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            told(Answer.FAILED)
            return
        self._told, self._after_s = told, 0.0
        self.since = asyncio.get_running_loop().time()
        transport.write(request)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's
        self.since = asyncio.get_running_loop().time()

    def data_received(self, came: bytes) -> None:
        try:
            self._parser.feed_data(came)
        except httptools.HttpParserError:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        told, self._told, self._transport = self._told, None, None
        self._lane.lost(self)
        if told is not None:
            told(Answer.FAILED)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) < 6:
            self._after_s = float(value)

    def on_message_complete(self) -> None:
        told, self._told = self._told, None
        if told is None:
            self.abort()  # it speaks unasked
            return
        answer = self._lane.answered(self._parser.get_status_code(), self._after_s)
        if self._parser.should_keep_alive():
            self.since = asyncio.get_running_loop().time()
            self._lane.freed(self)
        else:
            self.abort()
        told(answer)
