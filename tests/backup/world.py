"""A witness that answers over HTTP for the length of a with-block, and files to back up and restore with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.serving import serving
from tocsin import backup
from tocsin import restore as restores
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.crypto.keys import PostQuantumKey, SigningKey
from tocsin.restore import Asked, Restored
from tocsin.settings import Settings
from tocsin.store import archive
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import note as notes
from tocsin.tlog.cosignature import Cosigner
from tocsin.tlog.witness import Witness
from tocsin.tlog.witness_server import WitnessServer
from tocsin.tlog.witness_state import WitnessState

CLOCK = SystemClock()
NAME = "w1.example"
COSIGNER = Cosigner(NAME, SigningKey(b"w" * 32), PostQuantumKey(b"w" * 32))


class OnceAsked:
    """A witness that begins when the log's key is known."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._server: WitnessServer | None = None

    def follow(self, vkey: str) -> None:
        state = WitnessState.begin(DiskBlobs(self._place), CLOCK.now_ms())
        self._server = WitnessServer(Witness(COSIGNER, [notes.parse_vkey(vkey)], state, CLOCK))

    def answer(self, method: str, path: str, body: bytes) -> Any:
        assert self._server is not None
        return self._server.answer(method, path, body)


@contextmanager
def witness(place: Path) -> Iterator[tuple[OnceAsked, dict[str, Any]]]:
    """A witness, and how a node's settings name it."""
    one = OnceAsked(place)

    class Answers(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            reply = one.answer(self.command, self.path, body)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = answer  # noqa: N815  the server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Answers) as url:
        yield one, {"url": url, "vkeys": [str(key) for key in COSIGNER.vkeys], "outside": True}


@dataclass
class Vault:
    """Where backups go, and the key that opens them."""

    place: Path

    def __post_init__(self) -> None:
        self.place.mkdir()
        self.identity, self.recipient = envelope.new_identity(CLOCK)
        self.file = self.place / "backup.age"

    def make(self, settings: Settings) -> backup.Made:
        return backup.make(settings, self.file, (self.recipient,), CLOCK, nothing)

    def restore(self, folder: Path, **asked: Any) -> Restored:
        return restores.restore(self.file, self.identity, folder, Asked(**asked), CLOCK, nothing)

    def parts(self) -> dict[str, bytes]:
        """Everything in it, in clear."""
        return parts_of(self.file, self.identity)


def parts_of(file: Path, identity: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    class Keep:
        def __init__(self, name: str) -> None:
            self.name, self.raw = name, b""

        def write(self, raw: bytes) -> None:
            self.raw += raw

        def close(self) -> None:
            found[self.name] = self.raw

    with file.open("rb") as sealed:
        archive.read(sealed, identity, lambda name, _: Keep(name))
    return found


def nothing(_now: int, _end: int) -> None:
    """Nobody is told."""
