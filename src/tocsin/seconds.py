"""The way of one second through the node: straight to its verb, and in the usual case past ASGI.

Everything else goes through Litestar. What a phone is told of an error is the same on both ways.
"""

from functools import partial

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from tocsin.crypto.profiles import CHUNK_LIMIT
from tocsin.encounters import routes as encounters
from tocsin.errors import TocsinError
from tocsin.node import Node
from tocsin.web import refusals
from tocsin.web.body import Disconnected
from tocsin.web.headers import Site
from tocsin.web.shortcut import Shortcut


def hot_path(node: Node, rest: ASGIApp) -> ASGIApp:
    """Seconds go to their verbs, everything else to `rest`."""
    upload, several = encounters.upload(node.encounters), encounters.several(node.encounters)

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"] if scope["type"] == ScopeType.HTTP else ""
        if method == "PUT" and encounters.is_upload(scope["path"]):
            take = upload
        elif method == "POST" and encounters.is_several(scope["path"]):
            take = several
        else:
            await rest(scope, receive, send)
            return
        try:
            await take(scope, receive, send)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001  whatever broke has its answer
            await _send(send, *_told(node, error))

    return route


def shortcut(node: Node, site: Site) -> Shortcut:
    """The usual request with a second, past ASGI; what `hot_path` does for every other."""
    take = encounters.whole(node.encounters)
    return Shortcut(encounters.is_upload, CHUNK_LIMIT, take, partial(_told, node), site)


def unexpected(node: Node, error: Exception) -> tuple[TocsinError, str]:
    """The constant refusal for an error that nobody foresaw, and its id."""
    node.noticed.count(TocsinError.code)
    return refusals.unexpected(error, node.noticed, node.clock)


def _told(node: Node, error: Exception) -> tuple[TocsinError, str]:
    if not isinstance(error, TocsinError):
        return unexpected(node, error)
    node.noticed.count(error.code)
    return error, node.clock.random_bytes(8).hex()


async def _send(send: Send, error: TocsinError, error_id: str) -> None:
    body = refusals.body_of(error, error_id)
    own = [(b"content-type", refusals.JSON), (b"content-length", str(len(body)).encode()), *refusals.headers_of(error)]
    await send({"type": "http.response.start", "status": error.status, "headers": own})
    await send({"type": "http.response.body", "body": body, "more_body": False})
