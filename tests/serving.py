"""A small server for the length of a with-block, and ports for larger ones."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BELOW_EPHEMERAL = (12_000, 32_000)
DRAW = random.SystemRandom()


@contextmanager
def serving(answers: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server on a free loopback port that answers with `answers`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on, all different.

    From below those that the kernel gives to outgoing connections: a node that is killed and started again would find its port
    taken by somebody's request, once in some hundred times on a busy machine.
    """
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            one, port = held.enter_context(socket.socket()), DRAW.randrange(*BELOW_EPHEMERAL)
            with suppress(OSError):
                one.bind(("127.0.0.1", port))
                found.append(port)
    return found
