"""Response headers: one exact set for each kind of answer, computed by a pure function and held by an ASGI wrapper.

Handlers never set a security header themselves. The wrapper drops whatever they set under these names, every validator
(an `ETag` or `Last-Modified` tells a shared phone what was seen before) and the `Server` name, then adds the set of the kind.
Failure first: a foreign `Host` is answered 421 and a cross-site request that would change something 403, before any handler runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.web.refusals import CrossSite, HostUnknown, body_at_the_door

Header = tuple[str, str]


class Kind(StrEnum):
    """What an answer is, as far as a browser must be told what it may do with it."""

    PLAIN = "plain"
    """A page without any script."""
    SCRIPTED = "scripted"
    """A page with script that needs neither camera nor WebAssembly (the verifier)."""
    KEYED = "keyed"
    """A page that derives recovery words: Argon2id runs in WebAssembly."""
    ENCOUNTER = "encounter"
    """A page that may ask for camera and microphone."""
    REPORT = "report"
    """The page of a report: it may ask the phone where it is, which stays on it, and for a voice."""
    NEAR = "near"
    """A page with script that may put what is near first: the phone is asked, and what it says stays on it."""
    STAFF = "staff"
    """A page of staff, signed in or about to: passkeys, Argon2id, and a player for what was opened here."""
    ON_CALL = "on_call"
    """The legal desk's page, on which a lawyer answers calls: staff's, with a microphone."""
    LEAVE = "leave"
    """The way out: it also empties the HTTP cache of what was seen here."""
    MACHINE = "machine"
    """JSON, receipts, sealed exports: nothing a browser should render."""
    PUBLISHED = "published"
    """A machine's answer that is the same for everybody for some minutes: desk keys, client configuration."""
    NEWEST = "newest"
    """The newest checkpoint: the same for everybody for some seconds."""
    STATIC = "static"
    """A file whose name holds its hash, or an immutable tile of the log."""
    WORKER = "worker"
    """The service worker: must be asked for again each time."""


@dataclass(frozen=True)
class Site:
    """What the deployment adds: TLS in front, host names answered to (empty: any), onion address."""

    https: bool = False
    hosts: frozenset[str] = frozenset()
    onion: str = ""


_TRUSTED = "require-trusted-types-for 'script'; trusted-types"
_CLOSED = "base-uri 'none'; frame-ancestors 'none'"


def _scripted_policy(script: str) -> str:
    return (
        f"default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
        f"{_CLOSED}; {_TRUSTED} app"
    )


_PLAIN_POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; manifest-src 'self'; form-action 'self'; "
    f"{_CLOSED}; {_TRUSTED} 'none'"
)
_MACHINE_POLICY = f"default-src 'none'; form-action 'none'; {_CLOSED}; {_TRUSTED} 'none'"
# A worker takes its policy from its own file, not from the page that starts it: static script must be able to run as one.
_WORKER_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; form-action 'none'; "
    f"{_CLOSED}; {_TRUSTED} app"
)

POLICIES: dict[Kind, str] = {
    Kind.PLAIN: _PLAIN_POLICY,
    Kind.LEAVE: _PLAIN_POLICY,
    Kind.SCRIPTED: _scripted_policy("'self'"),
    Kind.KEYED: _scripted_policy("'self' 'wasm-unsafe-eval'"),
    Kind.ENCOUNTER: _scripted_policy("'self' 'wasm-unsafe-eval'"),
    Kind.REPORT: _scripted_policy("'self' 'wasm-unsafe-eval'"),
    Kind.NEAR: _scripted_policy("'self'"),
    Kind.STAFF: _scripted_policy("'self' 'wasm-unsafe-eval'"),
    Kind.ON_CALL: _scripted_policy("'self' 'wasm-unsafe-eval'"),
    Kind.MACHINE: _MACHINE_POLICY,
    Kind.PUBLISHED: _MACHINE_POLICY,
    Kind.NEWEST: _MACHINE_POLICY,
    Kind.STATIC: _WORKER_POLICY,
    Kind.WORKER: _WORKER_POLICY,
}

CACHING: dict[Kind, str] = {
    Kind.PUBLISHED: "public, max-age=300",
    Kind.NEWEST: "public, max-age=5",
    Kind.STATIC: "public, max-age=31536000, immutable",
}

_PAGES = frozenset(
    {
        Kind.PLAIN,
        Kind.LEAVE,
        Kind.SCRIPTED,
        Kind.KEYED,
        Kind.ENCOUNTER,
        Kind.REPORT,
        Kind.NEAR,
        Kind.STAFF,
        Kind.ON_CALL,
    }
)

