"""Sessions of staff, in memory only: a restart signs everybody out, and a seized disk knows of none.

`Sessions.require(request, *roles)` is what every staff route calls first. The cookie is 32 random bytes; kept here is its digest.
A session ends by itself `IDLE_S` after the last thing its person did: pages they opened and requests that change something
count, what a page asks by itself does not.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.ids import b64, unb64
from tocsin.people.staff import Role, Staff

COOKIE = "__Host-tocsin-staff"
COOKIE_NAME = COOKIE.encode()
COOKIE_BYTES = 32
IDLE_S = 20 * 60
"""WCAG 2.2.1 asks for a warning and a way to stay: the page gives both two minutes before."""
LONGEST_S = 16 * 3_600
"""A night's duty and its hand-over; then one signs in again whatever one does."""
MOST = 1_000
CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})

Connection = ASGIConnection[Any, Any, Any, Any]


class NotSignedIn(TocsinError):
    code = "not_signed_in"
    status = 401
    message = "Sign in again: nobody is signed in here, or nothing was done for 20 minutes. What you wrote is still in the page."


class RoleMissing(TocsinError):
    code = "role_missing"
    status = 403
    message = "This is for another role than yours. Ask a steward if it should be yours."


class OriginForeign(TocsinError):
    code = "origin_foreign"
    status = 403
    message = "This did not come from a page of this node. Nothing was changed; open the page here and do it there."


@dataclass
class _Session:
    staff: Staff
    began: float
    seen: float


class Sessions:
    """Who is signed in. Times are the clock's monotonic seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[bytes, _Session] = {}
        self._gone: set[bytes] = set()

    def begin(self, staff: Staff) -> str:
        """Sign somebody in; the cookie's value. Raises `NotSignedIn` for who left while they were proving who they are."""
        if staff.id in self._gone:
            raise NotSignedIn
        self.forget()
        if len(self._open) >= MOST:
            del self._open[min(self._open, key=lambda one: self._open[one].seen)]
        secret, now = self._clock.random_bytes(COOKIE_BYTES), self._clock.monotonic()
        self._open[sha256(secret).digest()] = _Session(staff, now, now)
        return b64(secret)

    def staff_of(self, request_cookie: str | None, *, did_something: bool = True) -> Staff:
        """Who a cookie stands for; with `did_something` they are not idle any more. Raises `NotSignedIn`."""
        found = self._open.get(_digest(request_cookie))
        now = self._clock.monotonic()
        if found is None or self._is_over(found, now):
            raise NotSignedIn
        if did_something:
            found.seen = now
        return found.staff

    def require(self, request: Connection, *roles: Role) -> Staff:
        """Who asks, who has at least one of `roles` (none: any). Raises `NotSignedIn`, `RoleMissing`, `OriginForeign`."""
        method = str(request.scope.get("method", "GET"))
        is_change = method not in CHANGES_NOTHING
        if is_change:
            refuse_foreign(request)
        is_page = "text/html" in request.headers.get("accept", "")
        staff = self.staff_of(cookie_of(request), did_something=is_change or is_page)
        if roles and not staff.roles & set(roles):
            raise RoleMissing
        return staff

    def left_s(self, request_cookie: str | None) -> float:
        """Seconds until this session ends by itself. Raises `NotSignedIn`."""
        self.staff_of(request_cookie, did_something=False)
        found = self._open[_digest(request_cookie)]
        now = self._clock.monotonic()
        return min(found.seen + IDLE_S, found.began + LONGEST_S) - now

    def end(self, request_cookie: str | None) -> None:
        """Sign out here."""
        self._open.pop(_digest(request_cookie), None)

    def end_all(self, staff_id: bytes, *, for_good: bool = False) -> None:
        """Sign somebody out everywhere. `for_good`: who was read from the tables before they left comes in no more."""
        if for_good:
            self._gone.add(staff_id)
        self._open = {key: one for key, one in self._open.items() if one.staff.id != staff_id}

    def forget(self) -> None:
        """Drop what is over."""
        now = self._clock.monotonic()
        self._open = {key: one for key, one in self._open.items() if not self._is_over(one, now)}

    @staticmethod
    def _is_over(one: _Session, now: float) -> bool:
        return now - one.seen >= IDLE_S or now - one.began >= LONGEST_S


def cookie_of(request: Connection) -> str:
    """The value of our cookie; empty where there is none.

    Read from the headers: the framework's own reader keeps the last thousand cookies it saw, and whoever seized the memory would sign
    in with them (the seizure trial found it).
    """
    for name, value in request.scope["headers"]:
        if name == b"cookie":
            for part in value.split(b";"):
                key, _, found = part.strip().partition(b"=")
                if key == COOKIE_NAME:
                    return str(found, "latin-1")
    return ""


def refuse_foreign(request: Connection) -> None:
    """Raises `OriginForeign` unless the browser says that a page of the name it asked sent this (RFC 6454, section 7).

    The port counts where it is told: a proxy in front may leave it out of `Host`.
    """
    origin, host = request.headers.get("origin", "").lower(), request.headers.get("host", "").lower()
    said = urlsplit(origin).netloc
    if not host or (said if _has_port(host) else _without_port(said)) != host:
        raise OriginForeign


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]


def _without_port(host: str) -> str:
    return host.rpartition(":")[0] if _has_port(host) else host


def set_cookie(value: str) -> str:
    """The `Set-Cookie` header that signs in, or with nothing signs out. Without an age it goes with the browser's own session."""
    age = "" if value else "; Max-Age=0"
    return f"{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{age}"


def _digest(request_cookie: str | None) -> bytes:
    try:
        return sha256(unb64(request_cookie or "")).digest()
    except ValueError:
        return b""
