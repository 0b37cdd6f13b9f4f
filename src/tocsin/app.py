"""The composition root: settings -> node -> rooms -> ASGI. The only file that knows everybody.

The way of one request: deadlines (`web.server`), exact headers and refusal of foreign hosts and sites (`web.headers`),
then the hot path of seconds, then everything else through Litestar. The usual request
with a second leaves this way after the deadlines (`seconds.shortcut`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from tocsin import (
    __version__,
    at_alert_pages,
    at_alerts,
    at_calls,
    at_circle,
    at_deliver,
    at_desk,
    at_passport,
    cap_routes,
    fediverse_routes,
    push_routes,
)
from tocsin.alerts import desk_routes, duty_routes
from tocsin.alerts import routes as alert_routes
from tocsin.alerts.board import Board as AlertBoard
from tocsin.alerts.room import Alerts
from tocsin.built_from import source_commit
from tocsin.calls.room import Calls
from tocsin.circle.room import Circles
from tocsin.crypto import canonical
from tocsin.crypto.hkdf import hkdf
from tocsin.desk import routes as desk
from tocsin.desk.board import Board
from tocsin.encounters import routes as encounters
from tocsin.encounters.model import Kind
from tocsin.errors import TocsinError
from tocsin.evidence.system_description import system_files
from tocsin.jurisdictions.model import RiskRoom
from tocsin.jurisdictions.recorded import files_of
from tocsin.jurisdictions.risk import may_answer
from tocsin.log_routes import desk_answer, log_routes
from tocsin.node import Node
from tocsin.office import page_routes as office_pages
from tocsin.office import routes as office_routes
from tocsin.office.room import Office
from tocsin.own_keys import CITY_KEY, EXERCISE_KEY, RECEIPT_KEY, TEST_KEY, read_published
from tocsin.passport import page_routes as passport_pages
from tocsin.passport import routes as passport_routes
from tocsin.passport.room import Passport
from tocsin.people.session import NotSignedIn, RoleMissing
from tocsin.registry import document_pages as registry_documents
from tocsin.registry import editors as registry_editors
from tocsin.registry import routes as registry
from tocsin.registry import sheet
from tocsin.registry.hand_in import hand_in
from tocsin.registry.reading import Desk
from tocsin.registry.room import Registry
from tocsin.seconds import hot_path, unexpected
from tocsin.tlog import public, served
from tocsin.watch import Watch
from tocsin.web import headers, i18n, pages, refusals, static_files
from tocsin.web.render import KeptClass, Schedule

AnyRequest = Request[Any, Any, Any]
OFFICE_SECONDS = 60.0
SHEETS_SECONDS = 20
"""How long pages of whoever thousands name are slower after a change."""
SECURITY_TXT_LIFE = timedelta(days=180)
"""RFC 9116 section 2.5.5 wants less than a year; a node that is not restarted in that time needs a look anyway."""


def application(node: Node) -> ASGIApp:
    """The whole node as one ASGI application. Its lifespan starts and ends the node's loops."""
    inner, settings = hot_path(node, litestar_of(node)), node.settings
    clear = headers.with_headers(inner, site_of(node))
    if not settings.onion:
        return clear
    hidden = headers.with_headers(inner, headers.Site(hosts=frozenset({settings.onion})))
    return headers.apart(clear, hidden, settings.onion_port)


def litestar_of(node: Node) -> Litestar:
    """Every address but that of a second."""
    built = static_files.Built.load().holding(files_of(node.pack))
    watch = Watch(node)
    config = _pages(node, built, watch)
    public = Registry.open(node.database, node.clock)
    node.take_files = partial(hand_in, public)
    office, board, passport = office_of(node), at_desk.desk_of(node)[1], at_passport.passport_of(node)
    office.unread, watch.unpublished = board.late, partial(at_desk.waiting_long, board)
    calls = at_calls.calls_of(node)
    delivery = at_deliver.delivery_of(node)
    circles = at_circle.circles_of(node, delivery)
    alerts = at_alerts.alerts_of(node, passport, at_passport.slow_lane_of(node), delivery)
    config = at_alert_pages.with_alerts(at_passport.with_passport(config, passport), alerts)
    node.release, node.sealed_extra = built.client, lambda: sealed_extra(node, built)
    node.pinned = served.trust_hash(client_config(node, built))
    return Litestar(
        route_handlers=[
            *pages.routes(config),
            *encounters.routes(node.encounters, node.sealed_extra),
            *log_routes(node),
            *registry.routes(public, config),
            *registry_editors.routes(public, office.sessions, config),
            *registry_documents.routes(public, office.sessions, config, Desk(node.clock)),
            *registry_documents.public_routes(public),
            *office_routes.routes(office),
            *office_pages.routes(office, config),
            *desk.routes(board.desk, board, at_desk.door_of(office.sessions), config, at_calls.panel_of(calls, config)),
            *at_calls.routes_of(calls, office.sessions, config),
            *passport_pages.page_routes(passport, office.sessions, config),
            *passport_routes.routes(passport, lambda: at_passport.keys_answer(node, passport)),
            *push_routes.routes(delivery, config),
            *fediverse_routes.routes(delivery.inbox),
            *cap_routes.routes(alerts, node.settings, node.pack, config.languages[node.pack.languages[0]]),
            *at_circle.routes_of(node, circles, config),
            *_alerts(node, alerts, office, delivery, config),
            _constant("/client-config", client_config(node, built)),
            _health(node),
        ],
        lifespan=[lambda _: _life(node, watch, office, board, passport, calls, circles, delivery, alerts)],
        exception_handlers={
            **pages.failures(config),
            TocsinError: _refused(node, config),
            NotSignedIn: _asked_to_sign_in(node, config),
            Exception: _broke(node),
        },
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
    )


