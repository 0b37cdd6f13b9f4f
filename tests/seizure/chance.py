"""How well one order tells another: rank correlation, and the area under a curve, each with a one-sided bound from shuffling.

A run asks some dozens of such questions, and a node that leaks nothing must pass all of them in every run: so the bound is five
standard deviations of what shuffled answers give, not one in a hundred of them.
"""

import random
from collections.abc import Sequence
from math import atanh, tanh
from statistics import pstdev
from typing import NamedTuple

SHUFFLES = 60
DEVIATIONS = 5
ALMOST_ONE = 0.999
ADVANTAGE = 0.05
"""What a guesser may gain by chance and rounding: |2 AUC - 1|."""


class Measured(NamedTuple):
    """`value` between 0 and 1; `bound` is what chance does not reach; `items` is of how many."""

    value: float
    bound: float
    items: int

    @property
    def is_found(self) -> bool:
        return self.value > max(self.bound, ADVANTAGE)


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 0, ties shared."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and values[order[end + 1]] == values[order[at]]:
            end += 1
        for place in range(at, end + 1):
            found[order[place]] = (at + end) / 2
        at = end + 1
    return found


def correlation(left: Sequence[float], right: Sequence[float]) -> float:
    """Spearman's: 1 where one order is the other, 0 where it says nothing."""
    a, b = ranks(left), ranks(right)
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    above = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    below = (sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)) ** 0.5
    return above / below if below else 0.0


def order_told(groups: Sequence[tuple[Sequence[float], Sequence[float]]], source: random.Random) -> Measured:
    """How well the first of each pair of lists orders the second, over all groups."""
    kept = [(list(a), list(b)) for a, b in groups if len(a) > 2]
    count = sum(len(a) for a, _ in kept)
    if not kept:
        return Measured(0.0, 1.0, 0)

    def pooled(*, mixed: bool) -> float:
        return sum(len(a) * correlation(source.sample(a, len(a)) if mixed else a, b) for a, b in kept) / count

    by_chance = [pooled(mixed=True) for _ in range(SHUFFLES)]
    return Measured(abs(pooled(mixed=False)), unreached_correlation(by_chance), count)


def same_person(values: Sequence[float], persons: Sequence[int], source: random.Random, shuffles: int) -> Measured:
    """How well nearness of a number tells that two recordings are one person's: |2 AUC - 1|. The bound shuffles persons."""
    pairs = [(a, b) for a in range(len(values)) for b in range(a)]
    distances = ranks([abs(values[a] - values[b]) for a, b in pairs])

    def measure(who: Sequence[int]) -> float:
        near = [place for place, (a, b) in zip(distances, pairs, strict=True) if who[a] == who[b]]
        count = len(near)
        if not count or count == len(pairs):
            return 0.0
        low = sum(near) - count * (count - 1) / 2
        return 2 * low / (count * (len(pairs) - count)) - 1

    mixed = [measure(source.sample(list(persons), len(persons))) for _ in range(shuffles)]
    return Measured(abs(measure(persons)), unreached(mixed), len(pairs))


def unreached(by_chance: Sequence[float]) -> float:
    """What answers of which these are a sample do not reach."""
    return DEVIATIONS * pstdev(by_chance)


def unreached_correlation(by_chance: Sequence[float]) -> float:
    """The same for correlations, which end at 1: counted in Fisher's z, so that a perfect order of two dozen is found."""
    return tanh(DEVIATIONS * pstdev([atanh(max(-ALMOST_ONE, min(ALMOST_ONE, one))) for one in by_chance]))
