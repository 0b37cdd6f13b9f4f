"""Headers, by exact value, for every kind of answer; refusals before any handler runs."""

import asyncio
from typing import Any

import pytest

from tocsin.web.headers import Kind, Site, answered_kind, bare_host, headers_for, kind_of, refusal, with_headers

CLOSED = "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types"
SCRIPTED = (
    "default-src 'none'; script-src {}; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; form-action 'self'; " + CLOSED + " app"
)
PLAIN = (
    "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; manifest-src 'self'; form-action 'self'; "
    + CLOSED
    + " 'none'"
)
MACHINE = "default-src 'none'; form-action 'none'; " + CLOSED + " 'none'"
WORKER = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; form-action 'none'; "
    + CLOSED
    + " app"
)
NOTHING = (
    "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), clipboard-write=(), display-capture=(), "
    "encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-create=(), "
    "publickey-credentials-get=(), screen-wake-lock=(), serial=(), storage-access=(), sync-xhr=(), usb=(), "
    "xr-spatial-tracking=()"
)
CAMERA = (
    NOTHING.replace("camera=()", "camera=(self)")
    .replace("microphone=()", "microphone=(self)")
    .replace("screen-wake-lock=()", "screen-wake-lock=(self)")
)
WORDS = NOTHING.replace("fullscreen=()", "fullscreen=(self)").replace("screen-wake-lock=()", "screen-wake-lock=(self)")
PASSKEYS = (
    NOTHING.replace("fullscreen=()", "fullscreen=(self)")
    .replace("publickey-credentials-create=()", "publickey-credentials-create=(self)")
    .replace("publickey-credentials-get=()", "publickey-credentials-get=(self)")
)
ANSWERING = PASSKEYS.replace("camera=()", "camera=(self)").replace("microphone=()", "microphone=(self)")
PLACE = NOTHING.replace("geolocation=()", "geolocation=(self)")
WASM = SCRIPTED.format("'self' 'wasm-unsafe-eval'")
FOREVER = "public, max-age=31536000, immutable"

EXACT: dict[Kind, tuple[str, str, str]] = {
    Kind.PLAIN: (PLAIN, NOTHING, "no-store"),
    Kind.LEAVE: (PLAIN, NOTHING, "no-store"),
    Kind.SCRIPTED: (SCRIPTED.format("'self'"), NOTHING, "no-store"),
    Kind.KEYED: (WASM, WORDS, "no-store"),
    Kind.ENCOUNTER: (WASM, CAMERA, "no-store"),
    Kind.REPORT: (
        SCRIPTED.format("'self' 'wasm-unsafe-eval'"),
        PLACE.replace("microphone=()", "microphone=(self)"),
        "no-store",
    ),
    Kind.NEAR: (SCRIPTED.format("'self'"), PLACE, "no-store"),
    Kind.STAFF: (WASM, PASSKEYS, "no-store"),
    Kind.ON_CALL: (WASM, ANSWERING, "no-store"),
    Kind.MACHINE: (MACHINE, NOTHING, "no-store"),
    Kind.PUBLISHED: (MACHINE, NOTHING, "public, max-age=300"),
    Kind.NEWEST: (MACHINE, NOTHING, "public, max-age=5"),
    Kind.STATIC: (WORKER, NOTHING, FOREVER),
    Kind.WORKER: (WORKER, NOTHING, "no-store"),
}


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_has_exactly_these_headers(kind: Kind) -> None:
    policy, permissions, caching = EXACT[kind]
    expected = [
        ("content-security-policy", policy),
        ("permissions-policy", permissions),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "same-origin" if kind in (Kind.STAFF, Kind.ON_CALL) else "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", caching),
    ]
    if kind is Kind.LEAVE:
        expected.append(("clear-site-data", '"cache"'))
    assert headers_for(kind, Site()) == expected


