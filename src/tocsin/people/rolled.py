"""The roll as this node keeps it: what stands in its log, what waits for a beat, and why a statement about a key is refused."""

from collections.abc import Iterable, Sequence

from tocsin.crypto import envelope
from tocsin.errors import TocsinError
from tocsin.people.roll import Entered, Void, is_well_formed
from tocsin.people.statement import OF_DESK, KeyStatement
from tocsin.tlog.public import Standing
from tocsin.tlog.roll import is_rolled

BEYOND = 1 << 52
"""Index of the statement that is being judged: behind everything that stands or waits."""
WAITING = 1 << 51

REASONS = {
    Void.ELSEWHERE: "This statement is for another node. Nothing was done; make one for this node.",
    Void.KNOWN: "This key stands there already, or its steward does not. Nothing was done; look at the list first.",
    Void.REMOVED: "This key was removed, which is for good. Nothing was done; make a new key and add that.",
    Void.FEW: "Two stewards have to stay. Nothing was done; add another steward first, then remove this one.",
    Void.MALFORMED: "This is not a key with a pseudonym of at most 40 letters. Nothing was done; check what you typed.",
    Void.UNSIGNED: "This is not signed by the stewards it needs. Nothing was done; `tocsin steward list` tells who counts.",
}


class KeyRefused(TocsinError):
    """A statement about a key that would change nothing in the log."""

    code = "key_refused"
    status = 409

    def __init__(self, reason: Void) -> None:
        super().__init__()
        self.message = REASONS[reason]


class FoundedAlready(TocsinError):
    code = "founded_already"
    status = 409
    message = (
        "This node has its first two stewards. Nothing was done; two of them add others: `tocsin steward propose`."
    )


def check_shape(said: KeyStatement) -> None:
    """Raises `KeyRefused` unless the statement names the keys its act takes, and a desk's can be sealed to."""
    if not is_well_formed(said) or not all(one.name.isprintable() for one in said.keys):
        raise KeyRefused(Void.MALFORMED)
    if said.act in OF_DESK:
        envelope.seal_to([one.key for one in said.keys], b"")


def entered(
    standing: Iterable[Standing], waiting: Sequence[tuple[bytes, bytes]], more: Sequence[bytes], now_s: int
) -> list[Entered]:
    """Entries in their order: of the log, of the line, and one that is being judged."""
    stands = [Entered(one.entry, one.leaf, one.beat) for one in standing if is_rolled(one.entry)]
    waits = [Entered(entry, WAITING + nth, now_s) for nth, (_, entry) in enumerate(waiting) if is_rolled(entry)]
    return [*stands, *waits, *(Entered(entry, BEYOND, now_s) for entry in more)]
