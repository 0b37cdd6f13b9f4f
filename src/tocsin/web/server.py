"""The HTTP server: uvicorn, with absolute deadlines that a trickling or silent client cannot move.

* Headers: complete within `HEADER_SECONDS` of the first byte, at most `HEADER_BYTES` (a timer that each byte resets is no timer); of
  one that never ends no more is kept than a read brings.
* Body: never further behind than `web.body` allows, whether or not anybody still reads it.
* Answer: a client that drains nothing for `DRAIN_SECONDS` is dropped. Whoever goes away is known to have left, also behind requests
  that wait for the first to be answered.

Clients' addresses never enter the application: the scope names no client, and there is no access log.
"""

import asyncio
import select
import socket
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import uvicorn
from litestar.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tocsin.errors import TocsinError
from tocsin.web.body import allowed_until
from tocsin.web.headers import Kind, Site, line_block
from tocsin.web.joined import JoinedWrites
from tocsin.web.refusals import HeadTooLarge, RequestMalformed, body_at_the_door
from tocsin.web.shortcut import Shortcut, Taken

HEADER_SECONDS = 5.0
HEADER_BYTES = 16 * 1024
DRAIN_SECONDS = 30.0
KEEP_ALIVE_SECONDS = 20
LEFT_SECONDS = 1.0
"""How often it is looked whether who asked for more before their answer is still there."""
LEFT = select.POLLRDHUP | select.POLLHUP | select.POLLERR
AT_ONCE_SECONDS = 1.0
"""A body that takes longer goes no shortcut; less than `_look_at_body` leaves a reader to answer in."""

READ_BYTES = 256 * 1024
ZEROS = memoryview(bytes(READ_BYTES))
NOTHING: Any = {}
"""Stands where a request was."""

POUR = "tocsin.pour"
"""An extension of the scope: for who says the same to thousands, and has said it once (`deliver.sse`)."""


class DeadlineProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol under our deadlines.

    A timer is set where a head or a body is not whole once what came was read: most come whole, and need none.
    """

    shortcut: Shortcut | None = None
    site = Site()
    _head: asyncio.TimerHandle | None = None
    _body: asyncio.TimerHandle | None = None
    _drain: asyncio.TimerHandle | None = None
    _left: asyncio.TimerHandle | None = None
    _under_way: Any = None
    """The request that is being answered: uvicorn's `cycle` is the newest, which may wait behind it."""
    _awaits_head = True
    _awaits_body = False
    _taken: Taken | None = None
    """A request on its way past ASGI whose body is still coming."""
    _head_bytes = 0
    _head_waits = 0
    """Bytes that came of a head which the parser has not told of: it keeps a name or a value to itself until that ends, and copies it
    with every read."""
    _heads = 0
    _body_bytes = 0
    _body_began = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        super().connection_made(transport)
        self.transport = self._joined = JoinedWrites(transport, self.loop)
        self.client = None
        self._head = self.loop.call_later(HEADER_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head, self._body, self._drain, self._left):
            _cancel(timer)
        self._taken = None
        self.pipeline.clear()
        under_way, self._under_way = self._under_way, None
        if under_way is not None and not under_way.response_complete:
            under_way.disconnected = True
            under_way.message_event.set()
        super().connection_lost(exc)

    def data_received(self, more: bytes) -> None:
        # uvicorn takes any byte for the end of the silence; line feeds between requests begin none and could go on for ever.
        # Nor does the rest of a body that was answered before it was here.
        self._awaits_head |= self.timeout_keep_alive_task is not None and not self._awaits_body
        was_awaited, heads = self._awaits_head, self._heads
        super().data_received(more)
        if self._awaits_head:
            self._head_waits = self._head_waits + len(more) if was_awaited and heads == self._heads else 0
            if self._head_waits > HEADER_BYTES and not self.transport.is_closing():
                self._refuse_head()
                return
        if self._awaits_head and self._head is None:
            self._head = self.loop.call_later(HEADER_SECONDS, self.transport.abort)
        if self._awaits_body and self._body is None:
            self._look_at_body()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._awaits_head = True
        self._end_head()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._awaits_head, self._head_waits, self._heads = False, 0, self._heads + 1
        self._end_head()
        self._awaits_body, self._body_began, self._body_bytes = True, self.loop.time(), 0
        if self._is_usual():
            self.cycle = self._taken = Taken(self.url, self.headers, self.scope)  # type: ignore[assignment]  # its part
        else:
            self._by_asgi()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._taken is not None:
            self._taken.parts.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._awaits_body = False
        _cancel(self._body)
        self._body = None
        taken, self._taken = self._taken, None
        if taken is None:
            self._awaits_head |= self.cycle.response_complete  # who was answered before has no other deadline
            super().on_message_complete()
            return
        task = self.loop.create_task(self._past_asgi(taken))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def on_response_complete(self) -> None:
        answered = self.cycle.scope
        self._under_way = None
        super().on_response_complete()
        if self.cycle.response_complete:  # else it is one that waited behind the one answered
            self._forget(answered)

    def _end_head(self) -> None:
        _cancel(self._head)
        self._head = None

    def _is_usual(self) -> bool:
        under_way: Any = self.cycle
        return (
            self.shortcut is not None
            and (under_way is None or under_way.response_complete)
            and not self.flow.write_paused
            and self.parser.should_keep_alive()
            and self.shortcut.fits(self.parser.get_method(), self.url, self.headers)
        )

    def _by_asgi(self) -> None:
        super().on_headers_complete()
        if any(name == b"transfer-encoding" for name, _ in self.headers):
            # No address takes a body of no length; what is said between and behind its pieces could go on for ever.
            self.cycle.keep_alive = False
        if self.pipeline and self._left is None:
            self._left = self.loop.call_later(LEFT_SECONDS, self._look_who_left)
        self.scope["extensions"] = {POUR: {"pour": partial(self._pour, self.cycle)}}

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, app)

    def _look_who_left(self) -> None:
        """Nothing is read while a request waits behind another, the end of the connection neither: so the socket is asked for it."""
        self._left = None
        if not self.pipeline or self.transport.is_closing():
            return
        asked = select.poll()
        asked.register(self.transport.get_extra_info("socket").fileno(), select.POLLRDHUP)
        if any(event & LEFT for _, event in asked.poll(0)):
            self.transport.abort()
        else:
            self._left = self.loop.call_later(LEFT_SECONDS, self._look_who_left)

    def _give_up_shortcut(self) -> None:
        """A body that does not come at once is another case: ASGI's reader has its own deadline and words for it."""
        taken, self._taken = self._taken, None
        if taken is not None:
            self.cycle = None  # type: ignore[assignment]  # as on a connection that had none yet
            self._by_asgi()
            super().on_body(taken.given_up()[2])

    async def _past_asgi(self, taken: Taken) -> None:
        assert self.shortcut is not None
        head, text = await self.shortcut.answer(*taken.given_up())
        taken.response_complete = True
        if not taken.disconnected:
            end = b"\r\n" if taken.keep_alive else b"connection: close\r\n\r\n"
            self._joined.write_now(head + end + text)
            if not taken.keep_alive:
                self.transport.close()
        self.on_response_complete()

    def _forget(self, answered: Any) -> None:
        """Let go of a request that was answered: a connection may stay silent for twenty seconds, and its last request with it."""
        if self.cycle.scope is answered:
            self.cycle.scope = NOTHING
        if self.scope is answered:
            self.scope, self.headers = NOTHING, []

    def pause_writing(self) -> None:
        super().pause_writing()
        _cancel(self._drain)
        self._drain = self.loop.call_later(DRAIN_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        _cancel(self._drain)
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        # `close` would wait for a client that never reads.
        if not self.transport.is_closing():
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  what the parser said may echo the request
        if self._head_bytes > HEADER_BYTES:
            self._refuse_head()
        else:
            self._refuse(RequestMalformed())

    def _refuse_head(self) -> None:
        """In words where nothing else is being said, and nothing that was said waits to be taken: else at once and without."""
        under_way: Any = self.cycle
        if (under_way is not None and not under_way.response_complete) or self.flow.write_paused:
            self.transport.abort()
            return
        self._end_head()
        self._head = self.loop.call_later(HEADER_SECONDS, self.transport.abort)
        self._refuse(HeadTooLarge())

    def _refuse(self, error: TocsinError) -> None:
        body, status = body_at_the_door(error), HTTPStatus(error.status)
        line = f"HTTP/1.1 {status} {status.phrase}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(
            line.encode() + b"connection: close\r\n" + line_block(Kind.MACHINE, self.site, "") + b"\r\n" + body
        )
        self.transport.close()

    def _pour(self, cycle: Any, chunk: bytes) -> bool:
        """Write a chunk as it goes over the wire (RFC 9112, 7.1) into an answer under way. False where the client does not keep up, or
        the answer is none that goes in chunks: then it has to take the usual way.
        """
        is_well = (
            self.cycle is cycle and cycle.chunked_encoding and not cycle.response_complete and not cycle.disconnected
        )
        if not is_well or self.flow.write_paused:
            return False
        self._joined.write_now(chunk)
        return True

    def _look_at_body(self) -> None:
        """Drop a body that fell behind; a little later than its own deadline, so that a reader can still answer in words."""
        if self._taken is not None and self.loop.time() < self._body_began + AT_ONCE_SECONDS:
            self._body = self.loop.call_at(self._body_began + AT_ONCE_SECONDS, self._look_at_body)
            return
        self._give_up_shortcut()
        due = allowed_until(self._body_began, self._body_bytes) + 2
        if due > self.loop.time():
            self._body = self.loop.call_at(due, self._look_at_body)
        else:
            self.transport.abort()

    def _count(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > HEADER_BYTES:
            raise HeadTooLarge  # the parser stops here, and has it answered as what it refuses itself


class Wiped(asyncio.BufferedProtocol):
    """Reads into one piece of memory and overwrites it at once.

    The event loop's own buffer would keep the last request, secrets and all, until as long a one comes: on a quiet node, for hours.
    """

    _arriving = memoryview(bytearray(READ_BYTES))

    def __init__(self, shortcut: Shortcut | None = None, site: Site | None = None, **made: Any) -> None:
        self._http = DeadlineProtocol(**made)
        self._http.shortcut, self._http.site = shortcut, site or Site()
        self.connection_lost = self._http.connection_lost  # type: ignore[method-assign]
        self.pause_writing = self._http.pause_writing  # type: ignore[method-assign]
        self.resume_writing = self._http.resume_writing  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        self._http.connection_made(transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  asyncio's signature
        return self._arriving

    def buffer_updated(self, nbytes: int) -> None:
        came = self._arriving[:nbytes]
        try:
            self._http.data_received(came)  # type: ignore[arg-type]  # the parser takes any buffer, and copies what it keeps
        finally:
            came[:] = ZEROS[:nbytes]

    def eof_received(self) -> None:
        self._http.eof_received()


class TwoDoors(uvicorn.Server):
    """Listens at one more port of the loopback, without TLS: an onion service ends there, and Tor has encrypted already."""

    def __init__(self, config: uvicorn.Config, onion_port: int) -> None:
        super().__init__(config)
        self._onion_port = onion_port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        made = partial(Wiped, config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        self.servers.append(await asyncio.get_running_loop().create_server(made, "127.0.0.1", self._onion_port))


def server(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    tls: tuple[str, str] | None,
    sockets: Sequence[int] = (),
    onion_port: int = 0,
    shortcut: Shortcut | None = None,
    site: Site | None = None,
) -> uvicorn.Server:
    """A server for `app`, not yet running. `tls` is certificate and key file; `sockets` an inherited listening one; `shortcut` is
    taken at the first door alone, and `site` is what that door adds to the answers that no application gives.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        fd=sockets[0] if sockets else None,
        http=partial(Wiped, shortcut=shortcut, site=site),  # type: ignore[arg-type]  # whatever makes a protocol will do
        ws="none",
        loop="uvloop",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=10,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    return TwoDoors(config, onion_port) if onion_port else uvicorn.Server(config)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
