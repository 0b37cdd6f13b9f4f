"""`./run bench sse`: one message to 5,000, 10,000 and 19,000 open pages, until the last has it, beside Debian's nginx with nchan.

Ours is the hub behind the node's own server with its headers and deadlines; nchan is C. Each has one core, the clients the other: raw
sockets behind one epoll, which see when the message's last byte came. The middle of the rounds counts. Then ours with 1,000 pages, and
with ten more that never read and are full. `--short`: 5,000 and 10,000, fewer rounds.
"""

import os
import resource
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench._machine import CLIENT_CORE, SERVER_CORE, described, own_folder, pin, resident_mb, say
from bench._report import Headline, asked, finish, table
from bench._servers import PEERS, READY_S, ServerDied, free_port

BODY = 900
ROUNDS, SHORT_ROUNDS = 7, 3
CROWDS, SHORT_CROWDS = (5_000, 10_000, 19_000), (5_000, 10_000)
PATIENCE_S = 60.0
FEW, DEAF, FILL = 1_000, 10, 1_200
"""Pages, those among them that never read, and messages that fill what their network holds."""


class Running(NamedTuple):
    name: str
    pid: int
    port: int


class Seen(NamedTuple):
    last_ms: float
    kb: float
    """Memory of the server for one client."""


def main() -> None:
    given = asked("The last of many open pages.")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    rounds = given.runs or (SHORT_ROUNDS if given.is_short else ROUNDS)
    crowds = SHORT_CROWDS if given.is_short else CROWDS
    with own_folder() as folder:
        print(described(folder), flush=True)
        rows: list[list[str]] = []
        ratios: dict[int, tuple[float, float]] = {}
        for count in crowds:
            ours, peer = [measured(kind, folder, count, rounds) for kind in (hub, nchan)]
            ratios[count] = ours.last_ms, peer.last_ms
            rows.append([f"{count:,}", *(f"{one:.0f}" for one in (ours.last_ms, peer.last_ms))])
            rows[-1] += [f"{ours.last_ms / peer.last_ms:.2f}", f"{ours.kb:.1f}", f"{peer.kb:.1f}"]
        table(["pages", "ours, last, ms", "nchan, last, ms", "ratio", "ours, kB each", "nchan, kB each"], rows)
        alone, beside = beside_the_deaf(folder)
        print(f"\n{FEW:,} pages, the last of them: {alone:.1f} ms; beside {DEAF} that never read: {beside:.1f} ms")
        last, other = ratios[10_000]
        finish(given, [Headline("last_client_vs_nchan", round(last, 1), round(other, 1), round(last / other, 3), "ms")])


def beside_the_deaf(folder: Path) -> tuple[float, float]:
    """Milliseconds until the last of a few pages, before and after some that never read have filled up."""
    with hub(folder) as server:
        say("Pages that never read.")
        pages = Pages(server.port, FEW)
        pages.show(0)
        alone = statistics.median(pages.show(number) for number in range(1, 30))
        deaf = [opened(server.port, 4_096) for _ in range(DEAF)]
        for number in range(100, 100 + FILL):
            pages.show(number)
        beside = statistics.median(pages.show(number) for number in range(5_000, 5_030))
        pages.close()
        for one in deaf:
            one.close()
        return alone * 1000, beside * 1000


def measured(kind: Callable[[Path], AbstractContextManager[Running]], folder: Path, count: int, rounds: int) -> Seen:
    """The middle of the rounds with everybody reading."""
    with kind(folder) as server:
        say(f"{server.name}: {count:,} pages.")
        before = resident_mb(server.pid)
        pages = Pages(server.port, count)
        try:
            kb = (resident_mb(server.pid) - before) * 1000 / count
            pages.show(0)
            times = [pages.show(number) for number in range(1, rounds + 1)]
        finally:
            pages.close()
        return Seen(statistics.median(times) * 1000, kb)


