"""The room's screens as a browser gets them: the real verbs, pages and stream over a trial's city; who is at the desk is a cookie."""

import asyncio
import threading
import traceback
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from litestar import Litestar, Request, Response, asgi, get
from litestar.types import Receive, Scope, Send

from tests.alerts.world import ARD, DEE, SAM, STEW, City, city
from tests.trust.hostile import DAY, Hostile
from tests.waiting import wait_until
from tests.web.sample import page_config
from tocsin.alerts import desk_routes, duty_routes, pages, public_routes, report_routes, routes, staff_pages
from tocsin.alerts.model import AlertCancelled, AlertPublished, Caller, DangerDeclared, MsgType
from tocsin.at_alerts import proven
from tocsin.clock import SystemClock
from tocsin.crypto import bech32, envelope
from tocsin.crypto.hkdf import hkdf
from tocsin.deliver.model import Kind, Message
from tocsin.deliver.sse import Hub
from tocsin.errors import TocsinError
from tocsin.ids import b64
from tocsin.people.statement import Act, Named
from tocsin.web import pages as house_pages
from tocsin.web.headers import Site, with_headers
from tocsin.web.static_files import Built

PASSPHRASE = "seven herons stood by the old canal"
LABEL = b"tocsin.staff/v1 "
STAFF = {one.pseudonym: one for one in (DEE, SAM, STEW, ARD)}
T = TypeVar("T")


@dataclass
class Screens:
    """A city whose screens are served. What a test does to it runs in the server's own loop."""

    url: str
    city: City
    hub: Hub
    log: Hostile
    loop: asyncio.AbstractEventLoop

    def do(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self.loop).result(60)

    def beat(self, *entries: bytes) -> None:
        """A beat of the log with these entries, seen by its witnesses."""
        with ThreadPoolExecutor(1) as aside:  # a browser's driver holds this thread's event loop
            aside.submit(self.log.strike, *entries).result()


@contextmanager
def serving_screens(folder: Path, built: Built | None = None) -> Iterator[Screens]:
    """A city on loopback, by the machine's own clock: a browser has no other."""
    found, loop = city(folder), asyncio.new_event_loop()
    found.clock.ms = SystemClock().now_ms()
    hub = Hub(found.clock)
    found.alerts.heard.append(lambda event: _tell(hub, event))
    with ThreadPoolExecutor(1) as aside:  # a browser's driver holds this thread's event loop
        log = aside.submit(_proven, folder / "log", found.dispatcher).result()
    _commits_to(found, log)
    application = _application(found, hub, built, log)
    server = uvicorn.Server(
        uvicorn.Config(
            application, host="127.0.0.1", port=0, log_level="error", access_log=False, timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve()))
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield Screens(f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}", found, hub, log, loop)
    finally:
        server.should_exit = True
        thread.join()
        loop.close()
        found.database.close()
        found.erase_keys.close()


def passphrase_door(who: Caller, identity: str) -> dict[str, Any]:
    """Somebody's keys under `PASSPHRASE`, as their browser sealed them (docs/spec/staff.md)."""
    salt, nonce = bytes(16), bytes(12)
    secret = hash_secret_raw(PASSPHRASE.encode(), salt, 3, 64 * 1024, 1, 32, Type.ID)
    key = hkdf(secret, salt=who.id, info=LABEL + b"seal", length=32)
    keys = bech32.decode("age-secret-key-", identity.lower()) + bytes(32)
    sealed = b"\x01" + nonce + AESGCM(key).encrypt(nonce, keys, LABEL + b"identity\n" + who.id)
    return {"id": "", "kind": "passphrase", "credential": "", "salt": b64(salt), "sealed": b64(sealed), "day": 0}


def _broke(_: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    traceback.print_exception(error)  # a trial says what broke; a node says nothing
    return Response({"code": "unexpected"}, status_code=500)


def _refused(_: Request[Any, Any, Any], error: TocsinError) -> Response[Any]:
    return Response({"code": error.code, "message": error.message}, status_code=error.status)


def _tell(hub: Hub, event: object) -> None:
    if isinstance(event, AlertPublished | AlertCancelled | DangerDeclared) and event.posted is not None:
        posted = event.posted
        kind = Kind.CANCEL if posted.msg_type is MsgType.CANCEL else Kind.ALERT
        hub.show(Message(posted.id, kind, posted.wire, posted.expires_s * 1000))


def _proven(folder: Path, identity: str) -> Hostile:
    """A log in which two stewards put the dispatchers' key two days ago, seen by a witness now. Nobody took this one over."""
    folder.mkdir()
    log = Hostile(folder)
    log.town.clock.ms = SystemClock().now_ms() - 2 * DAY * 1000
    log.beat = log.now - 60
    log.strike(log.founding(), log.said(Act.ALERT_DESK_ADD, Named(key=envelope.recipient_of(identity), name="Dee")))
    log.town.clock.ms = SystemClock().now_ms()
    log.strike()
    return log


def _commits_to(found: City, log: Hostile) -> None:
    """What the room commits to stands in that log once `log.strike` was called with it; what proves it is the node's own."""

    async def logged(commitment: bytes) -> dict[str, Any] | None:
        return await asyncio.to_thread(proven, log.log, log.seen, commitment)

    object.__setattr__(found.alerts.ports, "logged", logged)


def _application(found: City, hub: Hub, built: Built | None, log: Hostile) -> Any:
    alerts, (node_identity, recipient) = found.alerts, envelope.new_identity(found.clock)
    keys = {str(status): b64(key) for status, key in alerts.ports.public().items()}
    client = log.trust | {
        "alert_keys": keys,
        "emergency_number": "911",
        "share_recipient": recipient,
        "sample": True,
    }
    config = replace(page_config(built or Built.load()), client=client)
    config = replace(config, kept=(pages.kept(config), pages.kept_copy(config)))

    def door(request: Request[Any, Any, Any]) -> Caller:
        return STAFF[request.cookies["who"]]

    def tell(request: Request[Any, Any, Any]) -> dict[str, Any]:
        who = door(request)
        return {"staff": b64(who.id), "pseudonym": who.pseudonym, "idle_s": 900, "warn_s": 60}

    @get("/staff/doors", sync_to_thread=True, include_in_schema=False)
    def doors(request: Request[Any, Any, Any]) -> dict[str, Any]:
        who = door(request)
        identity = found.dispatcher if who.is_dispatcher else found.identities[who.pseudonym]
        return {"staff": b64(who.id), "doors": [passphrase_door(who, identity)]}

    @get("/desk-keys", sync_to_thread=False, include_in_schema=False)
    def desk_keys() -> dict[str, Any]:
        return log.answer()

    @asgi("/alerts/news", copy_scope=False)
    async def news(scope: Scope, receive: Receive, send: Send) -> None:
        await hub(scope, receive, send)

    handlers = [
        doors,
        desk_keys,
        news,
        *house_pages.routes(config),
        *routes.routes(alerts),
        *duty_routes.routes(alerts),
        *desk_routes.routes(alerts, found.board, door),
        *report_routes.routes(alerts, lambda sealed: envelope.open_with(node_identity, sealed), config),
        *public_routes.page_routes(alerts, lambda: hub.place, config),
        *staff_pages.routes(alerts, found.board, door, tell, config),
    ]
    failures = {**house_pages.failures(config), TocsinError: _refused, Exception: _broke}
    return with_headers(Litestar(handlers, exception_handlers=failures, openapi_config=None), Site())
