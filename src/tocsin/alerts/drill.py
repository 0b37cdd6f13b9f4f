"""A drill: a matter that goes the same way under another key. It is never counted, and never stops the real thing."""

from tocsin.alerts.model import Caller, HowMany, Kind, Status
from tocsin.alerts.refusals import AskedWrong
from tocsin.alerts.report import Asked, Filed, report
from tocsin.alerts.room import Alerts, need_staff
from tocsin.ids import b64


async def drill(alerts: Alerts, caller: Caller, status: Status, kind: Kind, area: str) -> Filed:
    """File a report of an exercise or test. Raises `CallerWrong`, `AskedWrong` for one that would be real, `AreaUnknown`."""
    need_staff(caller)
    if status is Status.ACTUAL:
        raise AskedWrong
    key = b64(alerts.clock.random_bytes(32))
    return await report(alerts, Asked(key, kind, area, how_many=HowMany.FEW), status)
