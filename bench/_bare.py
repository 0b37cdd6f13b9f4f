"""The least a Python server can do with a request: read it whole, answer. `python -m bench._bare PORT`."""

import asyncio
import sys
from typing import cast

import httptools
import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 300\r\n\r\n" + bytes(300)


class Bare(asyncio.Protocol):
    """One connection; the parser calls `on_body` and `on_message_complete`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.parser = httptools.HttpRequestParser(self)
        self.parts: list[bytes] = []

    def data_received(self, more: bytes) -> None:
        self.parser.feed_data(more)

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        b"".join(self.parts)
        self.parts = []
        self.transport.write(ANSWER)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