def office_of(node: Node) -> Office:
    """The room of staff. Its sessions are what every other room's pages for staff ask."""
    label = b"tocsin.staff/v1 salts"
    salts = hkdf(node.custody.get(RECEIPT_KEY), salt=b"", info=label, length=32)
    decided = node.stewardship
    return Office.open(node.database, node.clock, salts, decided.answer, decided.hand_in)


def site_of(node: Node) -> headers.Site:
    """What the deployment adds to every answer that does not leave through the onion service."""
    settings = node.settings
    is_https = urlsplit(settings.public_url).scheme == "https"
    return headers.Site(https=is_https, hosts=frozenset(settings.hosts), onion=settings.onion)


def client_config(node: Node, built: static_files.Built) -> dict[str, Any]:
    """The body of `GET /client-config` (`docs/spec/http.md`)."""
    limits = node.encounters.limits[Kind.ENCOUNTER]
    return {
        "origin": node.settings.log_origin,
        "log": node.log_vkey,
        "witnesses": [
            {"vkey": vkey, "outside": witness.outside} for witness in node.settings.witnesses for vkey in witness.vkeys
        ],
        "share_recipient": node.share_recipient,
        "receipt_key": node.encounters.receipts.vkey,
        "emergency_number": node.pack.emergency_number,
        "limits": {"max_bytes": limits.max_bytes, "max_seconds": limits.max_seconds, "chunk_bytes": limits.chunk_bytes},
        "sample": node.pack.is_sample,
        "alert_keys": alert_keys(node),
        "desk_wait_s": node.pack.desk_key_wait_s,
        "beat_seconds": node.settings.beat_seconds,
        "call_place": node.pack.calls.places[0].id if node.pack.calls else "",
        "build": built.client,
    }


def alert_keys(node: Node) -> dict[str, str]:
    """The public keys of alerts by CAP's status, base64; none where alerts are off (`docs/spec/alert.md`)."""
    published = read_published(node.settings)
    kept = {"Actual": CITY_KEY, "Exercise": EXERCISE_KEY, "Test": TEST_KEY}
    is_on = may_answer(node.pack, RiskRoom.ALERTS)
    return {status: published[name] for status, name in kept.items() if is_on and name in published}


async def sealed_extra(node: Node, built: static_files.Built) -> dict[str, bytes]:
    """Members of a sealed export that only the composition root knows."""
    about = {
        "announced": await announced(node),
        "beat_seconds": node.settings.beat_seconds,
        "client": built.client,
        "origin": node.settings.log_origin,
        "pack": node.pack.id,
        "pack_is_sample": node.pack.is_sample,
        "retention": retention_told(node),
        "source_commit": await asyncio.to_thread(source_commit),
        "version": __version__,
    }
    members = {"node.json": canonical.dumps(about), **system_files()}
    if node.log is not None:
        members["desk-keys.json"] = msgspec.json.encode(await desk_answer(node))
    return members


async def announced(node: Node) -> list[dict[str, Any]]:
    """Where in the log stands what the node announced of itself, for a sealed export: keys of receipts, clients it served."""
    kinds = ("receipt-key", "release")
    found = await node.database.read(lambda c: [(one.leaf, kind) for kind in kinds for one in public.standing(c, kind)])
    return [{"index": index, "kind": kind} for index, kind in sorted(found)]


def retention_told(node: Node) -> dict[str, Any]:
    """The retention schedule in force, for a sealed export; `table` 0 while none stands in the log."""
    tables = node.stewardship.tables
    return {
        "days": {str(kind): count for kind, count in node.encounters.days.items()},
        "leaf": tables[-1].leaf if tables else 0,
        "stewards": list(tables[-1].stewards) if tables else [],
        "table": tables[-1].number if tables else 0,
    }


def schedule_of(node: Node) -> Schedule:
    """What the public page on retention shows now."""
    kept, tables = node.stewardship.kept, node.stewardship.tables
    if kept is None:
        return Schedule()
    rows = tuple(
        KeptClass(name, one.days, one.coming_days, _day(one.coming_from) if one.coming_from else None)
        for name, one in kept.items()
    )
    return Schedule(rows, tables[-1].number, tables[-1].leaf, tables[-1].stewards)


