"""Addresses by which a phone asks for push messages, tries whether they arrive, and leaves. No account, nothing about anybody.

What a phone gives is taken only when its push service takes a signed trial for it, so that nobody fills the table with inventions.
Where the pack does not turn alerts on, none of these addresses exists.
"""

from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from tocsin.at_deliver import Delivery
from tocsin.deliver.endpoint import Endpoint, Told
from tocsin.deliver.lane import Answer
from tocsin.deliver.subscription import SECRET_BYTES
from tocsin.errors import TocsinError
from tocsin.ids import unb64
from tocsin.jurisdictions.model import RiskRoom
from tocsin.jurisdictions.risk import may_answer
from tocsin.own_keys import VAPID_KEY, read_published
from tocsin.web.body import read_json
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig, draw, templates

NOTIFY = Page("notify", "notify", "notify.html", "notify.title", ("notify.",))
BODY_LIMIT = 4_096
TRIAL_S = 300
"""A push service keeps a trial so long for a phone that is away."""

AnyRequest = Request[Any, Any, Any]
T = TypeVar("T")


class AskedWrong(TocsinError):
    code = "push_asked_wrong"
    status = 400
    message = "The node could not read what this phone asked for. Open the page again."


class PushRefused(TocsinError):
    code = "push_refused"
    status = 409
    message = "The push service of this browser did not take the message. Ask for messages again on this page."


class PushAway(TocsinError):
    code = "push_away"
    status = 503
    message = "The push service of this browser cannot be reached now. Try again in a few minutes."


class Subscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /push/subscribe`. `secret`: 32 bytes, base64url, by which this phone leaves."""

    subscription: Told
    zone: str
    secret: str


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /push/test` and `POST /push/leave`."""

    secret: str


def routes(delivery: Delivery, config: PageConfig) -> list[HTTPRouteHandler]:
    """None where alerts are off, or nobody can be told of a place."""
    if not may_answer(delivery.node.pack, RiskRoom.ALERTS) or not delivery.zones:
        return []

    @get("/push/offer", sync_to_thread=False, include_in_schema=False)
    def offer() -> Response[dict[str, Any]]:
        return Response(offered(delivery))

    @post("/push/subscribe", status_code=200, include_in_schema=False)
    async def subscribe(request: AnyRequest) -> Response[dict[str, Any]]:
        asked = await _body(request, Subscribe)
        secret, endpoint = _secret(asked.secret), delivery.sender.allowed.endpoint_of(asked.subscription)
        if asked.zone not in {zone.id for zone in delivery.zones}:
            raise AskedWrong
        await _try(delivery, endpoint)
        await delivery.subscriptions.put(secret, endpoint, asked.zone)
        return Response({"sent": True})

    @post("/push/test", status_code=200, include_in_schema=False)
    async def test(request: AnyRequest) -> Response[dict[str, Any]]:
        secret = _secret((await _body(request, Secret)).secret)
        found = await delivery.subscriptions.find(secret)
        try:
            await _try(delivery, found.endpoint)
        except PushRefused:
            await delivery.subscriptions.drop(secret)
            raise
        await delivery.subscriptions.put(secret, found.endpoint, found.zone)
        return Response({"sent": True, "zone": found.zone})

    @post("/push/leave", status_code=200, include_in_schema=False)
    async def leave(request: AnyRequest) -> Response[dict[str, Any]]:
        await delivery.subscriptions.drop(_secret((await _body(request, Secret)).secret))
        return Response({"left": True})

    pages = [_page(config, language) for language in config.languages.values()]
    return [offer, subscribe, test, leave, *pages]


def _page(config: PageConfig, language: Language) -> HTTPRouteHandler:
    raw = draw(templates(), config, language, NOTIFY)

    @get(f"/{language.code}/{NOTIFY.path}", sync_to_thread=False, include_in_schema=False)
    def page() -> Response[bytes]:
        return Response(raw, media_type="text/html; charset=utf-8")

    return page


def offered(delivery: Delivery) -> dict[str, Any]:
    """What a phone needs to ask: the key push services know this node by, and the zones with the names of their areas."""
    zones = [{"id": zone.id, "name": zone.name, "areas": [area.id for area in zone.areas]} for zone in delivery.zones]
    return {"key": read_published(delivery.node.settings).get(VAPID_KEY, ""), "zones": zones}


async def _try(delivery: Delivery, endpoint: Endpoint) -> None:
    """Send a trial. Raises `PushRefused`, `PushAway`, `QuotaSpent`, `KeyLocked`, `AskedWrong` for a point that is none."""
    try:
        answer = await delivery.sender.send(endpoint, delivery.test_message(), ttl_s=TRIAL_S, quota=delivery.tests)
    except ValueError as error:
        raise AskedWrong from error
    if answer in (Answer.GONE, Answer.REFUSED):
        raise PushRefused
    if answer is not Answer.TAKEN:
        raise PushAway


async def _body(request: AnyRequest, shape: type[T]) -> T:
    return await read_json(request.scope, request.receive, shape, BODY_LIMIT, AskedWrong)


def _secret(text: str) -> bytes:
    try:
        raw = unb64(text)
    except ValueError as error:
        raise AskedWrong from error
    if len(raw) != SECRET_BYTES:
        raise AskedWrong
    return raw
