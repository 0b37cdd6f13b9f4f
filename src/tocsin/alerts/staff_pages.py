"""The pages of the alert desk, for who has a session, and of a confirmer, for who has a token."""

from collections.abc import Callable
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from tocsin.alerts import pages
from tocsin.alerts.board import Board
from tocsin.alerts.bodies import AnyRequest
from tocsin.alerts.model import Door
from tocsin.alerts.room import Alerts, need_staff
from tocsin.web.i18n import Language
from tocsin.web.render import PageConfig

Tell = Callable[[AnyRequest], dict[str, Any]]
"""What a staff page's script is told of who is signed in."""


def routes(alerts: Alerts, board: Board, door: Door, tell: Tell, config: PageConfig) -> list[HTTPRouteHandler]:
    """Both, in every language."""
    handlers = []
    for language in config.languages.values():
        handlers += [_desk(alerts, board, door, tell, config, language), _duty(config, language)]
    return handlers


def _desk(
    alerts: Alerts, board: Board, door: Door, tell: Tell, config: PageConfig, language: Language
) -> HTTPRouteHandler:
    @get(f"/{language.code}/alert-desk", include_in_schema=False)
    async def show(request: AnyRequest) -> Response[bytes]:
        caller = door(request)
        need_staff(caller)
        await board.refresh()
        stewards = [recipient for _, recipient in await alerts.ports.stewards()]
        drawn = pages.desk(config, language, caller, tell(request), board.told()["lines"], stewards)
        return Response(drawn, media_type=pages.HTML)

    return show


def _duty(config: PageConfig, language: Language) -> HTTPRouteHandler:
    content = pages.duty(config, language)

    @get(f"/{language.code}/duty", sync_to_thread=False, include_in_schema=False)
    def show() -> Response[bytes]:
        return Response(content, media_type=pages.HTML)

    return show
