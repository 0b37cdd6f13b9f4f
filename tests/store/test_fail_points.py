"""Fail points: armed only where both the environment and the settings say so."""

import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from tocsin.store import fail_points
fail_points.arm(os.environ, trials=sys.argv[1] == "trials")
for turn in range(4):
    print(turn, flush=True)
    fail_points.hit("here")
    fail_points.hit("elsewhere")
"""


@pytest.mark.parametrize(
    ("point", "trials", "reached"),
    [("here", "trials", 1), ("here:3", "trials", 3), ("nowhere", "trials", 4), ("here", "no", 4), ("", "trials", 4)],
)
def test_the_process_dies_where_it_is_told_and_nowhere_else(point: str, trials: str, reached: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, trials],
        env={**os.environ, "TOCSIN_FAIL_POINT": point},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == [str(turn).encode() for turn in range(reached)]
    assert done.returncode == (-signal.SIGKILL if reached < 4 else 0)
