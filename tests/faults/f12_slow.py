"""F12: clients that trickle, stay silent or never read. Others go on, each is let go by its deadline, nothing is left behind."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.faults.crowd import Crowd
from tests.faults.f01_kill import check_everything
from tests.faults.outcome import Outcome
from tests.faults.readback import Tally
from tests.faults.served import Served, health, serving
from tests.waiting import wait_until
from tocsin.web import body, server

HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
BODY = (
    b"PUT /encounters/AAAAAAAAAAAAAAAAAAAAAA/chunks/0 HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 1000000\r\nAuthorization: Tocsin AAAA\r\n\r\n"
)
ENDLESS = b"a" * 65_536
GREEDY = b"GET /en/about HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400
SLACK_S = 3.0
"""A timer of a node under attack may be so late; the tests, which may run on a busy machine, ask for the function alone."""

Bad = Callable[[int, float], Coroutine[Any, Any, float]]


async def trickled_header(port: int, every_s: float) -> float:
    """A header line now and then, never the last one; seconds until it was let go."""
    return await _trickle(port, HEAD, b"X-More: 1\r\n", every_s)


async def trickled_body(port: int, every_s: float) -> float:
    """A byte of a claimed million now and then."""
    return await _trickle(port, BODY, b"x", every_s)


async def endless_head(port: int, every_s: float) -> float:
    """One name of a header that never ends, as fast as it is taken."""
    del every_s
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    try:
        writer.write(HEAD + b"X")
        while True:
            writer.write(ENDLESS)
            await writer.drain()
    except OSError:
        writer.transport.abort()
    return time.monotonic() - began


async def silent(port: int, every_s: float) -> float:
    """Connects and says nothing."""
    return await _trickle(port, b"", b"", every_s)


async def kept_alive(port: int, every_s: float) -> float:
    """One whole request, then silence."""
    return await _trickle(port, HEAD + b"\r\n", b"", every_s)


async def never_reading(port: int, every_s: float) -> float:
    """Asks for a great deal and takes none of it; seconds until a write of its own fails."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    began = time.monotonic()
    try:
        writer.write(GREEDY)
        while not writer.transport.is_closing():
            await asyncio.sleep(every_s)
            writer.write(b"\r\n")
    except OSError:
        pass
    writer.transport.abort()
    del reader
    return time.monotonic() - began


async def _trickle(port: int, first: bytes, then: bytes, every_s: float) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    writer.write(first)
    gone = asyncio.create_task(_until_gone(reader))
    try:
        while not gone.done():
            if then:
                writer.write(then)
            await asyncio.wait([gone], timeout=every_s)
    except OSError:
        pass
    writer.transport.abort()
    await gone
    return time.monotonic() - began


async def _until_gone(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(65536):
            pass
    except OSError:
        return


def deadlines(scale: float) -> dict[str, tuple[Bad, float]]:
    """Each kind, and seconds by which it must be gone."""
    grace = body.GRACE_SECONDS * scale
    return {
        "trickled_header": (trickled_header, server.HEADER_SECONDS * scale),
        "trickled_body": (trickled_body, grace + 2),
        "endless_head": (endless_head, server.HEADER_SECONDS * scale),
        "silent": (silent, server.HEADER_SECONDS * scale),
        "kept_alive": (kept_alive, server.KEEP_ALIVE_SECONDS * scale + 1),
        "never_reading": (never_reading, server.DRAIN_SECONDS * scale + server.HEADER_SECONDS),
    }


async def attack(node: Served, each: int, scale: float, slack_s: float) -> dict[str, float]:
    """All of them at once, while phones record and somebody asks for the node's health; what was measured."""
    crowd = Crowd(node.share_recipient, width=2)
    over, waits = asyncio.Event(), list[float]()
    calm = await upload_rate(node, crowd, 1.0)
    asking = asyncio.create_task(ask_for_health(node, over, waits))
    kinds = deadlines(scale)
    bad = {
        name: [asyncio.create_task(kind(node.port, scale)) for _ in range(each)] for name, (kind, _) in kinds.items()
    }
    under_attack = await upload_rate(node, crowd, 1.5)
    told: dict[str, float] = {}
    for name, tasks in bad.items():
        _, still_open = await asyncio.wait(tasks, timeout=kinds[name][1] + 2 * slack_s)
        assert not still_open, f"{len(still_open)} {name} were never let go"
        longest = max(task.result() for task in tasks)
        assert longest <= kinds[name][1] + slack_s, f"{name} was let go after {longest:.1f} s only"
        told[f"{name}_s"] = round(longest, 1)
    over.set()
    await asking
    assert under_attack > 0, "nobody else could record"
    tally = await asyncio.to_thread(finish, node, crowd)
    assert tally.is_good
    p99 = sorted(waits)[int(len(waits) * 0.99)]
    return {
        "sockets": each * len(bad),
        "upload_rate_kept": round(under_attack / calm, 2),
        "health_p99_ms": round(p99 * 1000),
        **told,
    }


def finish(node: Served, crowd: Crowd) -> Tally:
    asyncio.run(crowd.finish(node.port))
    return check_everything(node, crowd)


async def upload_rate(node: Served, crowd: Crowd, seconds: float) -> float:
    """Seconds acknowledged a second."""
    before, until = crowd.acknowledged, asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, until.set)
    await crowd.press_on(node.port, until)
    return (crowd.acknowledged - before) / seconds


async def ask_for_health(node: Served, over: asyncio.Event, waits: list[float]) -> None:
    """Ten times a second; every answer must come."""
    while not over.is_set():
        began = time.monotonic()
        assert (await asyncio.to_thread(health, node.port, 10.0))["ready"]
        waits.append(time.monotonic() - began)
        await asyncio.sleep(0.1)


def open_files(node: Served) -> int:
    return sum(1 for _ in Path(f"/proc/{node.pid}/fd").iterdir())


def run(folder: Path, each: int, scale: float, slack_s: float = SLACK_S) -> dict[str, float]:
    """`each` sockets of each kind; deadlines are multiplied by `scale`."""
    with serving(folder) as node:
        node.deadline_scale = scale
        node.start()
        asyncio.run(upload_rate(node, Crowd(node.share_recipient), 0.5))  # what is opened once stays open
        before = open_files(node) if os.geteuid() == 0 else 0
        told = asyncio.run(attack(node, each, scale, slack_s))
        if before:
            wait_until(lambda: open_files(node) <= before + 4, 30)
            told["files_left_open"] = open_files(node) - before
        return told


def perform(folder: Path, is_full: bool) -> Outcome:
    """300 sockets of each kind under the real deadlines, or 20 under short ones."""
    told = run(folder, 300, 1.0) if is_full else run(folder, 20, 0.2)
    skipped = [] if os.geteuid() == 0 else ["F12 counting open files of the node: it forbids that to all but root"]
    return Outcome(is_good=True, figures=dict(told), skipped=skipped)
