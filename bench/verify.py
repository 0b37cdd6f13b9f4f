"""`./run bench verify`: the verifier, alone as a program, beside `sha256sum` of the same package.

Both begin as processes of their own with the file in the page cache. The verifier opens every chunk, checks every
signature, and hashes each byte with SHA-256, SHA-512 and CRC-32; `sha256sum` hashes the file once.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench._machine import described, own_folder, say
from bench._report import Headline, asked, finish, table
from tests.evidence.scene import Scene
from tocsin.evidence import verify as verifier

SLICE = 250_000
"""Bytes of a second of video at 2 Mbit/s."""
SHORT_CHUNKS, FULL_CHUNKS = 200, 1000
SHORT_ROUNDS, FULL_ROUNDS = 3, 7
GOAL = 0.5


def main() -> None:
    given = asked("Checking a package, beside sha256sum of the same file.")
    with own_folder() as folder:
        print(described(folder), flush=True)
        finish(given, [measured(folder, is_short=given.is_short)])


def measured(folder: Path, *, is_short: bool) -> Headline:
    """The headline, also of `./run bench encounters`. Runs on every core, whatever the caller was pinned to."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    chunks, rounds = (SHORT_CHUNKS, SHORT_ROUNDS) if is_short else (FULL_CHUNKS, FULL_ROUNDS)
    return beside_sha256sum(folder, chunks, rounds)


def beside_sha256sum(folder: Path, chunks: int, rounds: int) -> Headline:
    """Megabytes a second of the verifier and of sha256sum, in turns."""
    package, trust = made(folder, chunks)
    size = package.stat().st_size / 1e6
    program = [sys.executable, verifier.__file__, str(package), "--trust", str(trust)]
    commands = {"tocsin verify": program, "sha256sum": ["sha256sum", str(package)]}
    rates: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            rates[name].append(size / timed(command))
    rows = [[name, f"{statistics.median(of):.0f}", f"{min(of):.0f}", f"{max(of):.0f}"] for name, of in rates.items()]
    table([f"{size:.0f} MB, {chunks} chunks", "MB/s median", "least", "most"], rows)
    ours, peer = (statistics.median(rates[name]) for name in commands)
    print(f"goal: at least {GOAL} of sha256sum")
    return Headline("verify_vs_sha256sum", round(ours), round(peer), round(ours / peer, 2), "MB/s")


def made(folder: Path, chunks: int) -> tuple[Path, Path]:
    """A package of `chunks` seconds of noise, and the keys it is to be checked with."""
    say(f"Making a package of {chunks} seconds.")
    scene = Scene(folder, chunks=chunks, step_ms=1000, body=lambda _: os.urandom(SLICE))
    package, trust = folder / "package.zip", folder / "TRUST.json"
    with package.open("wb") as file:
        for part in scene.parts():
            file.write(part)
    trust.write_text(json.dumps(scene.trust()))
    return package, trust


def timed(command: list[str]) -> float:
    """Seconds of a command that has to succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
