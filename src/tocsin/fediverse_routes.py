"""Addresses of the city's actor (`docs/spec/fediverse.md`); none exists while the settings give it no name or alerts are off."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from tocsin.deliver.activitypub import CONTEXT, TYPE
from tocsin.deliver.follow import Inbox
from tocsin.errors import TocsinError
from tocsin.web.body import read_body

BODY_LIMIT = 64 * 1024
AnyRequest = Request[Any, Any, Any]


class NoteGone(TocsinError):
    code = "note_gone"
    status = 410
    message = "This note has ended, or never was."


class AccountUnknown(TocsinError):
    code = "account_unknown"
    status = 404
    message = "There is no account of this name here."


def routes(inbox: Inbox | None) -> list[HTTPRouteHandler]:
    """Everything that another server asks of an actor."""
    if inbox is None:
        return []
    fediverse, actor = inbox.fediverse, inbox.fediverse.actor
    shown, found = msgspec.json.encode(actor.told()), msgspec.json.encode(actor.found())
    names = {f"acct:{actor.name}@{actor.host}", actor.id}

    @get("/.well-known/webfinger", sync_to_thread=False, include_in_schema=False)
    def webfinger(request: AnyRequest) -> Response[bytes]:
        if request.query_params.get("resource") not in names:
            raise AccountUnknown
        return Response(found, media_type="application/jrd+json")

    @get("/ap/actor", sync_to_thread=False, include_in_schema=False)
    def actor_itself() -> Response[bytes]:
        return Response(shown, media_type=TYPE)

    @get("/ap/outbox", sync_to_thread=False, include_in_schema=False)
    def ap_outbox() -> Response[bytes]:
        told = {"@context": CONTEXT, "id": f"{actor.url}/ap/outbox", "type": "OrderedCollection", "totalItems": 0}
        return Response(msgspec.json.encode(told | {"orderedItems": []}), media_type=TYPE)

    @get("/ap/notes/{number:str}", include_in_schema=False)
    async def one(number: FromPath[str]) -> Response[bytes]:
        try:
            raw = bytes.fromhex(number)
        except ValueError as error:
            raise NoteGone from error
        hour_s = await fediverse.stands(raw)
        if hour_s is None:
            raise NoteGone
        told = {"@context": CONTEXT, **actor.note(raw, hour_s)}
        return Response(msgspec.json.encode(told), media_type=TYPE)

    @post("/ap/inbox", status_code=202, include_in_schema=False)
    async def take(request: AnyRequest) -> Response[bytes]:
        raw = await read_body(request.scope, request.receive, BODY_LIMIT)
        await inbox.take(request.scope["path"], dict(request.headers), raw)
        return Response(b"", status_code=202, media_type=TYPE)

    return [webfinger, actor_itself, ap_outbox, one, take]
