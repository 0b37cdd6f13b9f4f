"""What a beat says of the roll: how many signed keys of stewards and desk stand in the log by its end, and the hash over all of them.

A node that shows one phone a list without a lawyer's removal would have to say so to everybody, in the log, where whoever audits it
sees that it is false. The hash is over a set: a crash may append an entry twice, and a beat shuffles what it takes.
"""

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from tocsin.crypto import canonical
from tocsin.tlog.entry import ROLL, ROLLED

HEAD = b"tocsin.roll/v1\n"


class Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a `roll` entry. `head`: hex."""

    beat: int
    count: int
    head: str


def is_rolled(entry: bytes) -> bool:
    """Whether an entry is part of the roll."""
    return entry.startswith(ROLLED)


def digest(entry: bytes) -> bytes:
    """What the head is made of."""
    return sha256(entry).digest()


def head(digests: Iterable[bytes]) -> str:
    """Hash over the digests of distinct entries, in any order."""
    return sha256(HEAD + b"".join(sorted(digests))).hexdigest()


def state_entry(beat: int, digests: Iterable[bytes]) -> bytes:
    """The entry with which `beat` says what the roll is."""
    known = set(digests)
    return ROLL + canonical.dumps({"beat": beat, "count": len(known), "head": head(known)})


def parse_state(entry: bytes) -> Stated | None:
    """What a `roll` entry says; `None` for every other entry, also for a malformed one."""
    if not entry.startswith(ROLL):
        return None
    try:
        return msgspec.convert(canonical.loads(entry[len(ROLL) :]), Stated)
    except (canonical.CanonicalError, msgspec.ValidationError):
        return None
