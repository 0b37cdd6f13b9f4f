"""Addresses for confirmers: no account, a capability that was handed out against one token (`docs/spec/alert-desk.md`)."""

from typing import Any

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from tocsin.alerts import board, confirm, release
from tocsin.alerts.bodies import AnyRequest, answer, body_of, capability_of, id_of
from tocsin.alerts.duty import told
from tocsin.alerts.model import Answer
from tocsin.alerts.report import bytes_of
from tocsin.alerts.room import Alerts, digest_of


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty body."""


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /alerts/duty/answer`."""

    ask: str
    answer: Answer


class Released(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /alerts/duty/release`."""

    ask: str
    digest: str


def routes(alerts: Alerts) -> list[HTTPRouteHandler]:
    """Every handler of a duty."""

    @post("/alerts/duty", status_code=200, include_in_schema=False)
    async def begin(request: AnyRequest) -> Response[Any]:
        capability = capability_of(request)
        left = await confirm.begin(alerts, capability, await body_of(request, confirm.Begin))
        return answer({"left_s": told(left)})

    @post("/alerts/duty/asked", status_code=200, include_in_schema=False)
    async def asked(request: AnyRequest) -> Response[Any]:
        who = digest_of(capability_of(request))
        await body_of(request, Nothing)
        alerts.duty.of(who)
        return answer({"asked": await alerts.database.read(lambda c: board.questions(alerts, c, who))})

    @post("/alerts/duty/answer", status_code=200, include_in_schema=False)
    async def say(request: AnyRequest) -> Response[Any]:
        capability, said = capability_of(request), await body_of(request, Said)
        await confirm.answer(alerts, capability, id_of(said.ask), said.answer)
        return answer({})

    @post("/alerts/duty/release", status_code=200, include_in_schema=False)
    async def let_go(request: AnyRequest) -> Response[Any]:
        capability, said = capability_of(request), await body_of(request, Released)
        done = await release.by_confirmer(alerts, capability, id_of(said.ask), bytes_of(said.digest))
        return answer({"is_published": done.posted is not None})

    @post("/alerts/duty/end", status_code=200, include_in_schema=False)
    async def end(request: AnyRequest) -> Response[Any]:
        await confirm.end(alerts, capability_of(request))
        return answer({})

    return [begin, asked, say, let_go, end]
