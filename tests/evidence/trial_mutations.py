"""Every kind of change to a package, with many seeds, must be found at the right step; honest packages must pass.

`./run mutations [--seeds 20] [--honest 500] [--json]`: the long form. The tests run each kind once
and 25 honest ones. Exit status 1 when anything was missed.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.evidence.mutations import KINDS
from tests.evidence.mutations.case import Case, case_of
from tests.evidence.scene import Scene
from tocsin.evidence.verify import Report, verify

ABSENCES = frozenset(
    {
        "unsigned",
        "signer_unlogged",
        "signer_by_operator",
        "signer_removed",
        "no_leaf",
        "witnesses",
        "witnessed_late",
        "clock_suspect",
        "no_timestamp",
        "tail_uncovered",
        "unsigned_notes",
        "receipt_key",
    }
)
"""Codes of what is missing rather than wrong: exit 3, in red, never 0."""


class Outcome(NamedTuple):
    """What the verifier made of one mutant. `missed` is empty when it was found where it had to be."""

    kind: str
    seed: int
    missed: str


def judge(report: Report, step: str, code: str) -> str:
    """Why the report is not what it must be, or nothing. The first FAIL is where a change was found."""
    told = ", ".join(f"{one.name} {one.status} {one.codes}" for one in report.steps if one.status != "PASS")
    if code in ABSENCES:
        is_told = any(one.name == step and code in one.codes for one in report.steps)
        return "" if report.exit == 3 and is_told else f"exit {report.exit}: {told}"
    failed = next((one for one in report.steps if one.status == "FAIL"), None)
    is_found = failed is not None and (failed.name, failed.codes[0]) == (step, code)
    return "" if report.exit == 1 and is_found else f"exit {report.exit}: {told}"


def scene_of(place: Path, seed: int) -> Scene:
    """A scene that differs with its seed in length, rhythm and content."""
    random = Random(seed)
    chunks, step = random.randrange(8, 14), random.choice([9_000, 20_000, 31_000])
    contents = [random.randbytes(random.randrange(1, 3000)) for _ in range(chunks)]
    name = b"trial" + seed.to_bytes(4)
    return Scene(place, name, chunks=chunks, step_ms=step, restart_at=5, body=lambda seq: contents[seq])


def mutants(place: Path, seed: int, kinds: list[str]) -> Iterator[Outcome]:
    """Every one of `kinds` on the package of one scene."""
    honest = case_of(scene_of(place, seed), Random(seed))
    path = place / "mutant.zip"
    for name in kinds:
        function, step, code = KINDS[name]
        case = Case(honest.scene, dict(honest.files), Random(f"{seed} {name}"), honest.trust)
        path.write_bytes(function(case))
        yield Outcome(name, seed, judge(verify(path, case.trust, case.signer), step, code))


def honest(place: Path, seed: int) -> Outcome:
    """A package that nobody touched, with whatever it may lack."""
    random = Random(seed)
    scene = scene_of(place, seed)
    if random.random() < 0.3:
        options = {"is_stopped": False} if random.random() < 0.5 else {"kind": random.choice(["rehearsal", "import"])}
        scene = Scene(place, b"honest" + seed.to_bytes(4), chunks=random.randrange(5, 12), **options)
    case = case_of(scene, random)
    path = place / "honest.zip"
    path.write_bytes(case.as_is())
    report = verify(path, case.trust)
    missed = [f"{step.name} {step.status} {step.codes} {step.where}" for step in report.steps if step.status != "PASS"]
    return Outcome("honest", seed, "; ".join(missed))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--honest", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        changed = [one for seed in range(asked.seeds) for one in mutants(place, seed, list(KINDS))]
        passed = [honest(place, seed) for seed in range(asked.honest)]
    missed = [one for one in (*changed, *passed) if one.missed]
    steps = Counter(KINDS[name][1] for name in KINDS)
    told = {
        "kinds": len(KINDS),
        "mutants": len(changed),
        "honest": len(passed),
        "missed": [list(one) for one in missed],
    }
    print(json.dumps(told) if asked.json else f"{told}\nkinds by step: {dict(steps)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
