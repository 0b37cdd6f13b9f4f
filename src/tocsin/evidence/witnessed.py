"""Who outside the node saw a tree, for the README's sentences. The verifier judges anew, under keys from outside."""

from collections.abc import Iterable, Sequence
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
        for name, time in signed_by(raw, keys if held >= size else ()).items():
            times[name] = min(time, times.get(name, time))
    authorities = {token.authority for held, tokens in covering.tokens.items() if held >= size for token in tokens}
    return Seen(sorted(times.items(), key=lambda item: item[1]), sorted(authorities))


def signed_by(checkpoint: bytes, keys: Iterable[notes.VerifierKey]) -> dict[str, int]:
    """When each witness signed one checkpoint, by its name."""
    note, times = notes.parse(checkpoint), dict[str, int]()
    for key in keys:
        try:
            time = cosignature.verify(note, key)
        except TocsinError:
            continue
        times[key.name] = min(time, times.get(key.name, time))
    return times
