"""Is this post true? One signed page a city and day (rule 12): what is confirmed, what was checked, and for all else the same.

Nobody asks the node about a place: everybody reads the same bytes and looks for it. What is being looked at and what nobody ever
reported are not told apart.
"""

from sqlalchemy import Connection

from tocsin.alerts import brake, count, queries
from tocsin.alerts.coarsen import step
from tocsin.alerts.expire import is_over
from tocsin.alerts.model import Kind, Status
from tocsin.alerts.publish import read
from tocsin.alerts.room import Alerts
from tocsin.crypto import canonical
from tocsin.crypto.alert import SENT_STEP_S, Alert, is_live
from tocsin.ids import b64

FORMAT = "tocsin.truth/v1"
LABEL = b"tocsin.truth/v1\n"


async def truth(alerts: Alerts) -> bytes:
    """Today's, signed: canonical JSON. Raises what `Ports.key` raises while the city key is locked."""
    return signed(alerts, await alerts.database.read(lambda c: today(alerts, c)))


def signed(alerts: Alerts, told: dict[str, object]) -> bytes:
    """Canonical JSON of what is told and its signature. Raises what `Ports.key` raises."""
    signature = alerts.ports.key(Status.ACTUAL).sign(LABEL + canonical.dumps(told))
    return canonical.dumps({"signature": b64(signature), "truth": told})


def today(alerts: Alerts, connection: Connection) -> dict[str, object]:
    """What it says. Its times are in steps of five minutes."""
    standing = [one for one in live(alerts, connection) if one.status is Status.ACTUAL]
    day = alerts.now_s // count.DAY_S
    return {
        "at": step(alerts.now_s, SENT_STEP_S),
        "checked": sorted((_place(one) for one in standing if one.kind is Kind.NOTHING_SEEN), key=canonical.dumps),
        "city": alerts.city,
        "confirmed": sorted(
            (_place(one) for one in standing if one.kind is not Kind.NOTHING_SEEN), key=canonical.dumps
        ),
        "counts": count.shown(connection, day),
        "day": day,
        "format": FORMAT,
        "frozen": brake.read(connection).is_frozen,
    }


def live(alerts: Alerts, connection: Connection) -> list[Alert]:
    """What stands now and was not taken back, by either clock."""
    found = [one for one in queries.standings(connection) if not one.is_cancelled and not is_over(alerts, one)]
    read_ = [read(alerts, one.wire) for one in found]
    return [one for one in read_ if is_live(one, alerts.now_s)]


def wires(alerts: Alerts, connection: Connection) -> list[bytes]:
    """What the live page carries: everything that stands, and what was taken back until it would have ended."""
    return [wire for wire, _ in carried(alerts, connection)]


def shown(alerts: Alerts, connection: Connection) -> list[Alert]:
    """The same, read."""
    return [alert for _, alert in carried(alerts, connection)]


def carried(alerts: Alerts, connection: Connection) -> list[tuple[bytes, Alert]]:
    """The same, as bytes and read."""
    found = [one for one in queries.standings(connection) if not is_over(alerts, one)]
    return [(one.wire, told) for one in found if is_live(told := read(alerts, one.wire), alerts.now_s)]


def _place(one: Alert) -> dict[str, object]:
    return {"area": one.area, "kind": str(one.kind), "seen_from": one.seen_from, "seen_to": one.seen_to}
