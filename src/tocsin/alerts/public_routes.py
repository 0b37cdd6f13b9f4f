"""Pages for everybody: what stands now, the map of it, whether a post is true, saying that an alert hurts. All of it without script.

With script the live page draws what it verified itself, as it comes. Nobody is told apart: every answer is the same for all.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import Connection

from tocsin.alerts import pages, report_danger, routes, truth
from tocsin.alerts.bodies import AnyRequest
from tocsin.alerts.refusals import KeysLocked
from tocsin.alerts.report_danger import About
from tocsin.alerts.report_routes import form_of
from tocsin.alerts.room import Alerts
from tocsin.alerts.shown import Shown, shown
from tocsin.crypto.alert import verify
from tocsin.jurisdictions.shapes import shapes
from tocsin.web.i18n import Language, negotiate
from tocsin.web.render import PageConfig

DOORS = ("alerts", "report", "report-a-danger")
"""Addresses that lead to the reader's language."""


def page_routes(alerts: Alerts, place: Callable[[], str], config: PageConfig) -> list[HTTPRouteHandler]:
    """Every page for everybody. `place` answers where the stream of news is, for a page drawn now."""
    handlers = [_door(config, name) for name in DOORS]
    for language in config.languages.values():
        handlers += [_live(alerts, place, config, language), _copy(config, language), _map(alerts, config, language)]
        handlers += [_true(alerts, config, language), *_danger(alerts, config, language)]
    return handlers


def _door(config: PageConfig, name: str) -> HTTPRouteHandler:
    @get(f"/{name}", sync_to_thread=False, include_in_schema=False)
    def door(request: AnyRequest) -> Response[bytes]:
        code = negotiate(request.headers.get("accept-language", ""), config.languages)
        headers = {"location": f"/{code}/{name}", "vary": "Accept-Language"}
        return Response(b"", status_code=303, media_type="text/plain", headers=headers)

    return door


def _live(alerts: Alerts, place: Callable[[], str], config: PageConfig, language: Language) -> HTTPRouteHandler:
    @get(f"/{language.code}/alerts", include_in_schema=False)
    async def live() -> Response[bytes]:
        at = place()
        told = await alerts.database.read(lambda c: routes.shown(alerts, c))
        found = standing(alerts, config, language, told["alerts"])
        return _html(pages.live(config, language, found, told, at))

    return live


def _copy(config: PageConfig, language: Language) -> HTTPRouteHandler:
    raw = pages.live_copy(config, language)

    @get(f"/{language.code}/{pages.COPY.path}", sync_to_thread=False, include_in_schema=False)
    def copy() -> Response[bytes]:
        return _html(raw)

    return copy


def standing(alerts: Alerts, config: PageConfig, language: Language, wires: list[str]) -> list[Shown]:
    """What stands, as people read it."""
    keys = alerts.ports.public()
    found = [verify(wire.encode(), keys, alerts.city) for wire in wires]
    return shown(found, alerts.areas, config.pack, language, alerts.now_s)


def _map(alerts: Alerts, config: PageConfig, language: Language) -> HTTPRouteHandler:
    drawn = shapes(config.pack.areas)

    @get(f"/{language.code}/alerts/map", include_in_schema=False)
    async def on_map() -> Response[bytes]:
        wires = await alerts.database.read(lambda c: truth.wires(alerts, c))
        found = standing(alerts, config, language, [wire.decode() for wire in wires])
        return _html(pages.on_map(config, language, found, drawn))

    return on_map


def _true(alerts: Alerts, config: PageConfig, language: Language) -> HTTPRouteHandler:
    @get(f"/{language.code}/alerts/true", include_in_schema=False)
    async def true_today() -> Response[bytes]:
        told = await alerts.database.read(lambda c: truth.today(alerts, c))
        try:
            signed = truth.signed(alerts, told).decode()
        except KeysLocked:
            signed = ""
        return _html(pages.true(config, language, alerts.areas, told, signed))

    return true_today


def _danger(alerts: Alerts, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/report-a-danger"

    async def asked(problem: str = "") -> Response[bytes]:
        def read_all(connection: Connection) -> list[str]:
            return [wire.decode() for wire in truth.wires(alerts, connection)]

        found = standing(alerts, config, language, await alerts.database.read(read_all))
        return _html(pages.danger(config, language, found, problem=problem))

    @get(here, include_in_schema=False)
    async def ask() -> Response[bytes]:
        return await asked()

    @post(here, status_code=200, include_in_schema=False)
    async def warn(request: AnyRequest) -> Response[bytes]:
        form = await form_of(request)
        about, alert = (form.get(name, [""])[-1] for name in ("about", "alert"))
        if about not in {*About}:
            return await asked("alerts.danger_choose")
        await report_danger.report_danger(
            alerts, msgspec.convert({"about": about, "alert": alert}, report_danger.Asked)
        )
        return _html(pages.danger(config, language, [], is_sent=True))

    return [ask, warn]


def _html(page: bytes) -> Response[Any]:
    return Response(page, media_type=pages.HTML)
