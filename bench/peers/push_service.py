"""A push service that takes everything, as cheaply as Python can: `PORT [CERTIFICATE KEY]`. It answers 201 and keeps nothing."""

import asyncio
import ssl
import sys

import uvloop

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
HEAD_END = b"\r\n\r\n"
PREFACE_BYTES = 24
BODY, SETTINGS, WINDOW = 0, 4, 8


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


class Opening(asyncio.Protocol):
    """HTTP/2 for whoever asks for it, HTTP/1.1 for everybody else."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        sealed = transport.get_extra_info("ssl_object")
        is_http2 = sealed is not None and sealed.selected_alpn_protocol() == "h2"
        chosen = TakesHttp2() if is_http2 else Takes()
        transport.set_protocol(chosen)
        chosen.connection_made(transport)


class TakesHttp2(asyncio.Protocol):
    """One HTTP/2 connection (RFC 9113): a stream that ends is answered; windows are as wide as they may be."""

    def __init__(self) -> None:
        self.rest = b""
        self.is_begun = False
        self.took = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        widest = (2**31 - 1).to_bytes(4)
        told = frame(SETTINGS, 0, b"\0\3\0\0\0\x64\0\4" + widest) + frame(WINDOW, 0, (2**31 - 65_536).to_bytes(4))
        transport.write(told)  # type: ignore[attr-defined]

    def data_received(self, came: bytes) -> None:
        raw = self.rest + came if self.rest else came
        if not self.is_begun:
            if len(raw) < PREFACE_BYTES:
                self.rest = raw
                return
            raw, self.is_begun = raw[PREFACE_BYTES:], True
        at, end, out = 0, len(raw), list[bytes]()
        while end - at >= 9:
            length = int.from_bytes(raw[at : at + 3])
            if end - at < 9 + length:
                break
            kind, flags = raw[at + 3], raw[at + 4]
            if kind == BODY:
                self.took += length
                if flags & 1:
                    out.append(b"\0\0\5\1\5" + raw[at + 5 : at + 9] + b"\x08\x03201")
            elif kind == SETTINGS and not flags & 1:
                out.append(frame(SETTINGS, 1, b""))
            at += 9 + length
        self.rest = raw[at:]
        if self.took > 2**30:
            out.append(frame(WINDOW, 0, self.took.to_bytes(4)))
            self.took = 0
        if out:
            self.transport.write(b"".join(out))  # type: ignore[attr-defined]


def frame(kind: int, flags: int, body: bytes) -> bytes:
    """Of the connection itself."""
    return len(body).to_bytes(3) + bytes((kind, flags)) + bytes(4) + body


async def main(port: int, tls: ssl.SSLContext | None) -> None:
    listening = await asyncio.get_running_loop().create_server(Opening, "127.0.0.1", port, ssl=tls, backlog=1024)
    await listening.serve_forever()


if __name__ == "__main__":
    context = None
    if len(sys.argv) > 2:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        context.set_alpn_protocols(["h2", "http/1.1"])
    uvloop.run(main(int(sys.argv[1]), context))
