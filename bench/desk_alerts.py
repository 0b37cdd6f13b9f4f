"""`./run bench desk_alerts`: a SIMULATION of the alert desk's rules. Nobody was asked, and no figure is a city's.

1,000 reports of which 3 % are true, as one network counted (819 calls, 22 confirmed); eight confirmers in four cohorts who accept at
38 % and arrive at 27 % of the times they are asked (GoodSAM); two at the desk who judge what was sent in. What decides is the room's
own code (`alerts.decide`, the waves of `alerts.duty`, the brake's rules); what people do is drawn. Curves over how often a confirmer
errs, and over how many of the eight lie together. `--short`: fewer rounds.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from bench._report import Headline, asked, finish, table
from tocsin.alerts import brake
from tocsin.alerts.brake import Brake
from tocsin.alerts.decide import SAYS, decided
from tocsin.alerts.duty import Duty
from tocsin.alerts.model import ASKED_AT_ONCE, DESK, SILENCE_S, Answer, MatterId, Reason, Verdict, Voice
from tocsin.clock import SystemClock

REPORTS, TRUE_SHARE = 1_000, 0.03
COHORTS = (1, 1, 2, 2, 3, 3, 4, 4)
ACCEPT, ARRIVE = 0.38, 0.27
ERRORS = (0.0, 0.01, 0.02, 0.05, 0.10, 0.20)
LIARS = (0, 1, 2, 3)
WALK_S = (60, 240)
"""From accepting to having looked, drawn evenly: confirmers are asked in their own area. An assumption, and it sets the median."""
EVERY_S = 420
"""Seconds between reports: a thousand in five days."""
FOUND_OUT_S = 600
"""After so long a false alert is taken back by the desk. An assumption."""
ROUNDS, SHORT_ROUNDS = 40, 4
PRECISION_GOAL, RECALL_GOAL, MEDIAN_GOAL_S = 0.98, 0.90, 300


@dataclass
class Drawn(SystemClock):
    """Chance from a seed, time that is told."""

    source: random.Random
    at: float = 0.0

    def random_bytes(self, count: int) -> bytes:
        return self.source.randbytes(count)

    def monotonic(self) -> float:
        return self.at


@dataclass
class Seen:
    """What came of one simulated week."""

    true_published: int = 0
    false_published: int = 0
    true: int = 0
    took_s: list[float] = field(default_factory=list)


def main() -> None:
    given = asked("The alert desk, simulated.")
    rounds = given.runs or (SHORT_ROUNDS if given.is_short else ROUNDS)
    print("SIMULATION: no person took part; the rules are the program's, what people do is drawn.\n")
    rows = [row(f"error {error:.0%}", weeks(rounds, error, 0)) for error in ERRORS]
    rows += [row(f"{liars} of 8 lie together, error 1%", weeks(rounds, 0.01, liars)) for liars in LIARS[1:]]
    head = ["simulated", "precision", "recall", "median s to a decision", "false of 1,000", "at most"]
    table(head, rows)
    found = weeks(rounds, 0.01, 0)
    figures = precision(found), recall(found), median(found)
    finish(
        given,
        [
            Headline(
                "simulated_precision",
                round(figures[0], 3),
                PRECISION_GOAL,
                round(figures[0] / PRECISION_GOAL, 2),
                "at 1 % error",
            ),
            Headline(
                "simulated_recall",
                round(figures[1], 3),
                RECALL_GOAL,
                round(figures[1] / RECALL_GOAL, 2),
                "at 1 % error",
            ),
            Headline(
                "simulated_median_s",
                figures[2],
                MEDIAN_GOAL_S,
                round(MEDIAN_GOAL_S / max(1.0, figures[2]), 2),
                "s at 1 % error",
            ),
        ],
    )


def weeks(rounds: int, error: float, liars: int) -> list[Seen]:
    return [week(random.Random(f"{seed} {error} {liars}"), error, liars) for seed in range(rounds)]


def week(source: random.Random, error: float, liars: int) -> Seen:
    """A thousand reports, one after the other."""
    seen, now, taken_back_at = Seen(), Brake(), list[float]()
    bad = frozenset(source.sample(range(len(COHORTS)), liars))
    for number in range(REPORTS):
        at = number * EVERY_S
        for due in [one for one in taken_back_at if one <= at]:
            now = brake.cancelled(now, int(due), Reason.NOT_SO)
            taken_back_at.remove(due)
        if now.is_frozen:  # two stewards look in the morning
            now = Brake() if number % 200 == 0 else now
        is_true = source.random() < TRUE_SHARE
        seen.true += is_true
        need = brake.voices_needed(now, at, 6)
        verdict, after_s = decide(source, error, bad, need, is_true=is_true)
        if verdict is Verdict.SEEN and not now.is_frozen:
            now = brake.published(now, at, at)
            seen.true_published += is_true
            seen.false_published += not is_true
            if not is_true:
                taken_back_at.append(at + after_s + FOUND_OUT_S)
        if is_true and verdict is not None:
            seen.took_s.append(after_s)
    return seen


def decide(
    source: random.Random, error: float, bad: frozenset[int], need: int, *, is_true: bool
) -> tuple[Verdict | None, float]:
    """The verdict on one report and how many seconds it took, by the room's own waves and rule."""
    clock = Drawn(source)
    duty = Duty(clock)
    names = {bytes([n]) * 32: n for n in range(len(COHORTS))}
    for who, n in names.items():
        duty.begin(who, COHORTS[n], 1, who)
    voices: list[Voice] = []
    desk = [_desk(source, error, is_true=is_true) for _ in range(2)]
    for at, voice in arrivals(source, duty, names, error, bad, is_true=is_true):
        voices.append(voice)
        found = decided([*voices, desk[0]], need)
        on_scene = {one.cohort for one in voices if SAYS[one.answer] is found}
        # On one cohort alone two of the desk release it (`alerts.release`): the second looks for themselves.
        if found is not None and (len(on_scene) >= need or SAYS[desk[1].answer] is found):
            return found, at
    return None, 0.0


