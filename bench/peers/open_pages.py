"""Many open pages of a node: `PORT PATH COUNT MARK`. Says "open" when each has its head, then prints when each had `MARK`.

Raw sockets behind one epoll, from as many addresses of the loopback as their ports need. One JSON line at the end: `time.monotonic` of
each page, which is the same clock in every process of a machine.
"""

import json
import resource
import select
import socket
import sys
import time

EACH_ADDRESS = 8_000
PATIENCE_S = 120.0
KEPT = 64
"""The last bytes of what a page was given: a mark may come in two pieces."""


class Pages:
    """Open pages, each with the end of what it was given."""

    def __init__(self, port: int, path: str, count: int) -> None:
        self.epoll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self.tails: dict[int, bytes] = {}
        for number in range(count):
            one = opened(port, path, f"127.0.0.{2 + number // EACH_ADDRESS}")
            self.sockets[one.fileno()] = one
            self.tails[one.fileno()] = b""
            self.epoll.register(one.fileno(), select.EPOLLIN)

    def wait(self, mark: bytes) -> list[float]:
        """When each had the mark. Raises where one ends, or never has it."""
        waiting, found = set(self.sockets), list[float]()
        deadline = time.monotonic() + PATIENCE_S
        while waiting:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting)} pages never had it")
            for number, _ in self.epoll.poll(1.0, 4_096):
                more = self.sockets[number].recv(65_536)
                if not more:
                    raise ConnectionError("a page was ended")
                came = self.tails[number] + more
                self.tails[number] = came[-KEPT:]
                if mark in came and number in waiting:
                    found.append(time.monotonic())
                    waiting.discard(number)
        return found


def opened(port: int, path: str, address: str) -> socket.socket:
    one = socket.socket()
    one.settimeout(PATIENCE_S)
    one.bind((address, 0))
    one.connect(("127.0.0.1", port))
    one.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())
    one.setblocking(False)
    return one


def main(port: int, path: str, count: int, mark: bytes) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pages = Pages(port, path, count)
    pages.wait(b"retry:")  # what a stream begins with
    print("open", flush=True)
    print(json.dumps(pages.wait(mark)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4].encode())
