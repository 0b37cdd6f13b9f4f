"""The witness on HTTP: a small ASGI application that anybody may call and that keeps nothing about who called.

POST /add-checkpoint: C2SP tlog-witness. GET /<sha-256 of origin, hex>/checkpoint: the newest head it cosigned, as the
log signed it.
GET /: its keys, an empty line, and the logs it follows. GET /alive: a page that is red, and a 503, while a log it follows is silent.
"""

from hashlib import sha256

from tocsin.errors import TocsinError
from tocsin.tlog.asgi import NOTHING, TEXT, Message, Receive, Reply, Send, serve
from tocsin.tlog.silence import Silence
from tocsin.tlog.witness import SizeConflict, Witness

SIZE = "text/x.tlog.size"


class WitnessServer:
    """The ASGI application of one witness."""

    def __init__(self, witness: Witness, silence: Silence | None = None) -> None:
        self._witness, self._silence = witness, silence

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
        if (method, path) == ("GET", "/alive") and self._silence:
            return self._silence.page()
        return self._head(path) if method == "GET" else NOTHING

    def _add_checkpoint(self, body: bytes) -> Reply:
        try:
            lines = self._witness.add_checkpoint(body, self._silence.heard if self._silence else None)
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