class Pages:
    """Open pages, by raw sockets."""

    def __init__(self, port: int, count: int) -> None:
        self.port = port
        self.epoll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        for _ in range(count):
            one = opened(port)
            self.sockets[one.fileno()] = one
            self.epoll.register(one.fileno(), select.EPOLLIN)
        self._drain(count)

    def show(self, number: int) -> float:
        """Seconds from the request that shows a message until the last page has its end."""
        mark = f"<{number:06}>".encode()
        body = b"x" * (BODY - len(mark)) + mark
        request = b"POST /show HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(
            body
        )
        waiting, began = set(self.sockets), time.perf_counter()
        tails = dict.fromkeys(waiting, b"")
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as one:
            began = time.perf_counter()
            one.sendall(request + body)
            while waiting:
                if time.perf_counter() - began > PATIENCE_S:
                    raise ServerDied(f"{len(waiting)} pages never had it")
                for number_, _ in self.epoll.poll(1.0, 4_096):
                    came = tails[number_] + self.sockets[number_].recv(65_536)
                    tails[number_] = came[-16:]
                    if mark in came:
                        waiting.discard(number_)
        return time.perf_counter() - began

    def _drain(self, count: int) -> None:
        """Until every page has its head."""
        seen: set[int] = set()
        deadline = time.monotonic() + PATIENCE_S
        while len(seen) < count and time.monotonic() < deadline:
            for number, _ in self.epoll.poll(1.0, 4_096):
                if self.sockets[number].recv(65_536):
                    seen.add(number)
        if len(seen) < count:
            raise ServerDied(f"{count - len(seen)} pages were not opened")

    def close(self) -> None:
        self.epoll.close()
        for one in self.sockets.values():
            one.close()


def opened(port: int, receives: int = 0) -> socket.socket:
    """An open page; `receives` bytes are all that its network holds."""
    one = socket.socket()
    if receives:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    one.settimeout(PATIENCE_S)
    one.connect(("127.0.0.1", port))
    one.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
    one.setblocking(False)
    return one


@contextmanager
def hub(_: Path) -> Iterator[Running]:
    port = free_port()
    with child("ours", [sys.executable, "-m", "bench.peers.hub", str(port)], port) as running:
        yield running


@contextmanager
def nchan(folder: Path) -> Iterator[Running]:
    """Debian's nginx and its nchan module, from their packages, installed nowhere."""
    root = packages(folder)
    port, place = free_port(), Path(tempfile.mkdtemp(dir=folder))
    module = root / "usr/lib/nginx/modules/ngx_nchan_module.so"
    conf = (PEERS / "nchan.conf.template").read_text()
    for name, value in {"MODULE": module, "PLACE": place, "PORT": port}.items():
        conf = conf.replace(name, str(value))
    (place / "nginx.conf").write_text("user root;\nmaster_process off;\n" + conf)
    # The module makes a folder below /var/lib whatever its settings say: it gets a /var/lib of its own.
    start = f"mount -t tmpfs none /var/lib && mkdir /var/lib/nginx && exec {root}/usr/sbin/nginx -p {place} -c {place}/nginx.conf"
    command = ["unshare", "-rm", "sh", "-c", start]
    with child("nchan", command, port) as running:
        yield running


def packages(folder: Path) -> Path:
    """The unpacked packages, downloaded once a run by apt."""
    root = folder / "nginx"
    if not root.exists():
        root.mkdir()
        if shutil.which("apt-get") is None:
            raise ServerDied("nchan comes from Debian's packages: this bench needs apt-get")
        subprocess.run(
            ["apt-get", "download", "nginx", "libnginx-mod-nchan"], cwd=root, check=True, capture_output=True
        )
        for package in root.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(root)], check=True)
    return root


@contextmanager
def child(name: str, command: list[str], port: int) -> Iterator[Running]:
    ran = subprocess.Popen(command, preexec_fn=lambda: pin(SERVER_CORE), env=os.environ)  # noqa: PLW1509  no thread runs here yet
    deadline = time.monotonic() + READY_S
    try:
        pin(CLIENT_CORE)
        while time.monotonic() < deadline and ran.poll() is None and not answers(port):
            time.sleep(0.05)
        yield Running(name, ran.pid, port)
    finally:
        ran.kill()
        ran.wait()


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
