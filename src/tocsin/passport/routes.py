"""The room's addresses (`docs/spec/passport.md`). Who asks is not looked at; what is asked and answered has one length."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from tocsin.ids import b64, unb64
from tocsin.passport import admit, find, issue, redeem, vouch
from tocsin.passport.model import BodyWrong, By, Pass
from tocsin.passport.room import Passport
from tocsin.web.body import read_json

BODY_LIMIT = 16 * 1024
ANSWER_BYTES = 6 * 1024
"""Of what is issued: whatever the role."""
MOST_BATCHES = 4
NO_STORE = {"Cache-Control": "no-store"}

AnyRequest = Request[Any, Any, Any]


class Spend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token and the secret that makes asking again harmless."""

    token: str
    secret: str


class Admit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vouches: tuple[str, ...]
    training: str
    secret: str
    adult: bool


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    request: str


class Derived(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nonce: str
    blind: str


class Find(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shown: tuple[Derived, ...]


class Issue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pad`: anything, so that every role's request has one length."""

    by: By
    proof: str
    secret: str
    batches: tuple[Batch, ...]
    answers: tuple[int, ...] = ()
    training: str = ""
    pad: str = ""


def routes(passport: Passport, listed: Callable[[], Awaitable[dict[str, Any]]]) -> list[HTTPRouteHandler]:
    """`listed` answers the list of keys, or raises while the log is locked."""

    @get("/passport/keys", include_in_schema=False)
    async def keys() -> Response[dict[str, Any]]:
        return Response(await listed())

    @post("/passport/vouch", status_code=200, include_in_schema=False)
    async def vouch_for(request: AnyRequest) -> Response[Any]:
        said = await body_of(request, Spend)
        return Response({"code": await vouch.vouch(passport, raw(said.token), raw(said.secret))}, headers=NO_STORE)

    @post("/passport/admit", status_code=200, include_in_schema=False)
    async def admit_one(request: AnyRequest) -> Response[Any]:
        said = await body_of(request, Admit)
        found = await admit.admit(passport, said.vouches, said.training, raw(said.secret), is_adult=said.adult)
        told = {"role": found.role, "cohort": found.cohort, "epoch": found.epoch, "admission": b64(found.proof)}
        return Response(told, headers=NO_STORE)

    @post("/passport/issue", status_code=200, include_in_schema=False)
    async def issue_to(request: AnyRequest) -> Response[bytes]:
        said = await body_of(request, Issue)
        batches = [(raw(one.key), raw(one.request)) for one in said.batches[: MOST_BATCHES + 1]]
        asked = issue.Asked(said.by, raw(said.proof), raw(said.secret), batches, said.answers, said.training)
        answers = [b64(one) for one in await issue.issue(passport, asked)]
        return Response(padded({"answers": answers}), media_type="application/json", headers=NO_STORE)

    @post("/passport/find", status_code=200, include_in_schema=False)
    async def find_one(request: AnyRequest) -> Response[Any]:
        said = await body_of(request, Find)
        place, key = await find.find(passport, [(raw(one.nonce), raw(one.blind)) for one in said.shown])
        return Response({"place": place, "key": b64(key.key.id), **shown(key.says)}, headers=NO_STORE)

    @post("/passport/try", status_code=200, include_in_schema=False)
    async def try_one(request: AnyRequest) -> Response[Any]:
        """Spend a token on nothing, to see that it counts."""
        said = await body_of(request, Spend)
        says = await redeem.redeem(passport, raw(said.token), passport.challenge, raw(said.secret), b"try")
        return Response(shown(says), headers=NO_STORE)

    return [keys, vouch_for, admit_one, issue_to, find_one, try_one]


async def body_of(request: AnyRequest, shape: Any) -> Any:
    """The body as `shape`. Raises `BodyWrong`."""
    return await read_json(request.scope, request.receive, shape, BODY_LIMIT, BodyWrong)


def raw(text: str) -> bytes:
    """Raises `BodyWrong`."""
    try:
        return unb64(text)
    except ValueError as error:
        raise BodyWrong from error


def padded(answer: dict[str, Any]) -> bytes:
    """JSON of one length."""
    short = msgspec.json.encode({**answer, "pad": ""})
    return msgspec.json.encode({**answer, "pad": "0" * (ANSWER_BYTES - len(short))})


def shown(says: Pass) -> dict[str, Any]:
    return {"role": says.role, "cohort": says.cohort, "epoch": says.epoch}
