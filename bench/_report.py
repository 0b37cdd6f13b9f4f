"""What every bench prints: a table, and with --json one object on the last line."""

import argparse
import json
from collections.abc import Sequence
from typing import NamedTuple


class Headline(NamedTuple):
    """A figure beside its peer's, measured in the same run. `ratio` is above 1 where ours is the better one."""

    headline: str
    ours: float
    peer: float
    ratio: float
    unit: str


class Asked(NamedTuple):
    """What the command line asked for."""

    is_short: bool
    as_json: bool
    runs: int | None


def asked(description: str) -> Asked:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--short", action="store_true", help="fewer rounds, under a minute")
    parser.add_argument("--json", action="store_true", help="last line is one JSON object")
    parser.add_argument("--runs", type=int, help="another number of runs or rounds")
    given = parser.parse_args()
    return Asked(given.short, given.json, given.runs)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their heads, the first column to the left, figures to the right."""
    widths = [max(len(line[column]) for line in [head, *rows]) for column in range(len(head))]
    for line in [head, ["-" * width for width in widths], *rows]:
        first, *rest = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join([first.strip().ljust(widths[0]), *rest]))


def finish(given: Asked, headlines: Sequence[Headline]) -> None:
    """Print the headlines, and the JSON where it was asked for."""
    print()
    for one in headlines:
        print(f"{one.headline}: {one.ours:g} {one.unit}, peer {one.peer:g}, ratio {one.ratio:g}")
    if given.as_json:
        print(json.dumps({"headlines": [one._asdict() for one in headlines]}))
