"""L1, L2 and L5: every truth in every form, digests of what can be guessed, and what the node printed."""

from collections.abc import Iterator

from tests.seizure.acquire import BUSY, Seized
from tests.seizure.findings import Finding
from tests.seizure.search import Needles
from tests.seizure.truths import Truths, digests

OPEN_SOCKETS = frozenset({"address", "agent", "language", "e-mail", "capability"})
"""What the memory of a node in mid-traffic may hold: the requests of that second (THREATS.md, T2)."""
SHALLOW = frozenset({"memory"})
"""Memory is not carved for packed pages: the program's own code would be most of what opens."""


def attack(seized: Seized, truths: Truths) -> Iterator[Finding]:
    """Everything that stands somewhere in some form."""
    items = list(truths.items)
    needles = Needles(items, digests(items, seized.node_keys()))
    for place, blob in seized.places.items():
        for hit in needles.find(place, blob, deep=place not in SHALLOW):
            if seized.variant == BUSY and place == "memory" and hit.truth.kind in OPEN_SOCKETS:
                continue
            level = "L2" if hit.form == "digest" else "L5" if place == "said" else "L1"
            how = f"{hit.form}: {hit.around!r}"
            yield Finding(level, hit.truth.kind, place, hit.truth.value.hex(), how)
