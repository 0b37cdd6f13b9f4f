"""kill -9 at any instant: what was acknowledged is there, at its index and proven; the log starts again by itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tlog.conftest import ORIGIN, MovableClock
from tocsin.crypto.keys import SigningKey
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import merkle
from tocsin.tlog.log import Log


class Acknowledged:
    """What the process said before it died."""

    def __init__(self) -> None:
        self.entries: dict[int, str] = {}
        self.heads: list[tuple[int, bytes]] = []

    def add(self, line: str) -> None:
        match line.split():
            case ["beat", size, root]:
                self.heads.append((int(size), bytes.fromhex(root)))
            case [index, raw]:
                assert self.entries.setdefault(int(index), raw) == raw, "an entry was moved"

    def check(self, place: Path) -> None:
        log = Log.open(DiskBlobs(place), ORIGIN, SigningKey(b"l" * 32), MovableClock())
        for index, raw in self.entries.items():
            assert log.entry(index).hex() == raw
        for size, root in self.heads:
            merkle.verify_consistency(size, log.size, root, log.root, log.consistency_proof(size, log.size))
        for index in list(self.entries)[-3:]:
            leaf = merkle.leaf_hash(log.entry(index))
            merkle.verify_inclusion(leaf, index, log.size, log.inclusion_proof(index, log.size), log.root)


def run_until_killed(place: Path, known: Acknowledged, fail_point: str, lines: int) -> None:
    """Let the appender run; it dies at `fail_point`, or is killed after it said `lines` lines."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.tlog.appender", str(place), ORIGIN],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TOCSIN_FAIL_POINT": fail_point},
    )
    assert child.stdout is not None
    with child.stdout:
        for number, line in enumerate(child.stdout, 1):
            if line.endswith("\n"):  # a line torn by the kill acknowledges nothing
                known.add(line)
            if not fail_point and number >= lines:
                child.send_signal(signal.SIGKILL)
    assert child.wait(20) == -signal.SIGKILL


@pytest.mark.parametrize(
    "fail_points",
    [
        [f"blobs.before_write:{nth}" for nth in (1, 2, 3, 4, 5, 18, 23)],
        [f"blobs.after_write:{nth}" for nth in (1, 2, 3, 4, 5, 19, 24)],
        [""] * 6,
    ],
    ids=["before a write", "after a write", "at any instant"],
)
def test_a_killed_log_has_lost_nothing_it_acknowledged(tmp_path: Path, fail_points: list[str]) -> None:
    known = Acknowledged()
    for number, fail_point in enumerate(fail_points):
        run_until_killed(tmp_path, known, fail_point, lines=7 + 13 * number)
        known.check(tmp_path)
    assert known.heads
