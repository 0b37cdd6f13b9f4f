"""Expire: forget circles whose last day is over."""

from tocsin.circle import queries
from tocsin.circle.room import Circles


async def expire(circles: Circles) -> None:
    """What ended before today."""
    today = circles.today
    await circles.database.write(lambda c: queries.expire(c, today))
