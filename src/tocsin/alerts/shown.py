"""What people see of an alert: its sentences in the reader's language, its age, its end. Pure, and all of it from the signed object.

Times are by the clock of the city, in the steps of the object: a page that is read without script says the same as one with it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from tocsin.alerts.model import Kind, MsgType, Status
from tocsin.crypto.alert import Alert, texts
from tocsin.ids import b64
from tocsin.jurisdictions.model import Area, Pack
from tocsin.web.i18n import Language


class Shown(msgspec.Struct, frozen=True):
    """One alert on a page. `id`: that of the Alert it is or stands for. `look`: the class of its card."""

    id: str
    area: str
    area_name: str
    title: str
    look: str
    drill: str
    sentences: tuple[str, ...]
    age: str
    left: str


def shown(
    alerts: Iterable[Alert], areas: Mapping[str, Area], pack: Pack, language: Language, now_s: int
) -> list[Shown]:
    """Newest first, drills after all that is real. What is in an area that the table no longer has is left
    out: nobody could say where it is.
    """
    known = [one for one in alerts if one.area in areas]
    known.sort(key=lambda one: (one.status is not Status.ACTUAL, -one.sent, one.id))
    return [_shown(one, areas[one.area].name, pack, language, now_s) for one in known]


def look(alert: Alert) -> str:
    """How its card looks. A drill never looks like anything else."""
    if alert.status is not Status.ACTUAL:
        return "drill"
    if alert.msg_type is MsgType.CANCEL:
        return "back"
    return "checked" if alert.kind is Kind.NOTHING_SEEN else "real"


def title(alert: Alert) -> str:
    """Key of what stands above its sentences: of one that was taken back, that it was, and not what it said."""
    return "alerts.back" if alert.msg_type is MsgType.CANCEL else f"alert.kind.{alert.kind}"


def _shown(alert: Alert, area: str, pack: Pack, language: Language, now_s: int) -> Shown:
    said = [one for one in texts(alert) if not one.startswith(("kind.", "status."))]
    is_drill = alert.status is not Status.ACTUAL
    return Shown(
        id=b64(alert.references or alert.id),
        area=alert.area,
        area_name=area,
        title=language.say(title(alert)),
        look=look(alert),
        drill=language.say(f"alert.status.{alert.status.lower()}") if is_drill else "",
        sentences=tuple(sentence(one, alert, pack, language) for one in said),
        age=language.count("alerts.age", max(0, now_s - alert.sent) // 60),
        left=language.count("alerts.left", max(0, alert.expires - now_s) // 60),
    )


def sentence(key: str, alert: Alert, pack: Pack, language: Language) -> str:
    """One sentence of an alert, by its key."""
    times = {"from": alert.seen_from, "to": alert.seen_to, "sent": alert.sent, "expires": alert.expires}
    told = {name: clock(pack, unix_s) for name, unix_s in times.items()}
    return language.say(f"alert.{key}", **told, number=pack.emergency_number)


def clock(pack: Pack, unix_s: int) -> str:
    """Hour and minute in the city."""
    zone = ZoneInfo(pack.timezone)
    told = datetime.fromtimestamp(unix_s, UTC).astimezone(zone).strftime("%H:%M")
    return told if pack.timezone != "UTC" else f"{told} UTC"
