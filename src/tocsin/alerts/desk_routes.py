"""Addresses of the alert desk: a session of a dispatcher or steward first, then the verb (`docs/spec/alert-desk.md`)."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Response, asgi, get, post
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from tocsin.alerts import (
    ask,
    attribute,
    board,
    brake,
    cancel,
    confirm,
    danger,
    drill,
    join,
    question,
    release,
    report_danger,
    take,
)
from tocsin.alerts import threat as threats
from tocsin.alerts.board import Board
from tocsin.alerts.bodies import AnyRequest, answer, body_of, id_of
from tocsin.alerts.model import AlertId, Door, Kind, Matter, MatterId, Reason, Status, Verdict
from tocsin.alerts.refusals import CallerWrong
from tocsin.alerts.report import bytes_of
from tocsin.alerts.room import Alerts, need_staff
from tocsin.ids import b64
from tocsin.web.events import event, stream

STREAM_S = 50.0
"""After so long an event stream ends and the page asks for the next: a session that ended hears nothing more."""
HERE = "/alert-desk/matters/{matter:str}"
Handlers = list[HTTPRouteHandler]


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body with no field but its own."""


class HandOver(Body, frozen=True):
    to: str
    note: str = ""


class Spoken(Body, frozen=True):
    verdict: Verdict


class Released(Body, frozen=True):
    digest: str


class TakenBack(Body, frozen=True):
    reason: Reason


class Others(Body, frozen=True):
    others: tuple[str, ...]


class Other(Body, frozen=True):
    other: str


class Drill(Body, frozen=True):
    status: Status
    kind: Kind
    area: str


class Committed(Body, frozen=True):
    commitment: str


class Answered(Body, frozen=True):
    answer: report_danger.Answer


def routes(alerts: Alerts, seen: Board, door: Door) -> list[HTTPRouteHandler | ASGIRouteHandler]:
    """Every handler of the desk."""
    return [
        *_list(alerts, seen, door),
        *_simple(alerts, door),
        *_matter(alerts, door),
        *_voices(alerts, door),
        *_public(alerts, door),
        *_stewards(alerts, door),
        *_threats(alerts, door),
    ]


