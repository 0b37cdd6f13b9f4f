"""Addresses for anybody: no account, no cookie, nothing about who asks (`docs/spec/alert-desk.md`)."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import Connection

from tocsin.alerts import brake, count, question, report, report_danger, truth
from tocsin.alerts.bodies import NO_STORE, REPORT_MOST, AnyRequest, answer, body_of
from tocsin.alerts.decide import TWO
from tocsin.alerts.room import Alerts
from tocsin.ids import b64

JSON = "application/json"


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /alerts/reports/state`."""

    code: str


def routes(alerts: Alerts) -> list[HTTPRouteHandler]:
    """Every handler for anybody."""
    return [*_reports(alerts), *_public(alerts)]


def _reports(alerts: Alerts) -> list[HTTPRouteHandler]:
    @get("/alerts/areas", include_in_schema=False)
    async def areas() -> Response[Any]:
        listed = {area.id: area for area in alerts.areas.values()}
        return answer({"areas": [listed[name] for name in sorted(listed)]})

    @get("/alerts/ticket", include_in_schema=False)
    async def ticket() -> Response[Any]:
        text, bits = alerts.ports.ticket()
        return answer({"ticket": text, "bits": bits})

    @post("/alerts/reports", status_code=200, include_in_schema=False)
    async def file_it(request: AnyRequest) -> Response[Any]:
        return answer(await report.report(alerts, await body_of(request, report.Asked, REPORT_MOST)))

    @post("/alerts/reports/state", status_code=200, include_in_schema=False)
    async def look_up(request: AnyRequest) -> Response[Any]:
        code = (await body_of(request, Code)).code
        state, is_acknowledged = await report.state(alerts, code)
        return answer(
            {"state": state, "is_acknowledged": is_acknowledged, "asked": await question.asked_by(alerts, code)}
        )

    @post("/alerts/reports/reply", status_code=200, include_in_schema=False)
    async def say_more(request: AnyRequest) -> Response[Any]:
        await question.reply(alerts, await body_of(request, question.Replied))
        return answer({})

    return [areas, ticket, file_it, look_up, say_more]


def _public(alerts: Alerts) -> list[HTTPRouteHandler]:
    @get("/alerts/live", include_in_schema=False)
    async def live() -> Response[Any]:
        return answer(await alerts.database.read(lambda c: shown(alerts, c)))

    @get("/alerts/truth", include_in_schema=False)
    async def true_today() -> Response[bytes]:
        return Response(await truth.truth(alerts), media_type=JSON, headers=NO_STORE)

    @post("/alerts/danger", status_code=200, include_in_schema=False)
    async def warn(request: AnyRequest) -> Response[Any]:
        await report_danger.report_danger(alerts, await body_of(request, report_danger.Asked))
        return answer({"state": "received"})

    return [live, true_today, warn]


def shown(alerts: Alerts, connection: Connection) -> dict[str, Any]:
    """The body of `GET /alerts/live`."""
    now = brake.read(connection)
    return {
        "city": alerts.city,
        "keys": {str(status): b64(key) for status, key in alerts.ports.public().items()},
        "alerts": [wire.decode() for wire in truth.wires(alerts, connection)],
        "brake": {
            "is_frozen": now.is_frozen,
            "needs_third": brake.voices_needed(now, alerts.now_s, alerts.limits.per_hour) > TWO,
            "cancelled": now.last.count(brake.CANCELLED),
            "of": len(now.last),
        },
        "counts": count.shown(connection, alerts.now_s // count.DAY_S),
    }
