"""Talks with a lawyer or helper inside a recording: none is handed over before somebody decided on it (`docs/spec/package.md`, Talks).

`Withholding` takes the seconds in order and says of each whether a decision withholds it. Picture and sound lie in the
same bytes, so a muted talk loses both. It asks for more than the marks: the slice that the phone was still filling when
the talk ended, and one second beyond, because a recorder hands over what it took in before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tocsin.crypto.stream import CALL, IMPORT, MEDIA
from tocsin.errors import TocsinError

GUARD_MS = 1000
"""How long after a talk's end a slice must begin to be surely free of it."""

MOST_AFTER = 16
"""Chunks that may be withheld behind the mark of a talk's end. A verifier refuses more: else a talk could hide what followed it."""


class Decision(StrEnum):
    """What becomes of one talk in a package."""

    KEEP = "keep"
    MUTE = "mute"


class CallUndecided(TocsinError):
    code = "call_undecided"
    status = 409
    message = (
        "This recording holds a talk with a lawyer or helper, which may be privileged. Listen to it with the lawyer first; "
        "then decide on each talk: --call 1=keep, or --call 1=mute to withhold its picture and sound."
    )


class CallUnknown(TocsinError):
    code = "call_unknown"
    status = 400
    message = "A decision was given for a talk that this recording does not have. Count its talks from 1."


class CallEntangled(TocsinError):
    code = "call_entangled"
    status = 409
    message = (
        "Too many pieces behind the end of a talk may still hold some of it. It cannot be muted in a package that proves "
        "itself; hand over cut copies instead."
    )


@dataclass
class Talk:
    """One talk. `begin` and `end` are the seqs of its marks; `withheld` counts the chunks that are left out."""

    number: int
    begin: int
    decision: Decision
    end: int | None = None
    end_ms: int | None = None
    withheld: int = 0


@dataclass
class Withholding:
    """Takes seconds in order. Afterwards `talks` and `undecided` say what was found."""

    decisions: Mapping[int, Decision]
    talks: list[Talk] = field(default_factory=list)
    undecided: bool = False
    _muted: Talk | None = None
    _after: int = 0
    _slice_ms: int = -1
    _before_ms: int = -1

    def takes(self, kind: int, seq: int, monotonic_ms: int, said: Mapping[str, object] | None) -> bool:
        """Whether this second is withheld. Raises `CallEntangled`."""
        if kind == CALL:
            self._mark(seq, monotonic_ms, begins=(said or {}).get("call") != "end")
        return kind in {MEDIA, IMPORT} and self._media(monotonic_ms)

    def check(self) -> None:
        """Raises `CallUndecided` or `CallUnknown` after all seconds were taken."""
        if self.undecided:
            raise CallUndecided
        if set(self.decisions) - {talk.number for talk in self.talks}:
            raise CallUnknown

    def _mark(self, seq: int, monotonic_ms: int, *, begins: bool) -> None:
        if self.talks and self.talks[-1].end is None:
            self.talks[-1].end, self.talks[-1].end_ms = seq, monotonic_ms
        if not begins:
            return
        number = len(self.talks) + 1
        self.undecided = self.undecided or number not in self.decisions
        self.talks.append(Talk(number, seq, self.decisions.get(number, Decision.KEEP)))
        if self.talks[-1].decision is Decision.MUTE:
            self._muted, self._after = self.talks[-1], 0

    def _media(self, monotonic_ms: int) -> bool:
        if monotonic_ms != self._slice_ms:
            self._before_ms, self._slice_ms = self._slice_ms, monotonic_ms
        muted = self._muted
        if muted is None:
            return False
        if muted.end_ms is not None:
            if self._before_ms >= muted.end_ms + GUARD_MS:
                self._muted = None
                return False
            self._after += 1
            if self._after > MOST_AFTER:
                raise CallEntangled
        muted.withheld += 1
        return True


def told_in_manifest(talks: list[Talk]) -> dict[str, object]:
    """The manifest's `calls`; nothing for a recording without a talk."""
    calls = [
        {"begin": one.begin, "decision": str(one.decision), "end": one.end, "withheld": one.withheld} for one in talks
    ]
    return {"calls": calls} if calls else {}


def told_in_custody(talks: list[Talk]) -> dict[str, object]:
    """What made.json says of the decisions: each is an act of whoever made the package."""
    decided = [{"call": one.number, "decision": str(one.decision)} for one in talks]
    return {"decisions": decided} if decided else {}
