"""A node in a process of its own that a trial may kill, stop, limit and start again.

`warm` processes are forked from one that has already loaded the program, so that twenty restarts cost seconds; a cold one is
`tocsin serve` as an operator starts it. Both run the same code from `serving.run` on.
"""

import contextlib
import json
import logging
import multiprocessing
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.serving import free_ports
from tests.waiting import wait_until
from tocsin import new_keys
from tocsin.clock import SystemClock
from tocsin.forgetful import MEMORY
from tocsin.own_keys import PUBLISHED, read_published
from tocsin.settings import Settings, settings_of, toml_of

READY_S = 60.0
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.faults.served", "tests.faults.preloaded"])


class Died(Exception):
    """The node ended before it was ready."""


class Served:
    """One node: its settings and log in `folder`, what it keeps in `place`. `start` and `kill` as often as wanted."""

    def __init__(self, folder: Path, place: Path | None = None, **settings: Any) -> None:
        self.folder = folder
        self.place = place or folder / "node"
        self.port = free_ports(1)[0]
        self.limits: dict[int, tuple[int, int]] = {}
        """Resource limits (resource.RLIMIT_...) of the process."""
        self.deadline_scale = 1.0
        """Multiplies the web's deadlines in warm processes, so that a trial of them does not take minutes."""
        self.watch_scale = 1.0
        """Multiplies the minutes of the alarm in warm processes, and lets a small disk be room enough."""
        self._process: Any = None
        self._options = settings
        folder.mkdir(parents=True, exist_ok=True)
        self._write_settings()
        if not (self.place / PUBLISHED).exists():
            new_keys.make(self.settings, None, SystemClock())

    @property
    def settings(self) -> Settings:
        return settings_of(self._file)

    @property
    def share_recipient(self) -> str:
        return read_published(self.settings)["share"]

    @property
    def log_vkey(self) -> str:
        return read_published(self.settings)["log"]

    @property
    def receipt_vkey(self) -> str:
        return read_published(self.settings)["receipts"]

    @property
    def said(self) -> str:
        """Everything the node said since the first start."""
        return (self.folder / "said.txt").read_text(errors="replace")

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    @property
    def exit_code(self) -> int | None:
        """As `subprocess` has it: None while it runs, minus the signal that ended it."""
        if isinstance(self._process, subprocess.Popen):
            return self._process.poll()
        code: int | None = self._process.exitcode
        return code

    def start(self, fail_point: str = "", *, warm: bool = True, ready_s: float = READY_S, **environment: str) -> float:
        """Start, wait until it takes seconds; how long that took. Raises `Died`."""
        began = time.monotonic()
        self.begin(fail_point, warm=warm, **environment)
        wait_until(lambda: self._is_ready() or self.exit_code is not None, ready_s, step=0.01)
        if self.exit_code is not None:
            raise Died(self.said[-2000:])
        return time.monotonic() - began

    def begin(self, fail_point: str = "", *, warm: bool = True, **environment: str) -> None:
        """Start without waiting."""
        wanted = {**environment, **({"TOCSIN_FAIL_POINT": fail_point} if fail_point else {})}
        scales = (self.deadline_scale, self.watch_scale)
        arguments = (str(self._file), str(self.folder / "said.txt"), wanted, self.limits, scales)
        if warm:
            process = FORKS.Process(target=serve, args=arguments, daemon=True)
            process.start()
            self._process = process
        else:
            with (self.folder / "said.txt").open("ab") as said:
                command = [sys.executable, "-m", "tocsin", "--settings", str(self._file), "serve"]
                # An installed program has its bytecode; compiling it at each start takes four times as long.
                kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
                self._process = subprocess.Popen(command, stdout=said, stderr=said, env={**kept, **wanted})

    def move_clock(self, offset_ms: int) -> None:
        """Shift the wall clock of warm processes by so much, from now on. Call it before the first start to have one that moves."""
        draft = self.folder / "clock.draft"
        draft.write_text(str(offset_ms))
        draft.rename(self.folder / "clock")

    def kill(self, with_signal: int = signal.SIGKILL) -> None:
        """End the process and wait until it is gone. Does nothing when it is."""
        if self._process is None:
            return
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)
                os.kill(self.pid, with_signal)
        self.wait()

    def wait(self, seconds: float = 30) -> int:
        """Until it has ended; its exit code."""
        wait_until(lambda: self.exit_code is not None, seconds)
        code = self.exit_code
        assert code is not None
        return code

    def _is_ready(self) -> bool:
        try:
            return bool(health(self.port)["ready"])
        except (OSError, ValueError):
            return False

    @property
    def _file(self) -> Path:
        return self.folder / "node.toml"

    def _write_settings(self) -> None:
        settings: dict[str, Any] = {
            "folder": str(self.place),
            "runtime": str(self.folder / "runtime"),
            "log_origin": "sample.example/log",
            "pack": "minneapolis-sample",
            "keys": "unattended",
            "trials": True,
            "port": self.port,
            "public_url": f"http://127.0.0.1:{self.port}",
            "beat_seconds": 1,
            "erase_slots": 256,
            "ballast_bytes": 1024 * 1024,
        } | self._options
        recording = {"starts_per_minute": 100_000} | settings.pop("recording", {})
        self._file.write_text(toml_of({**settings, "recording": recording}))


@contextlib.contextmanager
def serving(folder: Path, place: Path | None = None, **settings: Any) -> Iterator[Served]:
    """A node, not yet started, that is dead afterwards whatever happens."""
    node = Served(folder, place, **settings)
    try:
        yield node
    finally:
        node.kill()


def serve(
    file: str,
    said: str,
    environment: Mapping[str, str],
    limits: Mapping[int, tuple[int, int]],
    scales: tuple[float, float],
) -> None:
    """What a warm process does."""
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.close(descriptor)
    os.environ.update(environment)
    os.environ.update(MEMORY)  # a forked process must not start itself anew
    for which, limit in limits.items():
        resource.setrlimit(which, limit)
    logging.getLogger().handlers.clear()  # what was preloaded has put its own there, and a thread that did not come along
    from tocsin import cli, wake, watch
    from tocsin.web import body, server

    deadline_scale, watch_scale = scales
    if watch_scale != 1:
        watch.MINUTE *= watch_scale
        watch.LOOK_SECONDS *= watch_scale
        watch.FIRST_PROBE_SECONDS *= watch_scale
        watch.LEAST_FREE_BYTES = 0
        wake.CALM_S *= watch_scale

    moved = Path(file).with_name("clock")

    def now_ms(self: SystemClock) -> int:
        return time.time_ns() // 1_000_000 + int(moved.read_text())

    if moved.exists():
        SystemClock.now_ms = now_ms  # type: ignore[method-assign]

    body.GRACE_SECONDS *= deadline_scale
    server.HEADER_SECONDS *= deadline_scale
    server.DRAIN_SECONDS *= deadline_scale
    server.KEEP_ALIVE_SECONDS = round(server.KEEP_ALIVE_SECONDS * deadline_scale)
    sys.exit(cli.main(["--settings", file, "serve"], standalone_mode=False))


def health(port: int, seconds: float = 2.0) -> dict[str, Any]:
    """`GET /health`. Raises `OSError`, `ValueError`."""
    with socket.create_connection(("127.0.0.1", port), seconds) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        whole = b""
        while part := connection.recv(65536):
            whole += part
    found: dict[str, Any] = json.loads(whole.partition(b"\r\n\r\n")[2])
    return found
