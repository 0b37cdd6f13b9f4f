"""Addresses of the room. No cookie, no account, nothing of a circle in an address: secrets stand in bodies alone."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from tocsin.circle import pages
from tocsin.circle.begin import Begin, begin
from tocsin.circle.change import Change, change
from tocsin.circle.end import end
from tocsin.circle.fill import Fill, fill
from tocsin.circle.look import look
from tocsin.circle.model import AskedWrong
from tocsin.circle.read import secret_of
from tocsin.circle.room import Circles
from tocsin.circle.tell import Tell, tell
from tocsin.circle.try_out import TryOut, try_out
from tocsin.web.body import read_body
from tocsin.web.render import PageConfig

BODY_LIMIT = 48 * 1024
NO_STORE = {"cache-control": "no-store"}

AnyRequest = Request[Any, Any, Any]
Verb = Callable[[Circles, Any], Awaitable[Any]]


class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /circle/look` and `POST /circle/end`: what the phone that made the circle keeps."""

    door: str


def routes(circles: Circles, config: PageConfig, key: str) -> list[HTTPRouteHandler]:
    """Every handler. `key`: what a browser takes as `applicationServerKey`."""
    return [*acts(circles), *_pages(config, key)]


def acts(circles: Circles) -> list[HTTPRouteHandler]:
    """What phones ask."""
    verbs: dict[str, tuple[type, Verb]] = {
        "begin": (Begin, _done(begin)),
        "place": (Fill, _done(fill)),
        "trial": (TryOut, _done(try_out)),
        "tell": (Tell, _tell),
        "look": (Own, _look),
        "change": (Change, _done(change)),
        "end": (Own, _end),
    }
    return [_act(circles, name, shape, verb) for name, (shape, verb) in verbs.items()]


def _act(circles: Circles, name: str, shape: type, verb: Verb) -> HTTPRouteHandler:
    @post(f"/circle/{name}", status_code=200, include_in_schema=False)
    async def act(request: AnyRequest) -> Response[Any]:
        raw = await read_body(request.scope, request.receive, BODY_LIMIT)
        try:
            asked: Any = msgspec.json.decode(raw, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise AskedWrong from error
        return Response(await verb(circles, asked), headers=NO_STORE)

    return act


def _done(verb: Verb) -> Verb:
    async def done(circles: Circles, asked: Any) -> dict[str, str]:
        await verb(circles, asked)
        return {}

    return done


async def _tell(circles: Circles, asked: Tell) -> dict[str, str]:
    return {"reached": await tell(circles, asked)}


async def _look(circles: Circles, asked: Own) -> dict[str, Any]:
    seen = await look(circles, secret_of(asked.door))
    return {"uses": seen.uses, "taken": seen.taken, "words": seen.words, "until": seen.until}


async def _end(circles: Circles, asked: Own) -> dict[str, str]:
    await end(circles, secret_of(asked.door))
    return {}


def _pages(config: PageConfig, key: str) -> list[HTTPRouteHandler]:
    def fixed(path: str, raw: bytes) -> HTTPRouteHandler:
        @get(path, sync_to_thread=False, include_in_schema=False)
        def page() -> Response[bytes]:
            return Response(raw, media_type=pages.HTML)

        return page

    drawn = [
        fixed(f"/{language.code}/{page.path}", pages.fixed(config, language, page, key))
        for language in config.languages.values()
        for page in pages.FIXED
    ]
    return [*drawn, *(_words(code, raw) for code, raw in pages.sentences(config).items())]


def _words(code: str, raw: bytes) -> HTTPRouteHandler:
    @get(f"/circle/words/{code}", sync_to_thread=False, include_in_schema=False)
    def told() -> Response[bytes]:
        return Response(raw, media_type="application/json")

    return told
