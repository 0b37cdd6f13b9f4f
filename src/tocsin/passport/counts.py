"""Counts: all that a steward may know of members. How many of each role and cohort renewed, and nothing under five."""

from typing import NamedTuple

from tocsin.passport.model import ACTING, Pass, Role
from tocsin.passport.room import Passport

LEAST = 5
"""A smaller number could be known people (rules of safety: k of at least 5)."""


class Counted(NamedTuple):
    """People of a role and cohort: in this week, in the last one; None where there are fewer than five."""

    role: Role
    cohort: int
    now: int | None
    before: int | None


async def counts(passport: Passport) -> list[Counted]:
    """As things stand now, by role, then cohort."""
    await passport.count()
    return [
        Counted(role, cohort, _of(passport, role, cohort, 0), _of(passport, role, cohort, 1))
        for role in ACTING
        for cohort in passport.all_cohorts
    ]


def _of(passport: Passport, role: Role, cohort: int, ago: int) -> int | None:
    says = Pass(role.renewal, cohort, passport.epoch - ago)
    found = sum(passport.counted.get(one.key.id, 0) for one in passport.awake.values() if one.says == says)
    return found if found >= LEAST else None
