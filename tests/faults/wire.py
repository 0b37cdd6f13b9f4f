"""HTTP/1.1 by hand over one connection: small, quick, and it shows exactly where an answer broke off."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from tocsin.ids import b64

LOST = (OSError, asyncio.IncompleteReadError, EOFError)
"""What a request raises when the other side is gone before its answer was whole: nothing was acknowledged."""


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The stable code of a refusal; "" for anything else."""
        return str(self.json.get("code", "")) if self.status >= 400 else ""


class Wire:
    """A connection that is opened when needed and kept alive."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, secret: bytes = b"", body: bytes = b"") -> Answer:
        """One request and its whole answer. Raises one of `LOST`."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        may = f"Authorization: Tocsin {b64(secret)}\r\n" if secret else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{may}Content-Length: {len(body)}\r\n\r\n"
        try:
            writer.write(head.encode() + body)
            await writer.drain()
            answer = await read_answer(reader)
        except BaseException:
            self.close()
            raise
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The next answer, by its length or its chunks."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
    status = int(head[0].split()[1])
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while size := int(await reader.readuntil(b"\r\n"), 16):
            parts.append((await reader.readexactly(size + 2))[:-2])
        await reader.readexactly(2)
        return Answer(status, headers, b"".join(parts))
    return Answer(status, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
