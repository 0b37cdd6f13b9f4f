"""The room's addresses (`docs/spec/desk.md`): who asks, what, answer. Every one of them needs a session; none has a secret in it."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Request, Response, asgi, delete, get, post, put
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import Receive, Scope, Send

from tocsin.desk import decline, finish, freeze, give_back, hand_over, keep, open, pages, take  # noqa: A004  a verb file
from tocsin.desk.board import Board
from tocsin.desk.model import AskedWrong, CallerWrong, CapabilityAbsent, Door, Item, ItemUnknown, NotYours
from tocsin.desk.room import Desk
from tocsin.ids import RecordingId, b64, unb64
from tocsin.web.body import read_json
from tocsin.web.events import event, stream
from tocsin.web.render import PageConfig
from tocsin.web.streamed import in_turns

BODY_LIMIT = 128 * 1024
SCHEME = "Tocsin "
NO_STORE = {"Cache-Control": "no-store"}
BYTES = "application/octet-stream"
STREAM_S = 50.0
"""After so long an event stream ends and the page asks for the next: a session that ended hears nothing more."""
FURTHEST = 10**15

AnyRequest = Request[Any, Any, Any]


def recording_of(text: str) -> RecordingId:
    """The recording that an address names. Raises `ItemUnknown`."""
    try:
        raw = unb64(text)
    except ValueError as error:
        raise ItemUnknown from error
    if len(raw) != 16:
        raise ItemUnknown
    return RecordingId(raw)


def capability_of(request: AnyRequest) -> bytes:
    """The 32 bytes of the `Authorization` header. Raises `CapabilityAbsent`, `NotYours` for noise."""
    told = request.headers.get("authorization", "")
    if not told.startswith(SCHEME):
        raise CapabilityAbsent
    try:
        return unb64(told.removeprefix(SCHEME))
    except ValueError as error:
        raise NotYours from error


async def body_of(request: AnyRequest, shape: Any) -> Any:
    """The body as `shape`. Raises `AskedWrong`."""
    return await read_json(request.scope, request.receive, shape, BODY_LIMIT, AskedWrong)


def routes(
    desk: Desk, board: Board, door: Door, config: PageConfig, beside: pages.Beside = pages.nothing
) -> list[HTTPRouteHandler | ASGIRouteHandler]:
    """Every handler of the desk. `beside`: what another room shows on its page, by language."""
    return [*_list(board, door, config, beside), *_acts(desk, door), *_reading(desk, door), *_papers(desk, door)]


def _list(
    board: Board, door: Door, config: PageConfig, beside: pages.Beside
) -> list[HTTPRouteHandler | ASGIRouteHandler]:
    @get([f"/{code}/desk" for code in config.languages], include_in_schema=False)
    async def show(request: AnyRequest) -> Response[bytes]:
        caller = door(request)
        if not (caller.is_lawyer or caller.is_steward):
            raise CallerWrong
        await board.refresh()
        code = request.scope["path"].split("/")[1]
        return Response(pages.page(config, config.languages[code], board, caller, beside), media_type=pages.HTML)

    @get("/desk/items", include_in_schema=False)
    async def listed(request: AnyRequest) -> Response[Any]:
        if not door(request).is_lawyer:
            raise CallerWrong
        await board.refresh()
        return _json({"id": board.changes.event_id(board.changes.count), "up_s": board.up_s, "lines": board.told()})

    @get("/desk/late", include_in_schema=False)
    async def late(request: AnyRequest) -> Response[Any]:
        if not door(request).is_steward:
            raise CallerWrong
        await board.refresh()
        return _json({"late": board.late()})

    @asgi("/desk/events", copy_scope=False)
    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        request: AnyRequest = Request(scope)
        if not door(request).is_lawyer:
            raise CallerWrong
        after = board.changes.known(request.headers.get("last-event-id", ""))
        await stream(told(board, after), receive, send)

    return [show, listed, late, events]


async def told(board: Board, after: int) -> AsyncGenerator[bytes, None]:
    """The list from the change after a count on; everything after 0."""
    is_whole = after == 0
    async with contextlib.aclosing(board.watch(after, STREAM_S)) as watching:
        async for at, lines, left in watching:
            said = {"all": is_whole, "up_s": board.up_s, "lines": lines, "left": left}
            yield event(said, board.changes.event_id(at))
            is_whole = False


def _acts(desk: Desk, door: Door) -> list[HTTPRouteHandler]:
    here = "/desk/items/{recording:str}"

    @post(f"{here}/take", status_code=200, include_in_schema=False)
    async def take_it(request: AnyRequest, recording: FromPath[str]) -> Response[Any]:
        caller = door(request)
        asked = await body_of(request, take.Take)
        return _turned(await take.take(desk, caller, recording_of(recording), asked))

    @post(f"{here}/decline", status_code=200, include_in_schema=False)
    async def decline_it(request: AnyRequest, recording: FromPath[str]) -> Response[Any]:
        caller = door(request)
        await decline.decline(desk, caller, recording_of(recording), await body_of(request, decline.Decline))
        return _json({})

    @post(f"{here}/hand-over", status_code=200, include_in_schema=False)
    async def hand_it_over(request: AnyRequest, recording: FromPath[str]) -> Response[Any]:
        caller, capability = door(request), capability_of(request)
        asked = await body_of(request, hand_over.HandOver)
        return _turned(await hand_over.hand_over(desk, caller, recording_of(recording), capability, asked))

    def simple(path: str, verb: Any) -> HTTPRouteHandler:
        @post(f"{here}/{path}", status_code=200, include_in_schema=False)
        async def act(request: AnyRequest, recording: FromPath[str]) -> Response[Any]:
            caller = door(request)
            return _turned(await verb(desk, caller, recording_of(recording), capability_of(request)))

        return act

    @post(f"{here}/take-back", status_code=200, include_in_schema=False)
    async def take_it_back(request: AnyRequest, recording: FromPath[str]) -> Response[Any]:
        return _turned(await give_back.take_back(desk, door(request), recording_of(recording)))

    verbs = {
        "give-back": give_back.give_back,
        "finish": finish.finish,
        "reopen": finish.reopen,
        "freeze": freeze.freeze,
    }
    return [take_it, decline_it, hand_it_over, take_it_back, *(simple(path, verb) for path, verb in verbs.items())]


def _reading(desk: Desk, door: Door) -> list[HTTPRouteHandler]:
    here = "/desk/items/{recording:str}"

    @post(f"{here}/open", status_code=200, include_in_schema=False)
    async def open_it(request: AnyRequest, recording: FromPath[str]) -> Response[Any]:
        caller = door(request)
        item, envelope = await open.opening(desk, caller, recording_of(recording), capability_of(request))
        return _json(
            {"header": b64(envelope.header), "wraps": b64(envelope.wraps), "turn": item.turn, "state": item.state}
        )

    @get(f"{here}/chunks/{{first:str}}", include_in_schema=False)
    async def seconds(request: AnyRequest, recording: FromPath[str], first: FromPath[str]) -> Response[bytes]:
        caller = door(request)
        if not (first.isascii() and first.isdigit()) or len(first) > 15:
            raise AskedWrong
        found = await open.chunks(desk, caller, recording_of(recording), capability_of(request), int(first))
        return Response(found, media_type=BYTES, headers=NO_STORE)

    @get(f"{here}/acts", include_in_schema=False)
    async def history(request: AnyRequest, recording: FromPath[str]) -> Response[bytes]:
        caller = door(request)
        found = await open.acts(desk, caller, recording_of(recording), capability_of(request))
        return Response(found, media_type=BYTES, headers=NO_STORE)

    @get(f"{here}/sealed", include_in_schema=False)
    async def fetch(request: AnyRequest, recording: FromPath[str]) -> Stream:
        caller = door(request)
        parts = await open.export(desk, caller, recording_of(recording), capability_of(request))
        return Stream(in_turns(parts), media_type=BYTES, headers=NO_STORE)

    return [open_it, seconds, history, fetch]


def _papers(desk: Desk, door: Door) -> list[HTTPRouteHandler]:
    here = "/desk/items/{recording:str}/papers"

    @get(here, include_in_schema=False)
    async def listed(request: AnyRequest, recording: FromPath[str]) -> Response[Any]:
        caller = door(request)
        found = await keep.papers(desk, caller, recording_of(recording), capability_of(request))
        return _json({"papers": [{"paper": b64(one.id), "turn": one.turn, "sealed": b64(raw)} for one, raw in found]})

    @put(f"{here}/{{paper:str}}", include_in_schema=False)
    async def put_one(request: AnyRequest, recording: FromPath[str], paper: FromPath[str]) -> Response[Any]:
        caller, capability = door(request), capability_of(request)
        asked = await body_of(request, keep.Sealed)
        turn = await keep.keep(desk, caller, recording_of(recording), capability, take.bytes_of(paper), asked)
        return _json({"turn": turn})

    @delete(f"{here}/{{paper:str}}", status_code=200, include_in_schema=False)
    async def drop_one(request: AnyRequest, recording: FromPath[str], paper: FromPath[str]) -> Response[Any]:
        caller, capability = door(request), capability_of(request)
        await keep.drop(desk, caller, recording_of(recording), capability, take.bytes_of(paper))
        return _json({})

    return [listed, put_one, drop_one]


def _turned(item: Item) -> Response[Any]:
    return _json({"state": item.state, "turn": item.turn})


def _json(answer: Any) -> Response[Any]:
    return Response(answer, headers=NO_STORE)
