"""The witness on HTTP: a small ASGI application that anybody may call and that keeps nothing about who called.

POST /add-checkpoint: C2SP tlog-witness. GET /<sha-256 of origin, hex>/checkpoint: the newest head it cosigned, as the
log signed it.
GET /: its keys, an empty line, and the logs it follows.
"""

from hashlib import sha256

from tocsin.errors import TocsinError
from tocsin.tlog.asgi import NOTHING, TEXT, Message, Receive, Reply, Send, serve
from tocsin.tlog.witness import SizeConflict, Witness

SIZE = "text/x.tlog.size"


class WitnessServer:
    """The ASGI application of one witness."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await serve(self.answer, scope, receive, send)

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """The answer to one request."""
        if (method, path) == ("POST", "/add-checkpoint"):
            return self._add_checkpoint(body)
        if (method, path) == ("GET", "/"):
            keys = "".join(f"{key}\n" for key in self._witness.cosigner.vkeys)
            origins = "".join(f"{origin}\n" for origin in self._witness.origins)
            return Reply(200, TEXT, f"{keys}\n{origins}".encode())
        return self._head(path) if method == "GET" else NOTHING

    def _add_checkpoint(self, body: bytes) -> Reply:
        try:
            lines = self._witness.add_checkpoint(body)
        except SizeConflict as conflict:
            return Reply(409, SIZE, f"{conflict.size}\n".encode())
        except TocsinError as error:
            return Reply(error.status, TEXT, f"{error.message}\n".encode())
        return Reply(200, TEXT, "".join(map(str, lines)).encode())

    def _head(self, path: str) -> Reply:
        for origin in self._witness.origins:
            head = self._witness.state.newest(origin)
            if head and path == f"/{sha256(origin.encode()).hexdigest()}/checkpoint":
                return Reply(200, TEXT, head.note.encode())
        return NOTHING
