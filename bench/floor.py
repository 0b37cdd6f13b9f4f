"""`./run bench floor`: what one received second costs before a line of ours runs, beside what five times the peer would leave.

Each figure is processor time on the server's core: the calls into libraries that no receiving node can do without, and the least
HTTP server there can be in Python (`_bare`). Their sum is a floor: routing, order, quotas and waking threads come on top.
"""

import mmap
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from bench._load import Lane, Parts, closed
from bench._machine import CLIENT_CORE, SERVER_CORE, cpu_s, described, own_folder, pin, say
from bench._phones import CIPHERTEXT, CLOCK
from bench._report import Headline, asked, finish, table
from bench._servers import free_port, running, tus_node
from bench._tus import Upload
from tocsin.crypto.custody import Session
from tocsin.crypto.keys import SigningKey, verify_ed25519
from tocsin.crypto.profiles import CHUNK_NOTE_BYTES
from tocsin.ids import RecordingId
from tocsin.store import disk

AT_ONCE = 16
LOOPS, CALLS = 15, 200
GOAL_RATIO = 5


def main() -> None:
    given = asked("What receiving costs before a line of ours runs.")
    chunks = 60 if given.is_short else 200
    with own_folder() as folder:
        print(described(folder), flush=True)
        pin(SERVER_CORE)
        rows = [*calls(), ("write past the cache and sync, sixteen at once", written_us(folder))]
        pin(CLIENT_CORE)
        say("the least server")
        port = free_port()
        with running("bare", [sys.executable, "-m", "bench._bare", str(port)], port, "/", folder) as bare:
            rows.append(("HTTP: read whole, answer", served_us(bare.pid, lambda: _bare_lanes(port, chunks))))
        say("@tus/server")
        place = folder / "tus"
        place.mkdir()
        with tus_node(place) as peer:
            theirs = served_us(
                peer.pid, lambda: [Lane(peer.address, _upload(peer.address, chunks), 204) for _ in range(AT_ONCE)]
            )
    floor = sum(us for _, us in rows)
    print()
    table(["of one chunk of 64 KiB", "us"], [[name, f"{us:.0f}"] for name, us in [*rows, ("sum", floor)]])
    left = theirs / GOAL_RATIO
    print(
        f"\n@tus/server: {theirs:.0f} us a chunk; {GOAL_RATIO} times as many chunks would leave {left:.0f} us for each"
    )
    finish(given, [Headline("floor_us_per_chunk", round(floor), round(left), round(left / floor, 2), "us")])


def calls() -> Iterator[tuple[str, float]]:
    """Calls into libraries, each with its CPU time in microseconds."""
    key = SigningKey.generate(CLOCK)
    message, receipt = CLOCK.random_bytes(64), CLOCK.random_bytes(250)
    signature = key.sign(message)
    session = Session(RecordingId(CLOCK.random_bytes(16)), b"\x09" + bytes(31), CLOCK)
    yield "SHA-256 of the chunk", _call_us(lambda: sha256(CIPHERTEXT).digest())
    yield "check of its signature", _call_us(lambda: verify_ed25519(key.public, signature, message))
    yield "signature of the receipt", _call_us(lambda: key.sign(receipt))
    yield "sealed custody note", _call_us(lambda: session.seal(b"{}", CHUNK_NOTE_BYTES), CALLS // 10)


def written_us(folder: Path) -> float:
    """Processor time of writing and syncing one chunk of a group of sixteen."""
    size = AT_ONCE * 65_536
    buffer = memoryview(mmap.mmap(-1, size))
    path = folder / "written"
    path.write_bytes(b"")
    descriptor = disk.open_direct(path)
    os.posix_fallocate(descriptor, 0, CALLS * size)
    began = time.process_time()
    for number in range(CALLS):
        os.pwrite(descriptor, buffer, number * size)
        os.fdatasync(descriptor)
    used = time.process_time() - began
    os.close(descriptor)
    return used / CALLS / AT_ONCE * 1e6


def served_us(pid: int, lanes: Callable[[], list[Lane]]) -> float:
    """Processor time of a server for one chunk, the median of three rounds after one to warm it."""
    closed(lanes())
    found = []
    for _ in range(3):
        ready = lanes()
        before = cpu_s(pid)
        loaded = closed(ready)
        found.append((cpu_s(pid) - before) / loaded.answered * 1e6)
    return statistics.median(found)


def _call_us(call: Callable[[], object], count: int = CALLS) -> float:
    """The least mean of several loops: what else the machine does only ever adds."""
    found = []
    for _ in range(LOOPS):
        began = time.process_time_ns()
        for _ in range(count):
            call()
        found.append((time.process_time_ns() - began) / count / 1000)
    return min(found)


def _bare_lanes(port: int, chunks: int) -> list[Lane]:
    head = f"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(CIPHERTEXT)}\r\n\r\n".encode()
    return [Lane(("127.0.0.1", port), iter([[head, CIPHERTEXT]] * chunks * 3), 200) for _ in range(AT_ONCE)]


def _upload(address: tuple[str, int], chunks: int) -> Iterator[Parts]:
    return Upload(address, "/files", chunks).requests()


if __name__ == "__main__":
    main()