def arrivals(
    source: random.Random, duty: Duty, names: dict[bytes, int], error: float, bad: frozenset[int], *, is_true: bool
) -> Iterator[tuple[float, Voice]]:
    """Who speaks, and when, in the order of their speaking: at most four asked at once, silence moving on after a minute."""
    asked_: set[bytes] = set()
    spoken: list[tuple[float, Voice]] = []
    for wave in count():
        found = duty.pick(asked_, [], ASKED_AT_ONCE)
        if not found:
            break
        asked_ |= {*found}
        for who in found:
            n, chance = names[who], source.random()
            comes = n in bad or chance < ARRIVE
            if comes:
                at = wave * SILENCE_S + source.uniform(5, SILENCE_S) + source.uniform(*WALK_S)
                says = True if n in bad else is_true is not (source.random() < error)
                answer = Answer.SEEN if says else Answer.NOTHING_SEEN
                spoken.append((at, Voice(who, MatterId(b""), who, COHORTS[n], 1, answer, 0)))
    return iter(sorted(spoken, key=lambda one: one[0]))


def _desk(source: random.Random, error: float, *, is_true: bool) -> Voice:
    """One at the desk, who heard the caller: errs twice as often as one on scene."""
    says = is_true is not (source.random() < 2 * error)
    return Voice(b"d", MatterId(b""), b"d", DESK, 1, Answer.SEEN if says else Answer.NOTHING_SEEN, 0)


def precision(found: list[Seen]) -> float:
    true, false = sum(one.true_published for one in found), sum(one.false_published for one in found)
    return true / max(1, true + false)


def recall(found: list[Seen]) -> float:
    return sum(one.true_published for one in found) / max(1, sum(one.true for one in found))


def median(found: list[Seen]) -> float:
    times = sorted(time for one in found for time in one.took_s)
    return round(times[len(times) // 2]) if times else 0.0


def row(name: str, found: list[Seen]) -> list[str]:
    false = sum(one.false_published for one in found) / len(found)
    most = max(one.false_published for one in found)
    return [name, f"{precision(found):.3f}", f"{recall(found):.3f}", f"{median(found):.0f}", f"{false:.2f}", f"{most}"]


if __name__ == "__main__":
    main()