# Every feature that current browsers know by name and that could tell about a person or a place.
_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "clipboard-read",
    "clipboard-write",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-create",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "storage-access",
    "sync-xhr",
    "usb",
    "xr-spatial-tracking",
)
_ALLOWED: dict[Kind, frozenset[str]] = {
    Kind.ENCOUNTER: frozenset({"camera", "microphone", "screen-wake-lock"}),
    Kind.KEYED: frozenset({"fullscreen", "screen-wake-lock"}),
    Kind.REPORT: frozenset({"geolocation", "microphone"}),
    Kind.NEAR: frozenset({"geolocation"}),
    Kind.STAFF: frozenset({"fullscreen", "publickey-credentials-create", "publickey-credentials-get"}),
    Kind.ON_CALL: frozenset(
        {"camera", "fullscreen", "microphone", "publickey-credentials-create", "publickey-credentials-get"}
    ),
}


def permissions(kind: Kind) -> str:
    """The Permissions-Policy of `kind`: every feature closed but the few the page is for."""
    allowed = _ALLOWED.get(kind, frozenset())
    return ", ".join(f"{feature}=({'self' if feature in allowed else ''})" for feature in _FEATURES)


def headers_for(kind: Kind, site: Site, host: str = "", path: str = "/") -> list[Header]:
    """The exact headers of an answer of `kind`, in order. `host` without a port, lower case."""
    onion_asked = host.endswith(".onion")
    headers = [
        ("content-security-policy", POLICIES[kind]),
        ("permissions-policy", permissions(kind)),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
        # Under no-referrer a browser sends forms with `Origin: null` (Fetch, 3.2), and every form of staff is held to its origin.
        ("referrer-policy", "same-origin" if kind in (Kind.STAFF, Kind.ON_CALL) else "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", CACHING.get(kind, "no-store")),
    ]
    if kind is Kind.LEAVE:
        # Never "storage": sealed seconds that were not sent yet live there, and only their owner decides about them.
        headers.append(("clear-site-data", '"cache"'))
    if site.https and not onion_asked:
        headers.append(("strict-transport-security", "max-age=63072000; includeSubDomains"))
        if site.onion and kind in _PAGES:
            headers.append(("onion-location", f"http://{site.onion}{path}"))
    return headers


_SCREENS = {
    "": Kind.ENCOUNTER,
    "rehearsal": Kind.ENCOUNTER,
    "call": Kind.ENCOUNTER,
    "join": Kind.ENCOUNTER,
    "import": Kind.KEYED,
    "recover": Kind.KEYED,
    "verify": Kind.SCRIPTED,
    "notify": Kind.SCRIPTED,
    "desk/open": Kind.KEYED,
    "report": Kind.REPORT,
    "alerts": Kind.NEAR,
    "alerts/offline": Kind.NEAR,
    "duty": Kind.KEYED,
    "desk": Kind.ON_CALL,
    "passport": Kind.KEYED,
    "passport/join": Kind.KEYED,
    "passport/lost": Kind.KEYED,
    "passport/train": Kind.PLAIN,
    "circle": Kind.KEYED,
    "circle/join": Kind.SCRIPTED,
    "circle/words": Kind.KEYED,
    "on-call": Kind.ON_CALL,
}
_OF_STAFF = frozenset({"staff", "desk", "alert-desk", "on-call"})
"""Below the language: pages that only a session opens, and the two by which one gets a session."""
_PLAIN_BELOW = frozenset({"registry", "report", "alerts"})
"""Below the language: rooms whose deeper pages have no script."""


def kind_of(path: str) -> Kind:
    """The kind of answer that `path` gives when it succeeds."""
    if path.startswith(("/static/built/", "/log/tile/")):
        return Kind.STATIC
    if path.startswith(("/log/beats/", "/log/timestamps/")):
        return (
            Kind.PUBLISHED
        )  # witnesses and authorities answer after the beat: what is read too early must not be kept
    fixed = {
        "/": Kind.PLAIN,
        "/worker.js": Kind.WORKER,
        "/leave": Kind.LEAVE,
        "/source": Kind.PLAIN,
        "/report": Kind.PLAIN,
        "/alerts": Kind.PLAIN,
        "/report-a-danger": Kind.PLAIN,
        "/desk-keys": Kind.PUBLISHED,
        "/client-config": Kind.PUBLISHED,
        "/client-files": Kind.PUBLISHED,
        "/log/checkpoint": Kind.NEWEST,
    }
    if path in fixed:
        return fixed[path]
    parts = path.split("/")
    if len(parts) > 2 and len(parts[1]) == 2 and parts[1].isalpha():
        return _kind_below_language("/".join(parts[2:]))
    return Kind.MACHINE


def _kind_below_language(rest: str) -> Kind:
    first, _, deeper = rest.partition("/")
    if rest in _SCREENS or not deeper:
        return _SCREENS.get(rest, Kind.STAFF if first in _OF_STAFF else Kind.PLAIN)
    if first in _OF_STAFF:
        return Kind.STAFF
    return Kind.PLAIN if first in _PLAIN_BELOW else Kind.MACHINE


