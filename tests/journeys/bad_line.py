"""A way for datagrams that loses some of them: between a browser and a relay, as a bad network would."""

import random
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LARGEST = 65_536


class BadLine:
    """Passes datagrams on to a port of the loopback and back. `loss` is how many of a hundred it loses, each way."""

    def __init__(self, to_port: int) -> None:
        self.loss = 0
        self._to = ("127.0.0.1", to_port)
        self._chance = random.Random(20)
        self._in = _socket()
        self.port: int = self._in.getsockname()[1]
        self._beyond: dict[tuple[str, int], socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._in, selectors.EVENT_READ, None)

    def run(self, over: threading.Event) -> None:
        """Until `over`."""
        while not over.is_set():
            for key, _ in self._selector.select(0.2):
                self._in_turn(key)
        for one in (self._in, *self._beyond.values()):
            one.close()

    def _in_turn(self, key: selectors.SelectorKey) -> None:
        """One datagram. `key.data` is whose it is, where it comes from beyond."""
        assert isinstance(key.fileobj, socket.socket)
        try:
            raw, sender = key.fileobj.recvfrom(LARGEST)
            if self._chance.random() * 100 < self.loss:
                return
            if key.data is None:
                self._beyond_of(sender).sendto(raw, self._to)
            else:
                self._in.sendto(raw, key.data)
        except OSError:
            return  # the other side is not there: a datagram is lost

    def _beyond_of(self, sender: tuple[str, int]) -> socket.socket:
        if sender not in self._beyond:
            self._beyond[sender] = _socket()
            self._selector.register(self._beyond[sender], selectors.EVENT_READ, sender)
        return self._beyond[sender]


@contextmanager
def bad_line(to_port: int) -> Iterator[BadLine]:
    """One that runs while the block does."""
    line, over = BadLine(to_port), threading.Event()
    thread = threading.Thread(target=line.run, args=[over])
    thread.start()
    try:
        yield line
    finally:
        over.set()
        thread.join()


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made
