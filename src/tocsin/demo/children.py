"""Child processes that live no longer than their parent, and are waited for by asking them, not by counting seconds."""

import ctypes
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from tocsin.clock import Clock
from tocsin.errors import TocsinError

READY_S = 120.0
STOP_S = 10.0
ASK_EVERY_S = 0.05
DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2): a demo that is killed leaves nothing listening."""


class ChildDied(TocsinError):
    code = "child_died"

    def __init__(self, name: str, log: Path) -> None:
        super().__init__()
        self.message = f"A part of the demo ended by itself: {name}. What it said is in {log}."


class Children:
    """A with-block in which processes run. Leaving it stops them, the last one started first."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """What each child says goes to `<folder>/<name>.txt`."""
        self._folder = folder
        self._clock = clock
        self._pause = threading.Event()
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *why: object) -> None:
        for _, child in reversed(self._running):
            child.terminate()
        for _, child in self._running:
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def start(self, name: str, command: Sequence[str]) -> None:
        """Begin one. It sees no terminal; Ctrl-C reaches the parent alone, which stops it in order."""
        with self._log(name).open("wb") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509  # nothing else runs in this process yet
            )
        self._running.append((name, child))

    def wait_for(self, name: str, port: int) -> None:
        """Until it listens on loopback: our servers do so when they are ready. Raises `ChildDied` when one ends before."""
        if not self.wait_until(lambda: _listens(port), READY_S):
            raise ChildDied(self.dead() or name, self._log(name))

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """True as soon as `condition` holds; False when it does not within `seconds`, or when a child died."""
        deadline = self._clock.monotonic() + seconds
        while not condition():
            if self.dead() or self._clock.monotonic() > deadline:
                return False
            self._pause.wait(ASK_EVERY_S)
        return True

    def check(self) -> None:
        """Raises `ChildDied` when one has ended by itself."""
        if name := self.dead():
            raise ChildDied(name, self._log(name))

    def dead(self) -> str | None:
        """The name of a child that has ended by itself."""
        return next((name for name, child in self._running if child.poll() is not None), None)

    def kill(self, name: str) -> None:
        """SIGKILL, for trials. It may be started again under its name."""
        child = dict(self._running)[name]
        child.kill()
        child.wait()
        self._running.remove((name, child))

    def pid(self, name: str) -> int:
        """Its number, for benches."""
        return dict(self._running)[name].pid

    def _log(self, name: str) -> Path:
        return self._folder / f"{name.replace(' ', '-')}.txt"


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ASK_EVERY_S):
            return True
    except OSError:
        return False


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)
