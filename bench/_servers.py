"""The servers that are measured: the node as it is run in earnest, and two that take resumable uploads (tus 1.0).

Each is a process of its own on the server's core, on a free loopback port, with its files on the same disk.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench._machine import ROOT, SERVER_CORE, free, pin

PEERS = Path(__file__).parent / "peers"
READY_S = 30.0
BEAT_S = 10
"""Six times as often as a city's, so that a short run has its share of them."""
CITY_BEAT_S = 60


class ServerDied(Exception):
    """It ended or did not answer; what it said is in the message."""


class Server(NamedTuple):
    """One that answers."""

    name: str
    pid: int
    address: tuple[str, int]
    folder: Path


@contextmanager
def node(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    beat_s: int = BEAT_S,
    is_pinned: bool = True,
    push_services: Sequence[str] = (),
    before: Sequence[str] = (),
) -> Iterator[Server]:
    """A real `tocsin serve` on SQLite, its log beating, its limits on one recording out of the way. `before`: a command first."""
    port = free_port()
    settings = folder / "node.toml"
    place = json.dumps(str(folder / "node"))
    settings.write_text(
        f'folder = {place}\nlog_origin = "bench.invalid/tocsin"\npack = "minneapolis-sample"\nkeys = "unattended"\n'
        f"trials = true\nbeat_seconds = {beat_s}\nport = {port}\n"
        f"push_services = {json.dumps([*push_services])}\n"
        "[recording]\nstarts_per_minute = 1000000\nbytes_per_second = 1000000000\nburst_bytes = 1000000000\n"
    )
    program = [sys.executable, "-m", "tocsin", "--settings", str(settings)]
    subprocess.run([*program, "keys", "init"], check=True, capture_output=True)
    if before:
        subprocess.run([*program, *before], check=True, capture_output=True)
    with running("tocsin", [*program, "serve"], port, "/health", folder, environment, is_pinned=is_pinned) as server:
        yield server


@contextmanager
def tus_node(folder: Path) -> Iterator[Server]:
    """npm `@tus/server` with its file store."""
    port = free_port()
    command = ["node", str(PEERS / "tus.js"), str(folder / "files"), str(port)]
    with running("@tus/server", command, port, "/", folder) as server:
        yield server


@contextmanager
def tus_python(folder: Path) -> Iterator[Server]:
    """PyPI `tuspyserver` under uvicorn with uvloop and httptools."""
    port = free_port()
    command = [sys.executable, str(PEERS / "tus.py"), str(folder / "files"), str(port)]
    with running("tuspyserver", command, port, "/", folder) as server:
        yield server


def share_recipient(server: Server) -> str:
    """The age recipient for return shares of a running node."""
    found: str = json.loads((server.folder / "node" / "published.json").read_text())["share"]
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def running(
    name: str,
    command: list[str],
    port: int,
    path: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    is_pinned: bool = True,
) -> Iterator[Server]:
    if shutil.which(command[0]) is None:
        raise ServerDied(f"{command[0]} is not there: `./run bench` puts it in the way")
    told = folder / "said.txt"
    with told.open("wb") as said:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(environment or {}),
            preexec_fn=(lambda: pin(SERVER_CORE)) if is_pinned else free,  # noqa: PLW1509  no thread runs here yet
        )
    try:
        address = ("127.0.0.1", port)
        _wait(child, address, path, told)
        yield Server(name, child.pid, address, folder)
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait(child: subprocess.Popen[bytes], address: tuple[str, int], path: str, told: Path) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and child.poll() is None:
        try:
            if _answers(address, request):
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise ServerDied(told.read_text(errors="replace")[-2000:] or "it did not answer")


def _answers(address: tuple[str, int], request: bytes) -> bool:
    """Whether anything that is not an error of the server comes back."""
    with socket.create_connection(address, timeout=5) as one:
        one.sendall(request)
        return one.recv(4096)[9:10] in {b"2", b"4"}
