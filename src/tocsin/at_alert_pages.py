"""Where the pages of alerts meet the house: what every page is told of them, what phones keep, and what they are handed."""

from dataclasses import replace
from typing import Any

from litestar import asgi
from litestar.types import Receive, Scope, Send

from tocsin import at_alerts, at_desk
from tocsin.alerts import pages, public_routes, report_routes, staff_pages
from tocsin.alerts.board import Board
from tocsin.alerts.bodies import AnyRequest
from tocsin.alerts.room import Alerts
from tocsin.at_deliver import Delivery
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.people.session import IDLE_S, Sessions
from tocsin.people.staff import Role
from tocsin.web.render import PageConfig

NEWS = "/alerts/news"


def with_alerts(config: PageConfig, alerts: Alerts | None) -> PageConfig:
    """The configuration of all pages: every footer knows where to report a danger, and phones keep the form of a report."""
    if alerts is None:
        return config
    told = replace(config, has_alerts=True)
    return replace(told, kept=(*config.kept, pages.kept(told), pages.kept_copy(told)))


def routes(
    node: Node, alerts: Alerts, board: Board, sessions: Sessions, delivery: Delivery, config: PageConfig
) -> list[Any]:
    """Every page of the room, and the stream of news that the live page hears."""
    unseal, hub = node.encounters.open_share, delivery.hub

    def place() -> str:
        return hub.place

    @asgi(NEWS, copy_scope=False)
    async def news(scope: Scope, receive: Receive, send: Send) -> None:
        await hub(scope, receive, send)

    return [
        news,
        *report_routes.routes(alerts, unseal, config),
        *public_routes.page_routes(alerts, place, config),
        *staff_pages.routes(alerts, board, at_alerts.door_of(sessions), teller(sessions), config),
    ]


def teller(sessions: Sessions) -> staff_pages.Tell:
    """Who is signed in, as every page of staff is told."""

    def tell(request: AnyRequest) -> dict[str, Any]:
        found = sessions.require(request, Role.DISPATCHER, Role.STEWARD)
        return {"staff": b64(found.id), "pseudonym": found.pseudonym, "idle_s": IDLE_S, "warn_s": at_desk.WARN_S}

    return tell
