"""Who outside the node saw a tree, for the README's sentences. The verifier judges anew, under keys from outside."""

from collections.abc import Sequence
from typing import NamedTuple

from tocsin.errors import TocsinError
from tocsin.evidence.covering import Covering
from tocsin.tlog import cosignature
from tocsin.tlog import note as notes


class Seen(NamedTuple):
    """Witnesses with the time each signed at (Unix s), and names of timestamp authorities."""

    witnesses: Sequence[tuple[str, int]]
    timestamps: Sequence[str]


def witnessed(covering: Covering, size: int) -> Seen:
    """Who signed a tree of at least `size` entries, as the package's own keys tell."""
    times: dict[str, int] = {}
    keys = [notes.parse_vkey(key) for key in covering.keys.witnesses]
    for held, raw in covering.checkpoints.items():
        note = notes.parse(raw)
        for key in keys if held >= size else ():
            try:
                time = cosignature.verify(note, key)
            except TocsinError:
                continue
            times[key.name] = min(time, times.get(key.name, time))
    authorities = {token.authority for held, tokens in covering.tokens.items() if held >= size for token in tokens}
    return Seen(sorted(times.items(), key=lambda item: item[1]), sorted(authorities))
