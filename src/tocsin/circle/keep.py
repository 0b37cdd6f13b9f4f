"""Keep: until which day a circle stays.

Whoever writes a script can begin circles, join them and look at them, as people do, and nothing kept here tells the two apart. So no
rule asks who it is; the room is shared out by time. What is given fast is given for a day, what is given for half a year is given
slowly once half of it is gone. A flood never takes all of either.
"""

from tocsin.circle import queries
from tocsin.circle.model import SHORT_DAYS
from tocsin.circle.room import FREE_CIRCLES, MOST_CIRCLES, Circles
from tocsin.deliver.webpush import Quota, QuotaSpent

COUNTED_S = 10.0
"""The rows are counted no more often; between, what is given is added."""


async def keep(circles: Circles, ends: int, *, is_used: bool) -> int:
    """The last day of a circle that so far ends with `ends`. `is_used`: somebody was written for, or came in."""
    short = circles.today + SHORT_DAYS
    if ends > short or (is_used and await _has_room(circles)):
        return circles.half_a_year
    return short if ends < short and _in_time(circles.begun) else ends


async def _has_room(circles: Circles) -> bool:
    """For half a year, and takes it."""
    if not await _is_room(circles):
        return False
    circles.kept += 1
    return True


async def _is_room(circles: Circles) -> bool:
    if circles.clock.monotonic() >= circles.counts_at:
        short = circles.today + SHORT_DAYS
        circles.kept = await circles.database.read(lambda c: queries.count(c, short))
        circles.counts_at = circles.clock.monotonic() + COUNTED_S
    if circles.kept < FREE_CIRCLES:
        return True
    return circles.kept < MOST_CIRCLES and _in_time(circles.slow)


def _in_time(quota: Quota) -> bool:
    try:
        quota.spend()
    except QuotaSpent:
        return False
    return True