def _list(alerts: Alerts, seen: Board, door: Door) -> list[HTTPRouteHandler | ASGIRouteHandler]:
    @get("/alert-desk/matters", include_in_schema=False)
    async def listed(request: AnyRequest) -> Response[Any]:
        need_staff(door(request))
        await seen.refresh()
        return answer({**seen.told(), "boot": seen.changes.boot})

    @get(HERE, include_in_schema=False)
    async def one(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
        if not door(request).is_dispatcher:
            raise CallerWrong
        return answer(await board.opened(alerts, MatterId(id_of(matter))))

    @asgi("/alert-desk/news", copy_scope=False)
    async def news(scope: Scope, receive: Receive, send: Send) -> None:
        request: AnyRequest = Request(scope)
        caller = door(request)
        need_staff(caller)
        if caller.is_dispatcher:
            alerts.mark_of(caller)
        who = caller.pseudonym if caller.is_dispatcher else ""
        after = seen.changes.known(request.headers.get("last-event-id", ""))
        await stream(told(seen, after, who), receive, send)

    return [listed, one, news]


async def told(seen: Board, after: int, who: str = "") -> AsyncGenerator[bytes, None]:
    """The list from the change after a count on; everything after 0."""
    async with contextlib.aclosing(seen.watch(after, STREAM_S, who)) as watching:
        async for said in watching:
            yield event(said, seen.changes.event_id(said["count"]))


def _simple(alerts: Alerts, door: Door) -> Handlers:
    def simple(path: str, verb: Callable[..., Awaitable[Any]]) -> HTTPRouteHandler:
        @post(f"{HERE}/{path}", status_code=200, include_in_schema=False)
        async def act(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
            caller = door(request)
            await body_of(request, Body)
            return _turned(await verb(alerts, caller, MatterId(id_of(matter))))

        return act

    verbs = {
        "take": take.take,
        "acknowledge": take.acknowledge,
        "give-back": take.give_back,
        "close": take.close,
        "ask": ask.ask,
        "enough": ask.enough,
        "danger": danger.danger,
    }
    return [simple(path, verb) for path, verb in verbs.items()]


def _matter(alerts: Alerts, door: Door) -> Handlers:
    @post(f"{HERE}/hand-over", status_code=200, include_in_schema=False)
    async def hand_over(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
        caller, asked = door(request), await body_of(request, HandOver)
        return _turned(await take.hand_over(alerts, caller, MatterId(id_of(matter)), asked.to, asked.note))

    @post(f"{HERE}/question", status_code=200, include_in_schema=False)
    async def put_question(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
        caller, asked = door(request), await body_of(request, question.Questioned)
        return _turned(await question.question(alerts, caller, MatterId(id_of(matter)), asked))

    @post(f"{HERE}/draft", status_code=200, include_in_schema=False)
    async def draft(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
        caller, asked = door(request), await body_of(request, ask.Drafted)
        return _turned(await ask.draft(alerts, caller, MatterId(id_of(matter)), asked))

    @post(f"{HERE}/join", status_code=200, include_in_schema=False)
    async def join_them(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
        caller, asked = door(request), await body_of(request, Others)
        others = [MatterId(id_of(one)) for one in asked.others]
        return _turned(await join.join(alerts, caller, MatterId(id_of(matter)), others))

    @post(f"{HERE}/undo-join", status_code=200, include_in_schema=False)
    async def part_them(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
        caller, asked = door(request), await body_of(request, Other)
        return _turned(await join.undo_join(alerts, caller, MatterId(id_of(matter)), MatterId(id_of(asked.other))))

    return [hand_over, put_question, draft, join_them, part_them]


def _voices(alerts: Alerts, door: Door) -> Handlers:
    @post(f"{HERE}/voice", status_code=200, include_in_schema=False)
    async def voice(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
        caller, asked = door(request), await body_of(request, Spoken)
        return _turned(await confirm.at_desk(alerts, caller, MatterId(id_of(matter)), asked.verdict))

    @post(f"{HERE}/release", status_code=200, include_in_schema=False)
    async def let_go(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
        caller, asked = door(request), await body_of(request, Released)
        done = await release.at_desk(alerts, caller, MatterId(id_of(matter)), bytes_of(asked.digest))
        return answer({"is_published": done.posted is not None, "state": done.matter.state, "turn": done.matter.turn})

    @post("/alert-desk/drill", status_code=200, include_in_schema=False)
    async def begin_drill(request: AnyRequest) -> Response[Any]:
        caller, asked = door(request), await body_of(request, Drill)
        return answer(await drill.drill(alerts, caller, asked.status, asked.kind, asked.area))

    return [voice, let_go, begin_drill]


def _public(alerts: Alerts, door: Door) -> Handlers:
    @post("/alert-desk/alerts/{alert:str}/cancel", status_code=200, include_in_schema=False)
    async def take_back(request: AnyRequest, alert: FromPath[str]) -> Response[Any]:
        caller, asked = door(request), await body_of(request, TakenBack)
        posted = await cancel.cancel(alerts, caller, AlertId(id_of(alert)), asked.reason)
        return answer({"alert": b64(posted.id)})

    @get("/alert-desk/warnings", include_in_schema=False)
    async def warnings(request: AnyRequest) -> Response[Any]:
        found = await report_danger.waiting(alerts, door(request))
        return answer({"warnings": [{"alert": b64(one.id), "about": one.about} for one in found]})

    @post("/alert-desk/warnings/{alert:str}", status_code=200, include_in_schema=False)
    async def answer_warning(request: AnyRequest, alert: FromPath[str]) -> Response[Any]:
        caller, asked = door(request), await body_of(request, Answered)
        await report_danger.answer(alerts, caller, AlertId(id_of(alert)), asked.answer)
        return answer({})

    return [take_back, warnings, answer_warning]


def _stewards(alerts: Alerts, door: Door) -> Handlers:
    @post("/alert-desk/lift", status_code=200, include_in_schema=False)
    async def lift(request: AnyRequest) -> Response[Any]:
        caller = door(request)
        await body_of(request, Body)
        return answer({"is_lifted": await brake.lift(alerts, caller)})

    @get("/alert-desk/attribution", include_in_schema=False)
    async def decisions(request: AnyRequest) -> Response[Any]:
        return answer({"decisions": [b64(one) for one in await attribute.listed(alerts, door(request))]})

    @get("/alert-desk/attribution/{alert:str}", include_in_schema=False)
    async def attribution(request: AnyRequest, alert: FromPath[str]) -> Response[Any]:
        sealed, part = await attribute.part_of(alerts, door(request), AlertId(id_of(alert)))
        return answer({"sealed": b64(sealed), "part": b64(part)})

    @post("/alert-desk/attribution/logged", status_code=200, include_in_schema=False)
    async def logged(request: AnyRequest) -> Response[Any]:
        caller, asked = door(request), await body_of(request, Committed)
        return answer(await attribute.logged(alerts, caller, bytes_of(asked.commitment)))

    return [lift, decisions, attribution, logged]


def _threats(alerts: Alerts, door: Door) -> Handlers:
    @post(f"{HERE}/threat", status_code=200, include_in_schema=False)
    async def threaten(request: AnyRequest, matter: FromPath[str]) -> Response[Any]:
        caller = door(request)
        asked = await body_of(request, threats.Threaten)
        await threats.threat(alerts, caller, MatterId(id_of(matter)), asked)
        return answer({})

    @get("/alert-desk/threats", include_in_schema=False)
    async def listed(request: AnyRequest) -> Response[Any]:
        return answer({"threats": await threats.listed(alerts, door(request))})

    @post("/alert-desk/threats/{threat:str}/hold", status_code=200, include_in_schema=False)
    async def hold(request: AnyRequest, threat: FromPath[str]) -> Response[Any]:
        caller = door(request)
        await body_of(request, Body)
        return answer({"is_held": await threats.hold(alerts, caller, MatterId(id_of(threat)))})

    @post("/alert-desk/threats/{threat:str}/release", status_code=200, include_in_schema=False)
    async def let_go(request: AnyRequest, threat: FromPath[str]) -> Response[Any]:
        caller = door(request)
        await body_of(request, Body)
        return answer({"is_gone": await threats.release(alerts, caller, MatterId(id_of(threat)))})

    return [threaten, listed, hold, let_go]


def _turned(done: Any) -> Response[Any]:
    """Where a matter stands after a verb; how many were asked, after `ask`."""
    if isinstance(done, Matter):
        return answer({"state": done.state, "turn": done.turn})
    return answer({"asked": done} if isinstance(done, int) else {})
