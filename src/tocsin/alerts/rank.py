"""The order of the board: pure. What many say alike is one line, and what came with tokens of several cohorts goes first.

A flood has many voices and few tokens, and its voices either say the same (then they are one line) or do not agree (then each weighs
one). Nobody is hidden: whatever ranks low is still there, and joins what it agrees with.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tocsin.alerts.model import HowMany, Kind, Lane, MatterId, Said, Vehicles, Wearing

NEAR_S = 1_200
"""Reports of one area that are at most so far apart may be of one thing."""
CHORUS = 4
"""More of one cohort, or of no token, than this add nothing: a script can have as many as it likes."""
SOME = 24
"""So many of one thing are compared with each other: a flood of one thing agrees with itself anyway."""


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
    agreeing: int
    newest_s: int


def rank(items: Iterable[Item]) -> list[Cluster]:
    """Clusters, most to be looked at first."""
    places: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(items, key=lambda one: (one.came_s, one.matter_id)):
        if item.said:
            places[item.said[0].area].append(item)
    found = [_cluster(group) for several in places.values() for group in _groups(several)]
    return sorted(found, key=lambda one: (-one.trusted, -one.agreeing, -one.newest_s, one.items[0].matter_id))


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


def _groups(items: Sequence[Item]) -> list[list[Item]]:
    """Items of one area, each with the first group whose first report it may be one with."""
    groups: list[list[Item]] = []
    for item in items:
        own = next((group for group in groups if _may_be_one(group[0].said[0], item.said[0])), None)
        if own is None:
            groups.append([item])
        else:
            own.append(item)
    return groups


def _cluster(group: Sequence[Item]) -> Cluster:
    said = [one for item in group for one in item.said]
    cohorts: dict[int, int] = defaultdict(int)
    for one in said:
        if one.lane is Lane.TOKEN:
            cohorts[one.cohort] += 1
    trusted = sum(2 + min(count - 1, CHORUS) // 2 for count in cohorts.values())
    return Cluster(tuple(group), trusted, agreement(said), max(item.came_s for item in group))


def agreement(said: Sequence[Said]) -> int:
    """How much reports of one thing tell the same: for each what it shares with the one most like it, up to a chorus."""
    if len(said) < 2:
        return 0
    some = said[:SOME]
    alike = [
        max(likeness(one, other) for place, other in enumerate(some) if place != own) for own, one in enumerate(some)
    ]
    return sum(sorted(alike, reverse=True)[:CHORUS])
