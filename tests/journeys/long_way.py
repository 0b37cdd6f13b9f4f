"""A long way to the node: bytes arrive late, each way, in order and as fast as the line carries them, whoever sends them.

What a browser's own tools emulate does not hold for workers; this holds for whatever connects.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PIECE = 16 * 1024


class LongWay:
    """Stands before a port of the loopback. `late_s`: how much later each byte arrives, each way; `bytes_per_second` upwards, 0 for no
    limit, shared by all connections. Both may be changed while it runs.
    """

    def __init__(self, to_port: int, late_s: float, bytes_per_second: float) -> None:
        self.late_s, self.bytes_per_second, self.port = late_s, bytes_per_second, 0
        self._to_port = to_port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._free_at = 0.0
        """When the line upwards has carried what was given to it."""

    async def run(self, is_up: threading.Event, over: asyncio.Event) -> None:
        """Until `over`."""
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=PIECE)
        self.port = server.sockets[0].getsockname()[1]
        is_up.set()
        await over.wait()
        server.close()
        self._cut()

    def cut(self) -> None:
        """Every connection breaks, with what is on its way."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            beyond, to_beyond = await asyncio.open_connection("127.0.0.1", self._to_port)
            self._open |= {writer, to_beyond}
            ways = [self._carry(reader, to_beyond, is_up=True), self._carry(beyond, writer, is_up=False)]
            await asyncio.gather(*ways, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_up: bool) -> None:
        """What comes is read as the line takes it and written `late_s` later, however much is on its way."""
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(self._deliver(under_way, writer))
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                if is_up and self.bytes_per_second:
                    self._free_at = max(self._free_at, loop.time()) + len(piece) / self.bytes_per_second
                    await asyncio.sleep(self._free_at - loop.time())
                under_way.put_nowait((loop.time() + self.late_s, piece))
        under_way.put_nowait((loop.time() + self.late_s, b""))
        await delivery

    async def _deliver(self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                due, piece = await under_way.get()
                await asyncio.sleep(due - loop.time())
                if not piece:
                    break
                writer.write(piece)
                await writer.drain()
        writer.close()


@contextmanager
def long_way(to_port: int, late_s: float, bytes_per_second: float = 0.0) -> Iterator[LongWay]:
    """One that stands while the block runs."""
    way, is_up = LongWay(to_port, late_s, bytes_per_second), threading.Event()
    loop, over = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        loop.run_until_complete(way.run(is_up, over))
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    is_up.wait()
    try:
        yield way
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
