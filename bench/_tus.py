"""Uploads of the peers: the same bytes by tus 1.0, one PATCH a chunk."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from bench._load import Parts, ask
from bench._phones import CIPHERTEXT

NAMES = ",".join(
    f"{name} {base64.b64encode(value).decode()}" for name, value in [("filename", b"a"), ("filetype", b"b/c")]
)


class Upload:
    """One upload of `count` chunks, begun at the server."""

    def __init__(self, address: tuple[str, int], path: str, count: int) -> None:
        self._count = count
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost:{address[1]}\r\nTus-Resumable: 1.0.0\r\nContent-Length: 0\r\n"
            f"Upload-Length: {count * len(CIPHERTEXT)}\r\nUpload-Metadata: {NAMES}\r\n\r\n"
        )
        found = re.search(rb"\r\nlocation: *(\S+)", ask(address, head.encode(), 201), re.IGNORECASE)
        assert found is not None
        self._path = urlsplit(found[1].decode()).path

    def requests(self) -> Iterator[Parts]:
        for number in range(self._count):
            head = (
                f"PATCH {self._path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\n"
                f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: {number * len(CIPHERTEXT)}\r\n"
                f"Content-Length: {len(CIPHERTEXT)}\r\n\r\n"
            )
            yield [head.encode(), CIPHERTEXT]
