"""Expire: forget circles whose phone looked at them last half a year ago."""

from tocsin.circle import queries
from tocsin.circle.room import Circles


async def expire(circles: Circles) -> None:
    """What ended before this week."""
    week = circles.week
    await circles.database.write(lambda c: queries.expire(c, week))
