"""A push service that takes everything, as cheaply as Python can: `PORT [CERTIFICATE KEY]`. It answers 201 and keeps nothing."""

import asyncio
import ssl
import sys

import uvloop

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
HEAD_END = b"\r\n\r\n"


class Takes(asyncio.Protocol):
    """One connection: a head, then as many bytes as it says."""

    def __init__(self) -> None:
        self.rest = b""
        self.body = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, came: bytes) -> None:
        answers = 0
        while came:
            if self.body:
                taken = min(self.body, len(came))
                self.body -= taken
                came = came[taken:]
                answers += not self.body
                continue
            head, end, came = (self.rest + came).partition(HEAD_END)
            self.rest = b"" if end else head
            if not end:
                break
            self.body = length_of(head)
            answers += not self.body
        if answers:
            self.transport.write(ANSWER * answers)  # type: ignore[attr-defined]


def length_of(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return 0 if at < 0 else int(head[at + 15 :].split(b"\r\n", 1)[0])


async def main(port: int, tls: ssl.SSLContext | None) -> None:
    listening = await asyncio.get_running_loop().create_server(Takes, "127.0.0.1", port, ssl=tls, backlog=1024)
    await listening.serve_forever()


if __name__ == "__main__":
    context = None
    if len(sys.argv) > 2:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    uvloop.run(main(int(sys.argv[1]), context))
