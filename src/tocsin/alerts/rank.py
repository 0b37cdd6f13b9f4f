"""The order of the board: pure. What many say alike is one line, and what came with tokens of several cohorts goes first.

A flood has many voices and few tokens, and those it has are of few cohorts: cohorts take turns, so that who bought a dozen tokens of
one stands with one thing where others stand with one. Without tokens what counts is how unlikely it would be that those who agree do
so by chance, by the answers that are on the board now: what a flood says most often is what agreeing on tells least. Nobody is
hidden: whatever ranks low is still there, and joins what it agrees with.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from math import log
from typing import Any, NamedTuple

from tocsin.alerts.model import HowMany, Kind, Lane, MatterId, Said, Vehicles, Wearing

NEAR_S = 1_200
"""Reports of one area that are at most so far apart may be of one thing."""
CHORUS = 4
"""More of one cohort than this add nothing: a script can have as many as it likes."""
VOICES = 2
"""So many who agree with one count: with more, a choir would stand before three neighbours."""
COPY = 0.4
"""What an exact copy counts of one who tells the same event in their own way: people leave out different things, a script does not."""
SOME = 24
"""So many different things said of one area are compared with each other; the rest joins what it fits."""
DIFFERS = log(0.15)
"""How much it speaks against one event that two saw one of its details differently."""


@dataclass(frozen=True)
class Item:
    """A matter as the order sees it. `said`: what its reports say."""

    matter_id: MatterId
    said: tuple[Said, ...]
    came_s: int
    is_taken: bool = False


@dataclass(frozen=True)
class Cluster:
    """Matters that look like one thing, with how much stands behind it."""

    items: tuple[Item, ...]
    trusted: int
    """Voices with a token, a cohort's counted once and a half of the rest up to `CHORUS`."""
    agreeing: float
    """How surprising it is that they agree (nats)."""
    newest_s: int


class Told(NamedTuple):
    """What a report tells, as plain values; None for what was not known."""

    seen_from: int
    kind: str | None
    how_many: str | None
    vehicles: str | None
    wearing: frozenset[str]
    status: str


def told(said: Said) -> Told:
    """A report's answers, for comparing."""
    return Told(
        said.seen_from,
        None if said.kind is Kind.ACTIVITY else said.kind.value,
        None if said.how_many is HowMany.UNKNOWN else said.how_many.value,
        None if said.vehicles is Vehicles.UNKNOWN else said.vehicles.value,
        frozenset(one.value for one in said.wearing if one is not Wearing.UNKNOWN),
        said.status.value,
    )


class Chance:
    """How often each answer is given on this board; copies of one area count once, so that they do not make themselves likely."""

    def __init__(self, found: Iterable[tuple[str, Told]]) -> None:
        counts: list[Counter[Any]] = [Counter() for _ in range(5)]
        for _, one in {*found}:
            for count, value in zip(counts, one[:4], strict=False):
                count[value] += 1
            counts[4].update(one.wearing)
        self._nats = [
            {value: -log((count + 1) / (each.total() + len(each) + 1)) for value, count in each.items()}
            for each in counts
        ]

    def speaks(self, one: Told, other: Told) -> float:
        """By how much (nats) two reports speak for one event and not for two: what is unknown to either says nothing."""
        found = 0.0
        for nats, mine, theirs in zip(self._nats, one[:4], other[:4], strict=False):
            if mine is not None and theirs is not None:
                found += nats[mine] if mine == theirs else DIFFERS
        if one.wearing and other.wearing:
            found += max((self._nats[4][each] for each in one.wearing & other.wearing), default=DIFFERS)
        return found if one != other else COPY * found


def rank(items: Iterable[Item]) -> list[Cluster]:
    """Clusters, most to be looked at first."""
    known = sorted((one for one in items if one.said), key=lambda one: (one.came_s, one.matter_id))
    chance = Chance((one.said[0].area, told(one.said[0])) for one in known)
    places: dict[str, list[Item]] = defaultdict(list)
    for item in known:
        places[item.said[0].area].append(item)
    found = [_cluster(group, chance) for several in places.values() for group in _groups(several, chance)]
    ordered = sorted(found, key=lambda one: (-one.trusted, -one.agreeing, -one.newest_s, one.items[0].matter_id))
    return _in_turns(ordered)


def _in_turns(ordered: Iterable[Cluster]) -> list[Cluster]:
    """Each cohort's first thing; then what has no token, as it stood, and the cohorts' further things by turns, one and one: whoever
    holds a dozen tokens of one cohort does not fill the list before everybody who has none.
    """
    stood, turns = Counter[int](), dict[int, list[Cluster]]()
    without: list[Cluster] = []
    for one in ordered:
        cohorts = {said.cohort for item in one.items for said in item.said if said.lane is Lane.TOKEN}
        if not cohorts:
            without.append(one)
            continue
        turns.setdefault(min(stood[cohort] for cohort in cohorts), []).append(one)
        stood.update(cohorts)
    further = [one for turn in sorted(turns) if turn for one in turns[turn]]
    return [*turns.get(0, ()), *(one for pair in zip_longest(without, further) for one in pair if one is not None)]


