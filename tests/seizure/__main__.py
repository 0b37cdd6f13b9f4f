"""`./run seizure [--short] [--json] [--seed N] [--write]`: seize a node and look for what it should not hold (docs/run/seizure.md).

Exit status 1 when something was recovered from the powered-off or the idle node, or when a planted leak was not found.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.seizure import namespaces, page, report
from tests.seizure.leaks import LEAKS, SHORT_GROUP
from tests.seizure.trial import Trial


def main() -> int:
    asked = parsed(sys.argv[1:])
    is_root = namespaces.can_seize()
    if is_root:
        namespaces.go_inside(sys.argv[1:])
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)
    print(f"{'Short' if asked.short else 'Full'} form, seed {seed}.", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tocsin-seizure-") as folder:
        trial = Trial(Path(folder), seed, is_short=asked.short, is_root=is_root)
        result = report.Result(seed, is_short=asked.short)
        if not asked.only_planted:
            result.clean = trial.clean()
            print("\n".join(report.of_the_node(result, most=200 if asked.show else 12)), flush=True)
        for group in sorted({leak.group for leak in LEAKS} & set(asked.group or range(9))):
            leaks = [leak for leak in LEAKS if leak.group == group and (asked.leak in ("", leak.name))]
            if leaks and (group == SHORT_GROUP or not asked.short) and not asked.only_clean:
                result.take(leaks, trial.planted(leaks))
                print("\n".join(report.of_leaks(result, leaks)), flush=True)
    result.seconds = time.monotonic() - began
    print(report.in_short(result), flush=True)
    if asked.write:
        page.write(result)
    if asked.json:
        print(json.dumps(report.as_dict(result)))
    return 0 if result.is_good else 1


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run seizure")
    parser.add_argument("--short", action="store_true", help="the form that is part of the tests")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.add_argument("--seed", type=int, help="repeat the choices of an earlier run")
    parser.add_argument("--write", action="store_true", help="write docs/run/seizure.md from the result")
    parser.add_argument("--show", action="store_true", help="show what stands around each finding")
    parser.add_argument("--only-clean", action="store_true", help="plant nothing")
    parser.add_argument("--only-planted", action="store_true", help="leave out the node as it is")
    parser.add_argument("--leak", default="", help="plant this one alone")
    parser.add_argument("--group", type=int, action="append", help="plant the leaks of this group")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
