"""The room's addresses (`docs/spec/calls.md`): parse, call the verb, answer. Ends and shifts show a capability, no cookie."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler, asgi
from litestar.types import Receive, Scope, Send

from tocsin.calls import answer, begin, decline, duty, invite, leave, pages, resume, send, told, turn
from tocsin.calls.model import AskedWrong, Call, Door, Duty, Handle, NotOnDuty, Party, State
from tocsin.calls.read import OfCall, bytes_of, call_of
from tocsin.calls.room import Calls, handle_of
from tocsin.ids import b64, unb64
from tocsin.web.body import read_json
from tocsin.web.events import BEAT, event, stream
from tocsin.web.render import PageConfig

BODY_LIMIT = 128 * 1024
SCHEME = "Tocsin "
NO_STORE = {"Cache-Control": "no-store"}
STREAM_S = 50.0
"""After so long a stream ends and the page asks for the next; what was sent in between waits."""

AnyRequest = Request[Any, Any, Any]
Events = AsyncGenerator[dict[str, Any] | None, None]


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of what brings a sealed copy back, base64url."""

    kept: str


class ForListener(OfCall, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of `POST /calls/listener`: an age file for the volunteers that are free, base64url."""

    offer: str


def capability_of(request: AnyRequest) -> bytes:
    """The 32 bytes of the `Authorization` header. Raises `NotOnDuty` for anything else: it stands for nobody."""
    said = request.headers.get("authorization", "")
    try:
        raw = unb64(said.removeprefix(SCHEME)) if said.startswith(SCHEME) else b""
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise NotOnDuty
    return raw


async def body_of(request: AnyRequest, shape: Any) -> Any:
    """The body as `shape`. Raises `AskedWrong`."""
    return await read_json(request.scope, request.receive, shape, BODY_LIMIT, AskedWrong)


def routes(
    calls: Calls, door: Door, words: dict[str, Any], config: PageConfig | None = None
) -> list[HTTPRouteHandler | ASGIRouteHandler]:
    """Every handler. `words`: by language, what a page shows of a call (`pages.words`)."""
    shown = [] if config is None else [_page(door, config)]
    return [*shown, *_shifts(calls, door), *_rings(calls), *_ends(calls), *_words(words)]


def _page(door: Door, config: PageConfig) -> HTTPRouteHandler:
    @get([f"/{code}/on-call" for code in config.languages], include_in_schema=False)
    async def show(request: AnyRequest) -> Response[bytes]:
        who, code = door(request), request.scope["path"].split("/")[1]
        return Response(pages.page(config, config.languages[code], who), media_type=pages.HTML)

    return show


def _words(words: dict[str, Any]) -> list[HTTPRouteHandler]:
    def constant(code: str, raw: bytes) -> HTTPRouteHandler:
        @get(f"/calls/words/{code}", sync_to_thread=False, include_in_schema=False)
        def shown() -> Response[bytes]:
            return Response(raw, media_type="application/json")

        return shown

    return [constant(code, msgspec.json.encode(said)) for code, said in words.items()]


def _shifts(calls: Calls, door: Door) -> list[HTTPRouteHandler | ASGIRouteHandler]:
    @post("/calls/duty", status_code=200, include_in_schema=False)
    async def on(request: AnyRequest) -> Response[Any]:
        who = door(request)
        return _json(told.duty_told(calls, duty.begin(calls, who, await body_of(request, duty.Begin))))

    @post("/calls/shift/end", status_code=200, include_in_schema=False)
    async def off(request: AnyRequest) -> Response[Any]:
        duty.end(calls, calls.duty(capability_of(request)))
        return _json({})

    @post("/calls/shift/free", status_code=200, include_in_schema=False)
    async def free(request: AnyRequest) -> Response[Any]:
        duty.free(calls, calls.duty(capability_of(request)))
        return _json({})

    @post("/calls/shift/resume", status_code=200, include_in_schema=False)
    async def resumed(request: AnyRequest) -> Response[Any]:
        handle = handle_of(capability_of(request))
        return _json(told.duty_told(calls, brought_back(calls, handle, (await body_of(request, Kept)).kept)))

    @asgi("/calls/shift/events", copy_scope=False)
    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        mine = calls.duty(capability_of(Request(scope)))

        async def heard() -> Events:
            async with contextlib.aclosing(calls.watch_duty(mine, STREAM_S)) as watching:
                async for is_new in watching:
                    yield told.duty_told(calls, mine) if is_new else None
                    if mine.handle not in calls.queue.duties:
                        return

        await stream(told_events(heard()), receive, send)

    return [on, off, free, resumed, events]


def brought_back(calls: Calls, handle: Handle, kept: str) -> Duty:
    """A shift as its page brings it back to a node that was started again. Raises `AskedWrong`, `NotOnDuty`."""
    known = calls.queue.duties.get(handle)
    if known is None:
        known = calls.queue.duties[handle] = resume.open_duty(calls, bytes_of(kept), handle)
        calls.look()
    return known


def _rings(calls: Calls) -> list[HTTPRouteHandler]:
    @post("/calls/answer", status_code=200, include_in_schema=False)
    async def take(request: AnyRequest) -> Response[Any]:
        asked = await body_of(request, answer.Answer)
        mine, found = calls.duty(capability_of(request)), calls.call(call_of(asked.call))
        party = answer.answer(calls, found, mine, asked)
        return _json({"offer": b64(answer.offer_for(found, mine)), "you": party.number, "language": found.language})

    @post("/calls/decline", status_code=200, include_in_schema=False)
    async def pass_on(request: AnyRequest) -> Response[Any]:
        asked = await body_of(request, OfCall)
        mine = calls.duty(capability_of(request))
        decline.decline(calls, calls.call(call_of(asked.call)), mine)
        return _json({})

    return [take, pass_on]


def _ends(calls: Calls) -> list[HTTPRouteHandler | ASGIRouteHandler]:
    brake = begin.Brake()

    @post("/calls", status_code=200, include_in_schema=False)
    async def ring(request: AnyRequest) -> Response[Any]:
        call = begin.begin(calls, brake, await body_of(request, begin.Begin))
        return _json(told.call_told(calls, call, call.parties[0], 0))

    @post("/calls/resume", status_code=200, include_in_schema=False)
    async def bring_back(request: AnyRequest) -> Response[Any]:
        begin.brought_back(calls, (await body_of(request, Kept)).kept)
        return _json({})

    def of_an_end(path: str, shape: type[OfCall], act: Callable[[Call, Party, Any], Any]) -> HTTPRouteHandler:
        """What one end of a call asks."""

        @post(f"/calls/{path}", status_code=200, include_in_schema=False)
        async def done(request: AnyRequest) -> Response[Any]:
            asked = await body_of(request, shape)
            return _json(act(*calls.end_of(call_of(asked.call), capability_of(request)), asked) or {})

        return done

    return [
        ring,
        bring_back,
        of_an_end("listener", ForListener, lambda *of: begin.offer_to_listener(calls, of[0], of[1], of[2].offer)),
        of_an_end("messages", send.Send, lambda *of: {"n": send.send(calls, *of), "life": b64(calls.boot)}),
        of_an_end("invite", invite.Invite, lambda *of: {"number": invite.invite(calls, *of).number}),
        of_an_end("relay", OfCall, lambda *_: turn.credentials(calls)),
        of_an_end("end", OfCall, lambda *of: leave.leave(calls, of[0], of[1])),
        _events(calls),
    ]


def _events(calls: Calls) -> ASGIRouteHandler:
    """Which call, and what was heard of it last, stands in `Last-Event-ID`. Numbers of another life of the node count for nothing."""

    @asgi("/calls/events", copy_scope=False)
    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        request: AnyRequest = Request(scope)
        number, _, rest = request.headers.get("last-event-id", "").partition(".")
        life, _, last_seen = rest.partition(".")
        found, party = calls.end_of(call_of(number), capability_of(request))
        last = _number(last_seen) if life == b64(calls.boot) else 0

        await stream(told_events(events_of(calls, found, party, last)), receive, send)

    return events


async def events_of(calls: Calls, call: Call, party: Party, last: int) -> AsyncGenerator[dict[str, Any] | None, None]:
    """What one end of a call is told, after message `last`; `None` is a beat. A place in the queue changes with other calls, too."""
    version = -1
    queued: dict[str, Any] = {}
    async with contextlib.aclosing(calls.watch_call(call, party, STREAM_S)) as watching:
        async for is_new in watching:
            before, queued = queued, told.queue_told(calls, call, party)
            is_told, is_kept = is_new or before != queued, version == call.version
            yield told.call_told(calls, call, party, last, is_kept=is_kept) if is_told else None
            last, version = call.sent, call.version
            if call.state is State.ENDED or party not in call.parties:
                return


async def told_events(events: Events) -> AsyncGenerator[bytes, None]:
    """As they go over the wire; `None` is a beat."""
    async with contextlib.aclosing(events) as hearing:
        async for said in hearing:
            yield BEAT if said is None else event(said)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise AskedWrong
    return int(text)


def _json(answer: Any) -> Response[Any]:
    return Response(answer, headers=NO_STORE)
