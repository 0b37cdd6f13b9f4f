"""`./run fuzz [TARGET...] [--minutes N]`: every parser under atheris and every address under schemathesis, or those named.

The time is shared out equally. What reached new code is kept in `.fuzz` and begun from next time; so is an input that broke something.
Exit status 1 when one did.
"""

import argparse
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz import api
from tests.fuzz.targets import TARGETS

KEPT = Path(__file__).parents[2] / ".fuzz"
NAMES = ("api", *(target.name for target in TARGETS))


def main() -> int:
    asked = parsed()
    seconds = max(1, round(asked.minutes * 60 / len(asked.targets)))
    broken = []
    for name in asked.targets:
        print(f"{name}, {seconds} s ...", flush=True)
        is_well, said = addresses(seconds) if name == "api" else parser(name, seconds)
        print(f"    {said}", flush=True)
        broken += [] if is_well else [name]
    print(f"Broken: {', '.join(broken)}." if broken else "Nothing broke.")
    return 1 if broken else 0


def addresses(seconds: float) -> tuple[bool, str]:
    """The node's addresses."""
    with tempfile.TemporaryDirectory(prefix="tocsin-fuzz-") as folder:
        try:
            return True, f"{api.main(Path(folder), seconds)} requests"
        except AssertionError as error:
            return False, "\n".join([str(error), *getattr(error, "__notes__", [])])


def parser(name: str, seconds: int, kept: Path = KEPT) -> tuple[bool, str]:
    """One parser, or "all" of them at once, in a process of its own: libFuzzer ends the one it runs in."""
    if find_spec("atheris") is None:
        return False, "there is no atheris for this machine: it has wheels for x86_64 Linux alone"
    command = [sys.executable, "-m", "tests.fuzz.parsers", name, str(seconds), str(kept / name)]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if ran.returncode == 0:
        told = [line for line in ran.stderr.splitlines() if line.startswith("stat::number_of_executed_units")]
        return True, f"{told[-1].split()[-1] if told else '?'} inputs"
    _, _, found = (ran.stdout + ran.stderr).partition("=== Uncaught Python exception: ===")
    return False, found[:3000] or ran.stderr[-3000:]


def parsed() -> argparse.Namespace:
    reader = argparse.ArgumentParser(prog="./run fuzz", description="Strange input for hours (docs/run/fuzz.md).")
    reader.add_argument("targets", nargs="*", metavar="TARGET", help=f"all of them, or some of: {', '.join(NAMES)}")
    reader.add_argument("--minutes", type=float, default=10.0, help="in all; 10 unless said")
    asked = reader.parse_args()
    if unknown := set(asked.targets) - set(NAMES):
        reader.error(f"there is no target {', '.join(sorted(unknown))}")
    asked.targets = asked.targets or list(NAMES)
    return asked


if __name__ == "__main__":
    sys.exit(main())