def answered_kind(kind: Kind, status: int, media_type: str) -> Kind:
    """What an answer really is: a failure is never cached and never gets the camera, whatever its path."""
    if status < 400:
        return kind
    return Kind.PLAIN if media_type.startswith("text/html") else Kind.MACHINE


_OURS = frozenset(
    {
        b"content-security-policy",
        b"permissions-policy",
        b"cross-origin-opener-policy",
        b"cross-origin-embedder-policy",
        b"cross-origin-resource-policy",
        b"referrer-policy",
        b"x-content-type-options",
        b"x-frame-options",
        b"cache-control",
        b"clear-site-data",
        b"strict-transport-security",
        b"onion-location",
        b"etag",
        b"last-modified",
        b"server",
    }
)

_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})


def refusal(method: str, host: str, fetch_site: str, site: Site) -> int:
    """The status to refuse a request with before any handler sees it, or 0 to let it pass.

    421 for a host name that is not ours (a rebinding page, or the onion service asked for over clearnet); 403 for a request that would
    change something and comes from another site by the browser's own word (Fetch Metadata). A client that is not a browser
    sends no such word and passes: it carries no one's ambient authority. The one cookie is staff's, and their routes ask for more
    (`people.session.refuse_foreign`).
    """
    if (site.hosts and host not in site.hosts) or (site.onion and host == site.onion):
        return 421
    if method not in _CHANGES_NOTHING and fetch_site in {"cross-site", "same-site"}:
        return 403
    return 0


def bare_host(value: str) -> str:
    """The host name of a Host header, without its port, lower case; IPv6 literals keep their brackets."""
    host = value.strip().lower()
    if host.startswith("["):
        return host[: host.find("]") + 1]
    return host.partition(":")[0]


def _asked(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key.lower() == name:
            return bytes(value).decode("latin-1")
    return ""


def _encoded(kind: Kind, site: Site, onion_asked: bool, path: str) -> list[tuple[bytes, bytes]]:
    """`headers_for` as bytes. Only where an onion address is named do they depend on the path, and are made anew."""
    host = ".onion" if onion_asked else ""
    if site.onion and kind in _PAGES:
        return _as_bytes(headers_for(kind, site, host, _own(path)))
    return _same_for_all(kind, site, host)


def line_block(kind: Kind, site: Site, host: str) -> bytes:
    """The headers of a kind that is no page, as the lines they are sent in. `host` is ".onion" or empty."""
    return b"".join(b"%b: %b\r\n" % header for header in _same_for_all(kind, site, host))


@cache
def _same_for_all(kind: Kind, site: Site, host: str) -> list[tuple[bytes, bytes]]:
    return _as_bytes(headers_for(kind, site, host))


def _as_bytes(headers: list[Header]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers]


def with_headers(app: ASGIApp, site: Site, kind: Callable[[str], Kind] = kind_of) -> ASGIApp:
    """`app`, each of its HTTP answers under the exact headers of its kind."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope["type"]) != "http":
            await app(scope, receive, send)
            return
        host, path = bare_host(_asked(scope, b"host")), scope["path"]

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [(bytes(name).lower(), bytes(value)) for name, value in message["headers"]]
                media_type = next((value.decode("latin-1") for name, value in given if name == b"content-type"), "")
                answered = answered_kind(kind(path), message["status"], media_type)
                kept = [(name, value) for name, value in given if name not in _OURS]
                message["headers"] = kept + _encoded(answered, site, host.endswith(".onion"), path)
            await send(message)

        status = refusal(str(scope.get("method")), host, _asked(scope, b"sec-fetch-site"), site)
        if status:
            await _refuse(status, send_with)
        else:
            await app(scope, receive, send_with)

    return wrapped


def apart(clear: ASGIApp, hidden: ASGIApp, port: int) -> ASGIApp:
    """What comes in at `port`, where the onion service ends, goes to `hidden`; everything else to `clear`.

    By the port and not by the Host header: that is the asker's word, the port is ours.
    """

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        at = scope.get("server") if str(scope["type"]) == "http" else None
        await (hidden if at and at[1] == port else clear)(scope, receive, send)

    return route


def _own(path: str) -> str:
    """`path` where it is one of our pages; anything else would be an echo of input, so the first page stands for it."""
    return (
        path
        if kind_of(path) in _PAGES and path.replace("/", "").replace("-", "").isascii() and path.isprintable()
        else "/"
    )


async def _refuse(status: int, send: Send) -> None:
    body = body_at_the_door(CrossSite() if status == CrossSite.status else HostUnknown())
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
