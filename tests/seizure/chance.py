"""How well one order tells another: rank correlation, and the area under a curve, each with the bound that chance does not pass.

A run asks some dozens of such questions, and a node that leaks nothing must pass all of them in every run: one honest run in ten
thousand may be accused. That is divided by the number of questions (Bonferroni), and the bound of each question is the value that
shuffled answers pass with that small a probability. Of so small a probability no sample of shuffles tells anything: it is taken from
the law that the shuffled answers follow.
"""

import random
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import cos, factorial, inf, pi, prod, sin
from statistics import NormalDist, mean, pstdev
from typing import NamedTuple

FALSE_ALARMS = 1e-4
"""Honest runs that may be accused."""
QUESTIONS = 500
"""That one run may ask; the short form's test counts them."""
BY_CHANCE = FALSE_ALARMS / QUESTIONS
DEVIATIONS = -NormalDist().inv_cdf(BY_CHANCE / 2)
"""Standard deviations that a bell curve passes, up or down, with probability `BY_CHANCE`: 5.2."""
ADVANTAGE = 0.05
"""What a guesser may gain by chance and rounding: |2 AUC - 1|."""
SHUFFLES = 400
STEPS = 20_000


class Measured(NamedTuple):
    """`value` between 0 and 1; `bound` is what chance does not pass, infinite where too few tell nothing; `items` is of how many."""

    value: float
    bound: float
    items: int

    @property
    def is_found(self) -> bool:
        return self.value > max(self.bound, ADVANTAGE)

    @property
    def limit(self) -> str:
        """The bound, for people."""
        return "too few" if self.bound >= 1 else f"{self.bound:.3f}"


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


def order_told(groups: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Measured:
    """How well the first of each pair of lists orders the second, over all groups."""
    kept = [(a, b) for a, b in groups if len(set(a)) > 1 and len(a) > 2]
    count = sum(len(a) for a, _ in kept)
    if not kept:
        return Measured(0.0, inf, 0)
    value = sum(len(a) * correlation(a, b) for a, b in kept) / count
    variance = (
        sum(len(a) ** 2 / (len(a) - 1) for a, _ in kept) / count**2
    )  # a shuffled list's correlation has 1 / (n - 1)
    orders = prod(factorial(len(a)) // prod(map(factorial, Counter(a).values())) for a, _ in kept)
    return Measured(abs(value), bound_of(1 / variance) if orders > 2 / BY_CHANCE else inf, count)


def same_person(values: Sequence[float], persons: Sequence[int], source: random.Random) -> Measured:
    """How well nearness of a number tells that two recordings are one person's: |2 AUC - 1|. The bound shuffles persons."""
    pairs = [(a, b) for a in range(len(values)) for b in range(a)]
    distances = dict(zip(pairs, ranks([abs(values[a] - values[b]) for a, b in pairs]), strict=True))

    def measure(who: Sequence[int]) -> float:
        theirs: dict[int, list[int]] = {}
        for place, person in enumerate(who):
            theirs.setdefault(person, []).append(place)
        near = [distances[a, b] for places in theirs.values() for at, a in enumerate(places) for b in places[:at]]
        count = len(near)
        if not count or count == len(pairs):
            return 0.0
        low = sum(near) - count * (count - 1) / 2
        return 2 * low / (count * (len(pairs) - count)) - 1

    told = measure(persons)
    mixed = [measure(source.sample(persons, len(persons))) for _ in range(SHUFFLES)]
    return Measured(abs(told), unpassed(mixed, up=told > 0), len(pairs))


def unpassed(by_chance: Sequence[float], *, up: bool) -> float:
    """What answers of which these are a sample do not pass on one side. One side may be long: Pearson's type III, by its skewness
    (Mielke and Berry 2007, Permutation methods, 2.3), its tail after Wilson and Hilferty.
    """
    middle, deviation = mean(by_chance), pstdev(by_chance)
    if not deviation:
        return inf
    skewness = mean(((one - middle) / deviation) ** 3 for one in by_chance) * (1 if up else -1)
    long = max(skewness, 1e-3)
    return deviation * 2 / long * ((1 + long * DEVIATIONS / 6 - long**2 / 36) ** 3 - 1)


@cache
def bound_of(freedom: float) -> float:
    """The correlation that chance passes, up or down, with probability `BY_CHANCE`. Its variance is 1 / `freedom`.

    Shuffled correlations end at 1 and are as good as distributed with the density (1 - r^2)^((freedom - 3) / 2), of that variance
    (Pitman 1937, Significance tests which may be applied to samples from any populations, II): with r = sin(angle), its sum is
    that of cos(angle)^(freedom - 2).
    """
    angles = [pi / 2 * step / STEPS for step in range(STEPS + 1)]
    heights = [cos(angle) ** (freedom - 2) for angle in angles]
    areas = [(a + b) / 2 for a, b in pairwise(heights)]
    wanted, beyond = BY_CHANCE * sum(areas), 0.0
    for step in reversed(range(STEPS)):
        beyond += areas[step]
        if beyond > wanted:
            return sin(angles[step + 1])
    return 0.0