def test_tls_is_pinned_on_clearnet_and_never_on_the_onion() -> None:
    site = Site(https=True, onion="abc.onion")
    clear = dict(headers_for(Kind.PLAIN, site, "node.example", "/en/about"))
    assert clear["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert clear["onion-location"] == "http://abc.onion/en/about"
    hidden = dict(headers_for(Kind.PLAIN, site, "abc.onion", "/en/about"))
    assert "strict-transport-security" not in hidden
    assert "onion-location" not in hidden
    assert "onion-location" not in dict(headers_for(Kind.MACHINE, site, "node.example", "/encounters"))


PATHS = {
    "/": Kind.PLAIN,
    "/en/": Kind.ENCOUNTER,
    "/fr/rehearsal": Kind.ENCOUNTER,
    "/es/import": Kind.KEYED,
    "/es/recover": Kind.KEYED,
    "/en/verify": Kind.SCRIPTED,
    "/en/desk/open": Kind.KEYED,
    "/en/about": Kind.PLAIN,
    "/en/measures": Kind.PLAIN,
    "/en/app.webmanifest": Kind.PLAIN,
    "/es/report": Kind.REPORT,
    "/es/alerts/offline": Kind.NEAR,
    "/es/report/status": Kind.PLAIN,
    "/en/alerts": Kind.NEAR,
    "/en/alerts/map": Kind.PLAIN,
    "/fr/report-a-danger": Kind.PLAIN,
    "/en/alert-desk": Kind.STAFF,
    "/alerts/live": Kind.MACHINE,
    "/en/staff/": Kind.STAFF,
    "/es/staff/sign-in": Kind.STAFF,
    "/fr/staff/people/invite": Kind.STAFF,
    "/en/desk": Kind.ON_CALL,
    "/en/desk/taken/abc": Kind.STAFF,
    "/staff/sign-in": Kind.MACHINE,
    "/en/other/deep": Kind.MACHINE,
    "/leave": Kind.LEAVE,
    "/worker.js": Kind.WORKER,
    "/static/built/app-AAAAAAAA.css": Kind.STATIC,
    "/log/tile/0/001": Kind.STATIC,
    "/log/checkpoint": Kind.NEWEST,
    "/desk-keys": Kind.PUBLISHED,
    "/client-config": Kind.PUBLISHED,
    "/client-files": Kind.PUBLISHED,
    "/encounters": Kind.MACHINE,
    "/encounters/abc/chunks/0": Kind.MACHINE,
    "/recover": Kind.MACHINE,
    "/anything/else": Kind.MACHINE,
}


@pytest.mark.parametrize("path", PATHS)
def test_each_path_is_of_one_kind(path: str) -> None:
    assert kind_of(path) is PATHS[path]


def test_a_failure_never_gets_the_camera_or_the_cache() -> None:
    assert answered_kind(Kind.ENCOUNTER, 200, "text/html; charset=utf-8") is Kind.ENCOUNTER
    assert answered_kind(Kind.ENCOUNTER, 503, "text/html; charset=utf-8") is Kind.PLAIN
    assert answered_kind(Kind.STATIC, 404, "application/json") is Kind.MACHINE


def test_foreign_names_and_cross_site_changes_are_refused() -> None:
    site = Site(hosts=frozenset({"node.example"}))
    assert refusal("GET", "node.example", "", site) == 0
    assert refusal("GET", "evil.example", "", site) == 421
    assert refusal("GET", "anything", "", Site()) == 0
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for origin, status in {"": 0, "none": 0, "same-origin": 0, "same-site": 403, "cross-site": 403}.items():
            assert refusal(method, "node.example", origin, site) == status
    assert refusal("GET", "node.example", "cross-site", site) == 0


@pytest.mark.parametrize(
    ("value", "host"),
    [("Node.Example:8443", "node.example"), ("[::1]:80", "[::1]"), ("abc.onion", "abc.onion"), ("", "")],
)
def test_the_port_is_no_part_of_a_name(value: str, host: str) -> None:
    assert bare_host(value) == host


def answer(
    path: str, status: int, given: list[tuple[bytes, bytes]], asked: list[tuple[bytes, bytes]], method: str = "GET"
) -> Any:
    """What `with_headers` sends for an application that answers `status` with the headers `given`."""
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": given})
        await send({"type": "http.response.body", "body": b"from within"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope: Any = {"type": "http", "path": path, "method": method, "headers": asked}
    wrapped: Any = with_headers(application, Site(hosts=frozenset({"node.example"})))
    asyncio.run(wrapped(scope, receive, send))
    return sent


def test_the_wrapper_replaces_what_a_route_said_and_drops_validators() -> None:
    given = [
        (b"ETag", b"x"),
        (b"Server", b"y"),
        (b"Cache-Control", b"public"),
        (b"content-type", b"text/html; charset=utf-8"),
    ]
    start, body = answer("/en/", 200, given, [(b"host", b"node.example")])
    expected = [("content-type", "text/html; charset=utf-8"), *headers_for(Kind.ENCOUNTER, Site())]
    assert [(name.decode(), value.decode()) for name, value in start["headers"]] == expected
    assert body["body"] == b"from within"


def test_a_refused_request_never_reaches_a_route_and_still_has_every_header() -> None:
    start, body = answer(
        "/encounters", 201, [], [(b"host", b"node.example"), (b"sec-fetch-site", b"cross-site")], "POST"
    )
    assert start["status"] == 403
    assert b"cross_site" in body["body"]
    assert ("cache-control", "no-store") in [(name.decode(), value.decode()) for name, value in start["headers"]]
    start, body = answer("/en/", 200, [], [(b"host", b"evil.example")])
    assert start["status"] == 421
    assert b"evil" not in body["body"]
