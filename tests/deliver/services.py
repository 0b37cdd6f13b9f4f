"""Browsers and push services by hand: the other half of RFC 8291, written from its text and sharing nothing with the sender."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tocsin.clock import SystemClock
from tocsin.deliver.endpoint import Keys, Told
from tocsin.ids import b64

CURVE = ec.SECP256R1()


def public_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class Browser:
    """A subscriber: keys, and the other half of RFC 8291, written from its text and sharing nothing with the sender."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    auth: bytes = field(default_factory=lambda: SystemClock().random_bytes(16))

    def told(self, url: str) -> Told:
        return Told(url, Keys(b64(public_of(self.key)), b64(self.auth)))

    def open(self, body: bytes) -> bytes:
        def derived(salt: bytes, ikm: bytes, about: bytes, length: int) -> bytes:
            return HKDF(hashes.SHA256(), length, salt, about).derive(ikm)

        salt, size, sender, text = body[:16], int.from_bytes(body[16:20]), body[21:86], body[86:]
        assert (size, body[20]) == (4096, 65)
        assert len(text) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
        ikm = derived(self.auth, shared, b"WebPush: info\0" + public_of(self.key) + sender, 32)
        key, nonce = (
            derived(salt, ikm, b"Content-Encoding: " + name + b"\0", length)
            for name, length in ((b"aes128gcm", 16), (b"nonce", 12))
        )
        plain = AESGCM(key).decrypt(nonce, text, None).rstrip(b"\0")
        assert plain.endswith(b"\x02")
        return plain[:-1]


@dataclass
class Service:
    """A push service on the loopback that answers as told, and remembers what came."""

    answers: Sequence[bytes] = (b"201 Created\r\nContent-Length: 0",)
    came: list[tuple[dict[str, str], bytes, str]] = field(default_factory=list)
    connections: int = 0
    origin: str = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                answer = self.answers[min(len(self.came), len(self.answers) - 1)]
                self.came.append((headers, body, first))
                if not answer:
                    break
                writer.write(b"HTTP/1.1 " + answer + b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[Service]:
    service = Service(answers) if answers else Service()
    listening = await asyncio.start_server(service._serve, "127.0.0.1", 0)
    service.origin = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        listening.close()
