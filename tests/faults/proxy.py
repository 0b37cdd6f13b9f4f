"""A TCP proxy of our own: rate, delay, stall and cut, on loopback. It carries bytes and understands none."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

PIECE = 1400
"""Bytes carried at once, about one packet."""


@dataclass
class Proxy:
    """Stands before `target`. Change its fields while it runs."""

    target: int
    bytes_per_second: float = 0.0
    """Upwards, 0 for no limit."""
    delay_s: float = 0.0
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared: nothing moves either way, and nobody is told."""
    port: int = 0
    carried: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def stall(self) -> None:
        self.flowing.clear()

    def flow(self) -> None:
        self.flowing.set()

    def cut(self) -> None:
        """Drop every connection at once, without goodbye."""
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, to_writer}
        ways = [
            asyncio.create_task(self._carry(reader, to_writer, self.bytes_per_second)),
            asyncio.create_task(self._carry(to_reader, writer, 0.0)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for one in (writer, to_writer):
                one.transport.abort()
                self._open.discard(one)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                await self.flowing.wait()
                await asyncio.sleep(self.delay_s + (len(piece) / rate if rate else 0.0))
                writer.write(piece)
                await writer.drain()
                self.carried += len(piece)


@contextlib.asynccontextmanager
async def proxy(target: int, **how: float) -> AsyncIterator[Proxy]:
    """A proxy on a port of its own, `proxy.port`."""
    standing = Proxy(target, **how)  # type: ignore[arg-type]  # rates and delays only
    standing.flow()
    server = await asyncio.start_server(standing.accept, "127.0.0.1", 0)
    standing.port = server.sockets[0].getsockname()[1]
    try:
        yield standing
    finally:
        server.close()
        standing.cut()
