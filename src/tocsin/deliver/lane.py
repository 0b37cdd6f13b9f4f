"""One push service: its connections, its queue, how fast it wants to be asked.

HTTP that does what a sender needs and no more: no task and no object a message but its bytes and whom to tell. The general clients
measured here spend ten times as long on a request as on encrypting it. A service that speaks HTTP/2 is sent many messages at once on
one connection (`http2`); one that speaks it wrongly is spoken to in HTTP/1.1 from then on.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

import httptools

from tocsin.deliver.endpoint import Allowed, EndpointWrong
from tocsin.deliver.http2 import Http2Wrong, Post, Session

MOST_CONNECTIONS = 32
MOST_HTTP2 = 2
"""Connections to a service that takes a hundred requests on each."""
ANSWER_S = 20.0
CONNECT_S = 10.0
IDLE_S = 60.0
LOOK_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
MOST_ANSWER = 64 * 1024
"""Bytes of one answer, head and all. The parser keeps a header that does not end and copies it with each read: somebody's server could
have the node do nothing else.
"""
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
Asked = bytes | Post


class Lane:
    """Requests to one origin. Used in one event loop; `close` it."""

    def __init__(
        self,
        origin: str,
        allowed: Allowed,
        tls: ssl.SSLContext | None,
        most: int = MOST_CONNECTIONS,
        http2: ssl.SSLContext | None = None,
    ) -> None:
        """`http2`: a context that offers it too; what is pushed must then be `Post`."""
        self.origin = origin
        self._allowed = allowed
        self._plain_tls = tls if origin.startswith("https://") else None
        self._tls = http2 or self._plain_tls if self._plain_tls else None
        self._most = self._now_most = self._http1_most = most
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[Asked, Told]] = deque()
        self._idle: list[_Connection | _Http2] = []
        self._all: set[_Connection | _Http2] = set()
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

    def push(self, request: Asked, told: Told) -> None:
        """Send when it may be; `told` is called once, from the loop."""
        if self.pause_s:
            self._loop.call_soon(told, Answer.SLOW)
            return
        while self._idle and not self._idle[-1].has_room:
            self._idle.pop()  # it is closing, or takes no more for now
        if self._idle:
            one = self._idle.pop()
            one.ask(request, told)
            if one.has_room:
                self._idle.append(one)
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

    def freed(self, connection: "_Connection | _Http2") -> None:
        """A connection may ask again."""
        while connection.has_room and self._queue and not self.pause_s and len(self._all) <= self._now_most:
            connection.ask(*self._queue.popleft())
        if not connection.has_room or connection in self._idle:
            return
        if len(self._all) > self._now_most and not connection.is_busy:
            connection.abort()
        else:
            self._idle.append(connection)

    def only_http1(self) -> None:
        """What this service speaks as HTTP/2 cannot be read: it is not offered any more."""
        self._tls, self._most = self._plain_tls, self._http1_most

    def lost(self, connection: "_Connection | _Http2") -> None:
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
        if self._tls is not self._plain_tls and not self._all:
            wanted = min(wanted, 1 - len(self._opening))  # the first one tells what this service speaks
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
        if isinstance(connection, _Http2):
            self._most = min(self._most, MOST_HTTP2)
            self._now_most = min(self._now_most, MOST_HTTP2)
        self.freed(connection)
        if self._queue:
            self._open_more()

    async def _connect(self) -> "_Connection | _Http2":
        failed: OSError = OSError("no address")
        host = self.origin.partition("://")[2].rpartition(":")[0] or self.origin.partition("://")[2]
        name = host.strip("[]") if self._tls else None
        for address, port in await self._allowed.addresses(self.origin):
            try:
                _, made = await self._loop.create_connection(
                    lambda: _Opening(self), address, port, ssl=self._tls, server_hostname=name
                )
            except OSError as error:
                failed = error
            else:
                if made.chosen is None:
                    raise failed
                return made.chosen
        raise failed

    def _look(self) -> None:
        """Drop what does not answer, and what nobody needs."""
        now = self._loop.time()
        for one in list(self._all):
            if now - one.since > (ANSWER_S if one.is_busy else IDLE_S):
                one.abort()
        busy = bool(self._all or self._queue or self._opening)
        self._timer = self._loop.call_later(LOOK_S, self._look) if busy else None


class _Opening(asyncio.Protocol):
    """A connection until it is known what it speaks."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.chosen: _Connection | _Http2 | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        sealed = transport.get_extra_info("ssl_object")
        is_http2 = sealed is not None and sealed.selected_alpn_protocol() == "h2"
        self.chosen = _Http2(self._lane) if is_http2 else _Connection(self._lane)
        transport.set_protocol(self.chosen)
        self.chosen.connection_made(transport)


class _Http2(asyncio.Protocol):
    """One connection with many requests under way."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._at = 0.0
        self._body_bytes = 0

    @property
    def is_busy(self) -> bool:
        """Whether something is waited for: answers, or that it begins."""
        return self._session is not None and (bool(self._session.streams) or not self._session.is_told)

    @property
    def since(self) -> float:
        """Since when its oldest request waits, or nothing was asked."""
        streams = self._session.streams if self._session else {}
        return next(iter(streams.values())).since if streams else self._at

    @property
    def has_room(self) -> bool:
        is_open = self._transport is not None and not self._transport.is_closing()
        return is_open and self._session is not None and self._session.has_room(self._body_bytes)

    def ask(self, request: Asked, told: Told) -> None:
        if not self.has_room or self._session is None or isinstance(request, bytes):
            told(Answer.FAILED)
            return
        self._body_bytes = len(request.body)

        def answered(status: int, after_s: float) -> None:
            told(self._lane.answered(status, after_s) if status else Answer.FAILED)

        self._session.send(request, answered)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's
        loop = asyncio.get_running_loop()
        self._at = loop.time()
        self._session = Session(self._write, loop)

    def data_received(self, came: bytes) -> None:
        session = self._session
        if session is None:
            return
        self._at = asyncio.get_running_loop().time()
        try:
            session.take(came)
        except (Http2Wrong, IndexError, ValueError):
            self._lane.only_http1()
            self.abort()
            return
        if not session.fits(self._body_bytes):
            self._lane.only_http1()
            self.abort()
        elif session.is_going and not session.streams:
            self.abort()
        elif self.has_room:
            self._lane.freed(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        session, self._session, self._transport = self._session, None, None
        if session is not None and not session.is_told:
            self._lane.only_http1()
        self._lane.lost(self)
        for one in list(session.streams.values()) if session else ():
            one.answered(0, 0.0)

    def _write(self, raw: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(raw)


class _Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request under way."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._told: Told | None = None
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._after_s = 0.0
        self._came = 0
        self.since = 0.0

    @property
    def is_busy(self) -> bool:
        return self._told is not None

    @property
    def has_room(self) -> bool:
        return self._told is None and self._transport is not None and not self._transport.is_closing()

    def ask(self, request: Asked, told: Told) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            told(Answer.FAILED)
            return
        self._told, self._after_s, self._came = told, 0.0, 0
        self.since = asyncio.get_running_loop().time()
        transport.write(request if isinstance(request, bytes) else request.plain())

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's
        self.since = asyncio.get_running_loop().time()

    def data_received(self, came: bytes) -> None:
        self._came += len(came)
        if self._came > MOST_ANSWER:
            self.abort()
            return
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
