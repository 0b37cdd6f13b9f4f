"""Forget what is over: alerts that ended, matters nobody decided, reports, credentials of an epoch that is over. Only counts stay.

Done every few seconds, from the tables alone, so a node that was away does it when it comes back. A clock that was set back makes
nothing stand longer: what would stand longer than anything may is over, and so is what the process's own clock has counted to its end.
"""

from sqlalchemy import Connection

from tocsin.alerts import attribute, count, queries, report_danger, threat
from tocsin.alerts.brake import HOUR_S
from tocsin.alerts.count import What
from tocsin.alerts.forget import forget_matter
from tocsin.alerts.model import UNDECIDED, Matter, Standing
from tocsin.alerts.publish import REST_S
from tocsin.alerts.report import KEPT_S
from tocsin.alerts.room import Alerts, Gone
from tocsin.crypto.alert import EXPIRES_STEP_S, LONGEST_LIFE_S

LONGEST_S = max(KEPT_S, LONGEST_LIFE_S + REST_S) + EXPIRES_STEP_S
AT_ONCE = 200
"""Matters that one transaction forgets: others want to write too."""


async def expire(alerts: Alerts) -> int:
    """How many alerts and matters are gone. Raises what the stores raise; then it is done next time."""
    alerts.duty.forget(alerts.ports.epoch())
    ended, gone = await alerts.database.write(lambda c: _turn(alerts, c))
    for alert_id in ended:
        for known in (alerts.deadlines, alerts.born, alerts.corrected):
            known.pop(alert_id, None)
    over = alerts.clock.monotonic() - HOUR_S
    alerts.stood = {root: one for root, one in alerts.stood.items() if one[1] > over}
    if alerts.spoken:
        heard = {one.who for one in await alerts.database.read(queries.all_voices)}
        alerts.spoken = {who: one for who, one in alerts.spoken.items() if who in heard}
    await alerts.overwrite(gone)
    if ended:
        alerts.changed()
    return len(ended)


def is_over(alerts: Alerts, one: Standing) -> bool:
    """Whether an alert has ended, by either clock."""
    now, mono = alerts.now_s, alerts.clock.monotonic()
    left = one.expires_s - now
    deadline = alerts.deadlines.setdefault(one.id, mono + min(left, LONGEST_LIFE_S))
    return left <= 0 or left > LONGEST_LIFE_S + EXPIRES_STEP_S or mono >= deadline


def _turn(alerts: Alerts, connection: Connection) -> tuple[list[bytes], list[Gone]]:
    standing = [one.id for one in queries.standings(connection) if is_over(alerts, one)]
    queries.drop_standing(connection, standing)
    over = [one for one in queries.matters(connection) if _is_over(one, alerts.now_s)][:AT_ONCE]
    gone: list[Gone] = []
    for one in over:
        if one.state in UNDECIDED:
            count.count(connection, alerts.now_s, What.NO_DECISION)
        gone += forget_matter(alerts, connection, one.id)
    gone += attribute.forget(alerts, connection) + threat.forget(alerts, connection)
    report_danger.forget(connection)
    count.forget(connection, alerts.now_s)
    return [*standing, *(one.id for one in over)], gone


def _is_over(one: Matter, now_s: int) -> bool:
    return one.ends_s <= now_s or one.ends_s - now_s > LONGEST_S
