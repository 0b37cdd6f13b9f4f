"""Hand out: a steward makes codes. Training codes for those who were trained; vouches only while a city is being founded.

A steward's vouches of one week are of one side, so that two stewards have to agree on each founder, and there are `FOUNDING_EACH` of
them. When so many people are in that each cohort can be full, stewards vouch for nobody any more.
"""

from functools import partial

from sqlalchemy import Connection

from tocsin.passport import codes, queries
from tocsin.passport.model import ACTING, COHORT_LEAST, CityFounded, CodesTooMany, Kind, Role
from tocsin.passport.room import Passport

AT_ONCE = 20
FOUNDING_EACH = 20
TRAINING_MOST = 500
"""Training codes a week and role: more than a city trains, and less than a stolen session could flood with."""


async def trainings(passport: Passport, role: Role, count: int) -> list[str]:
    """So many codes for people who were trained for `role`. Raises `CodesTooMany`."""
    at = codes.home(passport, Kind.TRAINING, role)
    return await _made(passport, Kind.TRAINING, str(role), count, TRAINING_MOST, at.key.id)


async def vouches(passport: Passport, staff_id: bytes, count: int) -> list[str]:
    """So many vouches of one steward. Raises `CityFounded`, `CodesTooMany`."""
    await passport.count()
    if not is_founding(passport):
        raise CityFounded
    at = codes.home(passport, Kind.VOUCH)
    side = codes.STEWARD_SIDE + at.mark(b"steward", staff_id)[:8].hex()
    return await _made(passport, Kind.VOUCH, side, count, FOUNDING_EACH, at.key.id)


def is_founding(passport: Passport) -> bool:
    """Whether there are fewer people than fill the cohorts."""
    return (
        sum(passport.people(role, cohort) for role in ACTING for cohort in passport.all_cohorts)
        < COHORT_LEAST * passport.cohorts
    )


async def _made(passport: Passport, kind: Kind, side: str, count: int, most: int, key_id: bytes) -> list[str]:
    if not 1 <= count <= AT_ONCE:
        raise CodesTooMany
    at = passport.awake[key_id]
    made = [codes.spelled(passport.clock.random_bytes(codes.RANDOM_BYTES)) for _ in range(count)]

    def put(connection: Connection) -> None:
        if queries.count_codes(connection, key_id, kind, side) + count > most:
            raise CodesTooMany
        for code in made:
            codes.put(connection, at, kind, side, code)

    await passport.database.write(partial(put))
    return made
