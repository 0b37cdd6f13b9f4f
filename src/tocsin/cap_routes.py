"""Addresses of CAP 1.2 and its Atom feed, for institutions that the settings name; without one of them no such address exists.

Each asks with a name and a secret of its own (HTTP Basic, RFC 7617), so that one of them can be let go alone. What they read is what
stands now and is real, no finer than everybody's page; a drill is in no feed, and what ended answers 404 like what never was.
"""

import hmac
from base64 import b64decode
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from sqlalchemy import Connection

from tocsin.alerts import queries, truth
from tocsin.alerts.room import Alerts
from tocsin.alerts.shown import sentence, title
from tocsin.crypto.alert import Alert, Status
from tocsin.deliver.cap import MEDIA_TYPE, cap, feed
from tocsin.errors import TocsinError
from tocsin.ids import b64
from tocsin.jurisdictions.model import Pack
from tocsin.settings import CapReader, Settings
from tocsin.web.i18n import Language

AnyRequest = Request[Any, Any, Any]
ATOM_TYPE = "application/atom+xml"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="CAP", charset="UTF-8"'}


class CapUnknown(TocsinError):
    code = "cap_unknown"
    status = 404
    message = "Nothing under this number stands now. The feed lists what does."


def routes(alerts: Alerts | None, settings: Settings, pack: Pack, language: Language) -> list[HTTPRouteHandler]:
    """None where alerts are off or no institution is named. `language`: that of the messages."""
    if alerts is None or not settings.cap_readers:
        return []

    def say(alert: Alert, key: str) -> str:
        return sentence(key, alert, pack, language)

    @get("/cap/feed.atom", include_in_schema=False)
    async def newest(request: AnyRequest) -> Response[bytes]:
        if not is_reader(request.headers.get("authorization", ""), settings.cap_readers):
            return _closed()
        found = await alerts.database.read(lambda c: standing(alerts, c))
        real = [alert for alert, _ in found.values()]
        told = feed(
            alerts.city, pack.name, settings.public_url, real, alerts.now_s, lambda one: language.say(title(one))
        )
        return Response(told, media_type=ATOM_TYPE)

    @get("/cap/{number:str}", include_in_schema=False)
    async def one(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
        if not is_reader(request.headers.get("authorization", ""), settings.cap_readers):
            return _closed()
        found = (await alerts.database.read(lambda c: standing(alerts, c))).get(number)
        if found is None or found[0].area not in alerts.areas:
            raise CapUnknown
        alert, first_sent = found
        area = alerts.areas[alert.area].name
        told = cap(alert, area, language.code, lambda key: say(alert, key), first_sent)
        return Response(told, media_type=MEDIA_TYPE)

    return [newest, one]


def standing(alerts: Alerts, connection: Connection) -> dict[str, tuple[Alert, int]]:
    """By the last part of its address: what is real and has not ended, and when its first version was sent."""
    first = {bytes(one.id): one.published_s for one in queries.standings(connection)}
    found = truth.shown(alerts, connection)
    real = [one for one in found if one.status is Status.ACTUAL]
    return {f"{b64(one.id)}.xml": (one, first[one.references or one.id]) for one in real}


def is_reader(told: str, readers: tuple[CapReader, ...]) -> bool:
    """Whether a header is that of one of the institutions."""
    scheme, _, text = told.partition(" ")
    try:
        given = b64decode(text, validate=True) if scheme.lower() == "basic" else b""
    except ValueError:
        return False
    wanted = [f"{one.name}:{one.secret}".encode() for one in readers]
    return any([hmac.compare_digest(given, one) for one in wanted])  # noqa: C419  all of them, however the first compares


def _closed() -> Response[bytes]:
    told = b'{"code":"cap_closed","message":"This feed is for institutions that the node names. Ask its operator for access."}'
    return Response(told, status_code=401, media_type="application/json", headers=CHALLENGE)
