"""`./run faults [ID...] [--short | --full] [--json] [--seed N]`: the fault trials, one after the other.

With an ID the full form, without one the short forms of all. Exit status 1 when a promise did not hold.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.outcome import Outcome
from tests.faults.trials import TRIALS, Trial


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that mounts and nodes are cleaned up then too
    asked = parsed()
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)
    random.seed(seed)
    is_full = asked.full or bool(asked.ids and not asked.short)
    print(f"{'Full' if is_full else 'Short'} form, seed {seed}.", flush=True)
    results = {trial.id: perform(trial, is_full=is_full) for trial in TRIALS if trial.id in (asked.ids or ids())}
    is_good = all(outcome.is_good for outcome in results.values())
    if asked.json:
        told = {
            name: {"good": found.is_good, **found.figures, "skipped": found.skipped} for name, found in results.items()
        }
        print(json.dumps({"good": is_good, "seed": seed, "form": "full" if is_full else "short", "trials": told}))
    return 0 if is_good else 1


def perform(trial: Trial, *, is_full: bool) -> Outcome:
    """One trial in a folder of its own, told as it goes."""
    print(f"{trial.id}  {trial.title} ...", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tocsin-faults-") as folder:
        try:
            outcome = trial.perform(Path(folder), is_full)
        except AssertionError as error:
            outcome = Outcome(is_good=False, figures={"broken": str(error)})
    outcome.figures["seconds"] = round(time.monotonic() - began, 1)
    print(f"    {outcome.as_words()}")
    for line in outcome.skipped:
        print(f"    skipped: {line}")
    sys.stdout.flush()
    return outcome


def ids() -> list[str]:
    return [trial.id for trial in TRIALS]


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run faults", description="Fault trials (docs/run/faults.md).")
    parser.add_argument("ids", nargs="*", metavar="ID", help=", ".join(f"{one.id} {one.title}" for one in TRIALS))
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="the form that is part of the tests")
    form.add_argument("--full", action="store_true", help="the long form of everything")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.add_argument("--seed", type=int, help="repeats the random choices of an earlier run")
    asked = parser.parse_args()
    asked.ids = [one.upper() for one in asked.ids]
    if unknown := set(asked.ids) - set(ids()):
        parser.error(f"there is no trial {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