def _day(unix_s: int) -> date:
    return datetime.fromtimestamp(unix_s, UTC).date()


def _pages(node: Node, built: static_files.Built, watch: Watch) -> pages.PageConfig:
    offered = {code: language for code, language in i18n.load().items() if code in node.pack.languages}
    return pages.PageConfig(
        pack=node.pack,
        built=built,
        languages=offered,
        client=client_config(node, built),
        origin=node.settings.public_url,
        onion=node.settings.onion,
        hotline=node.settings.hotline,
        exit_url=node.settings.exit_url,
        source_url=node.settings.source_url,
        security_contact=node.settings.security_contact,
        status=watch.shown,
        has_registry=True,
        schedule=lambda: schedule_of(node),
        security_expires=datetime.fromtimestamp(node.clock.now_ms() / 1000, UTC).date() + SECURITY_TXT_LIFE,
    )


@asynccontextmanager
async def _life(
    node: Node,
    watch: Watch,
    office: Office,
    board: Board,
    passport: Passport,
    calls: Calls | None,
    circles: Circles,
    delivery: at_deliver.Delivery,
    alerts: Alerts | None,
) -> AsyncIterator[None]:
    await node.begin()
    await at_alerts.refill(node, alerts, delivery)
    tending = node.every("office", office.tend, OFFICE_SECONDS)
    catching_up = node.every("registry", partial(asyncio.to_thread, sheet.catch_up, node.database), SHEETS_SECONDS)
    node.tasks += [
        asyncio.create_task(loop)
        for loop in (
            *watch.loops(),
            *at_desk.loops(node, board),
            *at_passport.loops(node, passport),
            *at_calls.loops(node, calls),
            *at_deliver.loops(delivery),
            *at_circle.loops(node, circles),
            *at_alerts.loops(node, alerts),
            tending,
            catching_up,
        )
    ]
    try:
        yield
    finally:
        delivery.close()
        await node.end()


def _alerts(
    node: Node, alerts: Alerts | None, office: Office, delivery: at_deliver.Delivery, config: pages.PageConfig
) -> list[Any]:
    """Addresses of alerts; none where the jurisdiction pack does not turn them on."""
    if alerts is None:
        return []
    door, board = at_alerts.door_of(office.sessions), AlertBoard(alerts)
    return [
        *alert_routes.routes(alerts),
        *duty_routes.routes(alerts),
        *desk_routes.routes(alerts, board, door),
        *at_alert_pages.routes(node, alerts, board, office.sessions, delivery, config),
    ]


def _refused(node: Node, config: pages.PageConfig) -> Callable[[AnyRequest, TocsinError], Response[bytes]]:
    shown = pages.failed_page(config)

    def refused(request: AnyRequest, error: TocsinError) -> Response[bytes]:
        node.noticed.count(error.code)
        if isinstance(error, RoleMissing) and pages.wants_page(request):
            return shown(request, error.status)
        return _response(error, node.clock.random_bytes(8).hex())

    return refused


def _asked_to_sign_in(node: Node, config: pages.PageConfig) -> Callable[[AnyRequest, NotSignedIn], Response[bytes]]:
    """A page that only staff may see leads to where one signs in; a program gets its code."""

    def asked(request: AnyRequest, error: NotSignedIn) -> Response[bytes]:
        if pages.wants_page(request):
            return office_pages.to(office_pages.sign_in_place(request, config))
        node.noticed.count(error.code)
        return _response(error, node.clock.random_bytes(8).hex())

    return asked


def _broke(node: Node) -> Callable[[AnyRequest, Exception], Response[bytes]]:
    def broke(_: AnyRequest, error: Exception) -> Response[bytes]:
        return _response(*unexpected(node, error))

    return broke


def _response(error: TocsinError, error_id: str) -> Response[bytes]:
    own = {name.decode(): value.decode() for name, value in refusals.headers_of(error)}
    return Response(
        refusals.body_of(error, error_id), status_code=error.status, media_type="application/json", headers=own
    )


def _constant(path: str, content: dict[str, Any]) -> HTTPRouteHandler:
    raw = msgspec.json.encode(content)

    @get(path, sync_to_thread=False, include_in_schema=False)
    def constant() -> Response[bytes]:
        return Response(raw, media_type="application/json")

    return constant


def _health(node: Node) -> HTTPRouteHandler:
    @get("/health", sync_to_thread=False, include_in_schema=False)
    def health() -> Response[dict[str, Any]]:
        """Whether the node takes seconds, and when its log last beat. Nothing about anybody."""
        return Response({"ready": node.encounters.is_ready, "beat": node.last_beat, "troubles": sorted(node.troubles)})

    return health
