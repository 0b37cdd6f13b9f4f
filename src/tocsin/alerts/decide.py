"""When voices are a decision: pure, the whole rule in one place (rules of safety, 7).

A cohort speaks once, whoever many of it are asked. Two cohorts that say the same, or one confirmer on scene and one at the desk, are a
decision, if fewer say the other. Somebody at the desk never replaces the last one on scene, and where a third voice is needed it is a
third cohort's or another's at the desk.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from tocsin.alerts.model import DESK, Answer, Draft, Matter, State, Verdict, Voice
from tocsin.crypto import canonical

TWO, THREE = 2, 3
SAYS = {Answer.SEEN: Verdict.SEEN, Answer.NOTHING_SEEN: Verdict.NOTHING_SEEN}
AGREED = {State.CONFIRMED: Verdict.SEEN, State.NOTHING_SEEN: Verdict.NOTHING_SEEN, State.PUBLISHED: Verdict.SEEN}
LABEL = b"tocsin.alerts/v1 release\n"


@dataclass(frozen=True)
class Weight:
    """How much stands behind a verdict: cohorts on scene, people at the desk."""

    cohorts: frozenset[int]
    desk: frozenset[bytes]

    @property
    def voices(self) -> int:
        return len(self.cohorts) + len(self.desk) if self.cohorts else 0


def weigh(voices: Iterable[Voice], verdict: Verdict) -> Weight:
    """What stands behind `verdict`."""
    own = [one for one in voices if SAYS.get(one.answer) is verdict]
    return Weight(
        frozenset(one.cohort for one in own if one.cohort != DESK),
        frozenset(one.who for one in own if one.cohort == DESK),
    )


def decided(voices: Sequence[Voice], need: int = TWO) -> Verdict | None:
    """The verdict that `need` voices agree on and fewer contradict; None while there is none."""
    weights = {verdict: weigh(voices, verdict).voices for verdict in Verdict}
    best = max(weights, key=lambda verdict: weights[verdict])
    others = max(count for verdict, count in weights.items() if verdict is not best)
    return best if weights[best] >= need and weights[best] > others else None


def current(voices: Iterable[Voice], version: int) -> list[Voice]:
    """Voices for a version of the alert."""
    return [one for one in voices if one.version == version]


def digest(matter: Matter, draft: Draft, verdict: Verdict, version: int) -> bytes:
    """What a release is of: whoever releases names exactly what would be published, and nothing else is."""
    told = {
        "area": draft.area,
        "kind": str(draft.kind),
        "life": draft.life_minutes,
        "matter": matter.id.hex(),
        "status": str(draft.status),
        "verdict": str(verdict),
        "version": version,
    }
    return sha256(LABEL + canonical.dumps(told)).digest()
