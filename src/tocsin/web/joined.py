"""A transport whose writes of one turn of the event loop leave together.

uvicorn writes an answer's head and its body apart: two packets, two system calls, and two wake-ups of whoever waits. An answer is
short here, and its two writes follow each other at once.
"""

import asyncio
from typing import Any

MOST_BYTES = 64 * 1024
"""More than this does not wait for the end of the turn: a long answer keeps its flow control."""


class JoinedWrites(asyncio.Transport):
    """As much of a transport as an HTTP protocol uses; order and bytes are those of `transport`."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []
        self._size = 0

    def write(self, content: Any) -> None:
        """Send `content` at the end of this turn, after everything written before."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(content)
        self._size += len(content)
        if self._size > MOST_BYTES:
            self._flush()

    def write_now(self, content: Any) -> None:
        """Send `content` at once, after everything written before."""
        self._flush()
        if not self._transport.is_closing():
            self._transport.write(content)

    def close(self) -> None:
        """Send what waits, then close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._waiting, self._size = [], 0
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def _flush(self) -> None:
        if self._waiting:
            joined = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
            self._waiting, self._size = [], 0
            if (
                not self._transport.is_closing()
            ):  # its reader left in this turn, and uvloop raises where asyncio is silent
                self._transport.write(joined)
