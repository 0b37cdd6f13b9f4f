"""What came of a run: a table, one JSON object, and the page that says what a seized node reveals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.seizure.acquire import IDLE, POWERED_OFF
from tests.seizure.findings import Finding, counted
from tests.seizure.leaks import Leak
from tests.seizure.trial import Run

GATED = (POWERED_OFF, IDLE)
"""The variants in which nothing may be recovered."""


@dataclass
class Result:
    """Everything of one invocation."""

    seed: int
    is_short: bool
    clean: Run | None = None
    planted: list[tuple[Leak, bool]] = field(default_factory=list)
    seconds: float = 0.0

    def take(self, leaks: Sequence[Leak], run: Run) -> None:
        """Look for each leak's mark among what was found of the node that had it."""
        marks = {one.mark for found in run.findings.values() for one in found}
        self.planted += [(leak, leak.mark in marks) for leak in leaks]

    @property
    def recovered(self) -> int:
        """Different secrets found in any gated variant."""
        return len({(one.kind, one.what) for one in self.gated})

    @property
    def gated(self) -> list[Finding]:
        return [one for variant in GATED for one in (self.clean.findings.get(variant, []) if self.clean else [])]

    @property
    def is_good(self) -> bool:
        return not self.recovered and all(is_found for _, is_found in self.planted)


def as_dict(result: Result) -> dict[str, Any]:
    """The last line of `--json`."""
    run = result.clean
    return {
        "recovered": result.recovered,
        "planted": len(result.planted),
        "planted_found": sum(is_found for _, is_found in result.planted),
        "classes": classes(run) if run else {},
        "missed": [leak.name for leak, is_found in result.planted if not is_found],
        "figures": {name: round(one.value, 3) for name, one in sorted(run.figures.items())} if run else {},
        "residuals": run.residuals if run else [],
        "skipped": sorted(set(run.skipped)) if run else [],
        "form": "short" if result.is_short else "full",
        "seed": result.seed,
        "seconds": round(result.seconds, 1),
    }


def classes(run: Run) -> dict[str, dict[str, int]]:
    """By class: how many there were, and how many each variant gave."""
    of = run.truths.counts()
    found = {variant: counted(findings) for variant, findings in run.findings.items()}
    kinds = sorted({*of, *(kind for one in found.values() for kind in one)})
    return {
        kind: {"of": of.get(kind, 0), **{variant[:2]: one.get(kind, 0) for variant, one in found.items()}}
        for kind in kinds
    }


def of_the_node(result: Result, *, most: int) -> Iterator[str]:
    """The node as it is, for people; the first `most` findings."""
    assert result.clean
    yield from table(result.clean)
    yield from of_orders(result.clean)
    yield from (f"  named in THREATS.md: {what}" for what in result.clean.residuals)
    yield from (f"  SKIPPED {what}" for what in sorted(set(result.clean.skipped)))
    for one in result.gated[:most]:
        yield f"  {one.level} {one.kind} in {one.place}: {one.how[:200]}"


def of_leaks(result: Result, leaks: Sequence[Leak]) -> Iterator[str]:
    """Which of these were found."""
    told = dict(result.planted)
    yield from (f"  planted {leak.name}: {'found' if told[leak] else 'MISSED'}" for leak in leaks)


def in_short(result: Result) -> str:
    """The last line for people."""
    found = sum(is_found for _, is_found in result.planted)
    return (
        f"Recovered {result.recovered}; planted leaks found {found} of {len(result.planted)}; {result.seconds:.0f} s."
    )


def is_named(run: Run, figure: str) -> bool:
    """Whether this is a residual that THREATS.md says aloud."""
    return figure.removeprefix("order by ") in run.named


def table(run: Run) -> Iterator[str]:
    variants = [variant[:2] for variant in run.findings]
    yield "class                 of" + "".join(f"{variant:>6}" for variant in variants)
    for kind, row in classes(run).items():
        yield f"{kind:<18}{row['of']:>6}" + "".join(f"{row[variant]:>6}" for variant in variants)


def of_orders(run: Run) -> Iterator[str]:
    """Everything that was asked of orders and sizes."""
    for name, one in sorted(run.figures.items()):
        named = " (named in THREATS.md)" if is_named(run, name) else ""
        yield f"  L4 {name}: {one.value:.3f}, chance does not pass {one.limit}, n {one.items}{named}"
