"""`./run bench matching`: two names compared, ours and `nomenklatura`'s ways, on the same labelled pairs, by processor time.

The peer needs PyICU, which compiles (`apt-get install g++ libicu-dev`) for some minutes the first time; it stands in an environment of
its own under `.bench`. F1 of each is told at the threshold that is best for it, so that nobody loses by a number of ours.
"""

import csv
import json
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from bench._machine import ROOT, described, own_folder, say
from bench._report import Headline, asked, finish, table
from tocsin.registry.names import compared

LABELLED = ROOT / "tests" / "registry" / "labelled_pairs.csv"
PEER = "nomenklatura==4.17.4"
PLACE = ROOT / ".bench" / "nomenklatura"
SECONDS, SHORT_SECONDS = 10.0, 2.0


class Judged(NamedTuple):
    """One way of comparing: its best F1 and the score from which it has it."""

    name: str
    pairs_a_second: float
    f1: float
    least: float
    wrong: int
    missed: int


def main() -> None:
    given = asked("Comparing two names, beside nomenklatura.")
    seconds = SHORT_SECONDS if given.is_short else SECONDS
    with own_folder() as folder:
        print(described(folder), flush=True)
    with LABELLED.open(newline="") as file:
        rows = [(row["left"], row["right"], row["is_same"] == "yes") for row in csv.DictReader(file)]
    labels = [one[2] for one in rows]
    ours = judged("ours", [compared(left, right).score for left, right, _ in rows], labels, rate(rows, seconds))
    told = peers(seconds)
    theirs = [judged(name, one["scores"], labels, one["pairs_a_second"]) for name, one in told.items()]
    table(
        ["", "pairs a second", "best F1", "from a score of", "wrongly one", "missed"],
        [
            [
                one.name,
                f"{one.pairs_a_second:.0f}",
                f"{one.f1:.3f}",
                f"{one.least:.2f}",
                f"{one.wrong}",
                f"{one.missed}",
            ]
            for one in (ours, *theirs)
        ],
    )
    fastest, best = max(one.pairs_a_second for one in theirs), max(one.f1 for one in theirs)
    speed, fit = ours.pairs_a_second / fastest, ours.f1 / best
    told_as = (
        "a second of processor time (peer: its fastest way)",
        f"of {len(rows)} labelled pairs (peer: its best way)",
    )
    headlines = [
        Headline("match_pairs_a_second", round(ours.pairs_a_second), round(fastest), round(speed, 2), told_as[0]),
        Headline("match_f1", round(ours.f1, 3), round(best, 3), round(fit, 2), told_as[1]),
    ]
    finish(given, headlines)


def rate(rows: Sequence[tuple[str, str, bool]], seconds: float) -> float:
    began, done = time.process_time(), 0
    while time.process_time() - began < seconds:
        for left, right, _ in rows:
            compared(left, right)
        done += len(rows)
    return done / (time.process_time() - began)


def judged(name: str, scores: Sequence[float], labels: Sequence[bool], pairs_a_second: float) -> Judged:
    """The best that can be had of these scores."""
    found = [_at(least / 100, scores, labels) for least in range(1, 101)]
    f1, least, wrong, missed = max(found)
    return Judged(name, pairs_a_second, f1, least, wrong, missed)


def _at(least: float, scores: Sequence[float], labels: Sequence[bool]) -> tuple[float, float, int, int]:
    said = [(score >= least, is_same) for score, is_same in zip(scores, labels, strict=True)]
    count: Callable[[tuple[bool, bool]], int] = said.count
    right, wrong, missed = count((True, True)), count((True, False)), count((False, True))
    return (2 * right / (2 * right + wrong + missed) if right else 0.0), least, wrong, missed


def peers(seconds: float) -> dict[str, dict[str, Any]]:
    """What the peer's ways say, in its own environment."""
    python = PLACE / "bin" / "python"
    uv = ROOT / ".tools" / "bin" / "uv"
    if not python.exists():
        say(f"Installing {PEER} into {PLACE.relative_to(ROOT)}: it compiles for some minutes.")
        subprocess.run([uv, "venv", "--quiet", PLACE], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, PEER], check=True)
    line = [str(python), "-W", "ignore", str(ROOT / "bench" / "peers" / "match.py"), str(LABELLED), str(seconds)]
    found: dict[str, dict[str, Any]] = json.loads(
        subprocess.run(line, check=True, capture_output=True, text=True).stdout
    )
    return found


if __name__ == "__main__":
    main()
