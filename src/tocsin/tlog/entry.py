"""What stands in the log: a type line, LF, a body (docs/spec/log.md). The log pads each beat with filler and shuffles
it.
"""

from collections.abc import Sequence

from tocsin.clock import Clock
from tocsin.crypto import canonical

BEAT = b"tocsin.leaf/v1 beat\n"
TIME = b"tocsin.leaf/v1 time\n"
DESK_KEY = b"tocsin.leaf/v1 desk-key\n"
RELEASE = b"tocsin.leaf/v1 release\n"
RECEIPT_KEY = b"tocsin.leaf/v1 receipt-key\n"
CONTINUES = b"tocsin.leaf/v1 continues\n"
CITY_KEY = b"tocsin.leaf/v1 city-key\n"
STEWARD_KEY = b"tocsin.leaf/v1 steward-key\n"
RETENTION = b"tocsin.leaf/v1 retention\n"
ROLL = b"tocsin.leaf/v1 roll\n"
SIGNED_DESK_KEY = b"tocsin.leaf/v2 desk-key\n"
SIGNED_STEWARD_KEY = b"tocsin.leaf/v2 steward-key\n"
TOKEN_KEY = b"tocsin.leaf/v1 token-key\n"
TOKEN_KEYS = b"tocsin.leaf/v1 token-keys\n"
ROLLED = (SIGNED_DESK_KEY, SIGNED_STEWARD_KEY)
"""What the roll is made of (`roll`). Entries of these kinds under v1 were an operator's alone; nobody believes them now."""

COMMITMENT_BYTES = 32
CLASSES = (64, 256, 1024)
"""How many entries a beat may have; beyond the last, its multiples. The class is the leak that docs/spec/log.md states.
"""


def kind_of(entry: bytes) -> str:
    """The kind in the type line; empty for what has none."""
    return entry.partition(b"\n")[0].decode("ascii", "replace").partition(" ")[2]


def beat_entry(commitment: bytes) -> bytes:
    """The entry of one recording in one beat. `commitment`: 32 bytes."""
    if len(commitment) != COMMITMENT_BYTES:
        raise ValueError("a commitment is 32 bytes")
    return BEAT + commitment


def time_entry(beat: int, first: int) -> bytes:
    """The first entry of every beat: which beat it is and at which index it begins."""
    return TIME + canonical.dumps({"beat": beat, "first": first})


def parse_time(entry: bytes) -> tuple[int, int] | None:
    """`(beat, first)` of a time entry; `None` for every other entry, also for a malformed one."""
    if not entry.startswith(TIME):
        return None
    try:
        found = canonical.loads(entry[len(TIME) :])
    except canonical.CanonicalError:
        return None
    match found:
        case {"beat": int(beat), "first": int(first), **rest} if not rest:
            return beat, first
    return None


def newest_time(bundle: Sequence[bytes], start: int) -> int | None:
    """The beat of the last genuine time entry in a bundle that begins at index `start`."""
    for offset in range(len(bundle) - 1, -1, -1):
        found = parse_time(bundle[offset])
        if found and found[1] == start + offset:
            return found[0]
    return None


def class_of(count: int, classes: Sequence[int] = CLASSES) -> int:
    """The number of entries a beat with `count` real ones is padded to."""
    for size in classes:
        if count <= size:
            return size
    return -(-count // classes[-1]) * classes[-1]


def pad_and_shuffle(entries: Sequence[bytes], places: int, clock: Clock) -> tuple[list[bytes], tuple[int, ...]]:
    """`entries` among filler at random places of `places`, and the place of each given entry, in given order."""
    filler = [BEAT + clock.random_bytes(COMMITMENT_BYTES) for _ in range(places - len(entries))]
    given = [*entries, *filler]
    order = _permutation(places, clock)
    mixed = [b""] * places
    for entry, place in zip(given, order, strict=True):
        mixed[place] = entry
    return mixed, tuple(order[: len(entries)])


def _permutation(count: int, clock: Clock) -> list[int]:
    """A uniformly random order of `range(count)` (Fisher and Yates)."""
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = _below(last + 1, clock)
        order[last], order[other] = order[other], order[last]
    return order


def _below(bound: int, clock: Clock) -> int:
    """Uniform in `range(bound)`. 16 bytes make the bias of the remainder smaller than 2**-100."""
    return int.from_bytes(clock.random_bytes(16), "big") % bound