def duplicates(of: Item, items: Iterable[Item]) -> list[MatterId]:
    """Matters that may be the same thing, likeliest first: what a dispatcher is offered to join."""
    near = [
        (likeness(of.said[0], one.said[0]), one.matter_id)
        for one in items
        if one.matter_id != of.matter_id and of.said and one.said and _may_be_one(of.said[0], one.said[0])
    ]
    return [matter_id for _, matter_id in sorted(near, key=lambda one: (-one[0], one[1]))]


def likeness(one: Said, other: Said) -> int:
    """How many answers of two reports agree; what somebody did not know agrees with everything and counts for nothing."""
    same = int(one.kind is other.kind or Kind.ACTIVITY in (one.kind, other.kind))
    same += int(one.how_many is other.how_many and one.how_many is not HowMany.UNKNOWN)
    same += int(one.vehicles is other.vehicles and one.vehicles is not Vehicles.UNKNOWN)
    return same + int(bool(({*one.wearing} & {*other.wearing}) - {Wearing.UNKNOWN}))


def contradicts(one: Said, other: Said) -> bool:
    """Whether two reports cannot be of one thing: two of their known answers differ."""
    differs = int(one.kind is not other.kind and Kind.ACTIVITY not in (one.kind, other.kind))
    differs += int(one.how_many is not other.how_many and HowMany.UNKNOWN not in (one.how_many, other.how_many))
    differs += int(one.vehicles is not other.vehicles and Vehicles.UNKNOWN not in (one.vehicles, other.vehicles))
    known = ({*one.wearing} - {Wearing.UNKNOWN}, {*other.wearing} - {Wearing.UNKNOWN})
    return differs + int(all(known) and not known[0] & known[1]) >= 2


def _may_be_one(one: Said, other: Said) -> bool:
    is_near = one.area == other.area and abs(one.seen_from - other.seen_from) <= NEAR_S
    return is_near and one.status is other.status and not contradicts(one, other)


@dataclass(frozen=True)
class _Alike:
    """Items that say the same, to the letter."""

    said: Said
    told: Told
    items: list[Item]


def _groups(items: Sequence[Item], chance: Chance) -> list[list[Item]]:
    """Items of one area, the ones that speak most for one event first; each with those that speak for it too."""
    alike: dict[Told, _Alike] = {}
    for item in sorted(items, key=lambda one: (one.said[0].lane is not Lane.TOKEN, -one.came_s, one.matter_id)):
        own = told(item.said[0])
        alike.setdefault(own, _Alike(item.said[0], own, [])).items.append(item)
    kinds = [*alike.values()]
    groups = _strongest(kinds[:SOME], chance)
    for several in kinds[SOME:]:
        found = next((group for group in groups if _may_be_one(group[0].said[0], several.said)), None)
        groups.append(several.items) if found is None else found.extend(several.items)
    return groups


def _strongest(kinds: Sequence[_Alike], chance: Chance) -> list[list[Item]]:
    """One group after the other: whoever others confirm most, with all who speak for the same."""
    fits = [[_fit(one, other, chance) if one is not other else 0.0 for other in kinds] for one in kinds]
    copies = [[chance.speaks(one.told, one.told)] * min(len(one.items) - 1, VOICES) for one in kinds]
    left, groups = [*range(len(kinds))], list[list[Item]]()
    while left:
        best = max(left, key=lambda at: (_voices([*(fits[at][other] for other in left), *copies[at]]), -at))
        taken = [best, *(other for other in left if fits[best][other] > 0)]
        groups.append([item for at in taken for item in kinds[at].items])
        left = [at for at in left if at not in taken]
    return groups


def _fit(one: _Alike, other: _Alike, chance: Chance) -> float:
    """How much two things that were said speak for one event; nothing where they cannot be one."""
    return chance.speaks(one.told, other.told) if _may_be_one(one.said, other.said) else 0.0


def _voices(found: Sequence[float]) -> float:
    return sum(sorted(found, reverse=True)[:VOICES])


def _cluster(group: Sequence[Item], chance: Chance) -> Cluster:
    said = [one for item in group for one in item.said]
    cohorts: dict[int, int] = defaultdict(int)
    for one in said:
        if one.lane is Lane.TOKEN:
            cohorts[one.cohort] += 1
    trusted = sum(2 + min(count - 1, CHORUS) // 2 for count in cohorts.values())
    return Cluster(tuple(group), trusted, agreement(said, chance), max(item.came_s for item in group))


def agreement(said: Sequence[Said], chance: Chance) -> float:
    """How surprising it is that reports of one thing agree: by the one whom others confirm most, `VOICES` of them."""
    some = [told(one) for one in said[:SOME]]
    confirmed = [
        [chance.speaks(one, other) for at, other in enumerate(some) if at != own] for own, one in enumerate(some)
    ]
    return max(map(_voices, confirmed), default=0.0)
