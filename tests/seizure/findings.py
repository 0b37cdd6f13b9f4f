"""What an attack found."""

from collections.abc import Iterable
from typing import NamedTuple


class Finding(NamedTuple):
    """`level` of the attack, `kind` of truth, `place` where; `what` tells one from another, `how` is for the reader."""

    level: str
    kind: str
    place: str
    what: str
    how: str = ""

    @property
    def mark(self) -> tuple[str, str, str]:
        """What a planted leak is recognised by."""
        return self.level, self.kind, self.place


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many different things were recovered, by kind."""
    different = {(one.kind, one.what) for one in findings}
    return {kind: sum(1 for found, _ in different if found == kind) for kind in sorted({kind for kind, _ in different})}
