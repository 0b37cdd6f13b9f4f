"""Sessions: whose, for how long, for which roles, from which page."""

from collections.abc import Mapping
from typing import Any

import pytest
from litestar import Request

from tests.crypto.counted_clock import CountedClock
from tocsin.people.session import (
    COOKIE,
    IDLE_S,
    LONGEST_S,
    NotSignedIn,
    OriginForeign,
    RoleMissing,
    Sessions,
    set_cookie,
)
from tocsin.people.staff import Role, Staff, StaffId

WREN = Staff(StaffId(b"w" * 16), "Wren", frozenset({Role.LAWYER}), "age1", b"k" * 32)
HERON = Staff(StaffId(b"h" * 16), "Heron", frozenset({Role.STEWARD}), "age1", b"k" * 32)


def asked(cookie: str, method: str = "GET", **headers: str) -> Request[Any, Any, Any]:
    given: Mapping[str, str] = {"host": "node.example", "cookie": f"x; y=1; {COOKIE}={cookie}; z=2", **headers}
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    return Request({"type": "http", "method": method, "path": "/", "headers": raw, "query_string": b""})  # type: ignore[arg-type]  # a scope of what is looked at


def test_a_cookie_is_one_persons_until_they_sign_out() -> None:
    sessions = Sessions(CountedClock())
    first, second, other = sessions.begin(WREN), sessions.begin(WREN), sessions.begin(HERON)
    assert sessions.staff_of(first) == sessions.staff_of(second) == WREN
    sessions.end(first)
    for wrong in (first, "", None, "no cookie", other[:-1]):
        with pytest.raises(NotSignedIn):
            sessions.staff_of(wrong)
    sessions.end_all(WREN.id)
    with pytest.raises(NotSignedIn):
        sessions.staff_of(second)
    assert sessions.staff_of(other) == HERON


def test_an_idle_session_ends_and_what_a_page_asks_by_itself_does_not_keep_it() -> None:
    clock = CountedClock()
    sessions = Sessions(clock)
    cookie = sessions.begin(WREN)
    for _ in range(3):
        clock.ms += IDLE_S * 900
        sessions.require(asked(cookie, accept="text/html"))
    clock.ms += IDLE_S * 900
    sessions.require(asked(cookie, accept="*/*"))
    clock.ms += IDLE_S * 101
    with pytest.raises(NotSignedIn):
        sessions.require(asked(cookie, accept="*/*"))


def test_no_session_outlasts_a_night() -> None:
    clock = CountedClock()
    sessions = Sessions(clock)
    cookie = sessions.begin(WREN)
    for _ in range(LONGEST_S // 600 - 1):
        clock.ms += 600_000
        sessions.staff_of(cookie)
    assert 0 < sessions.left_s(cookie) <= 600
    clock.ms += 600_000
    with pytest.raises(NotSignedIn):
        sessions.staff_of(cookie)


def test_a_role_is_asked_for() -> None:
    sessions = Sessions(CountedClock())
    cookie = sessions.begin(WREN)
    assert sessions.require(asked(cookie)) == WREN
    assert sessions.require(asked(cookie), Role.STEWARD, Role.LAWYER) == WREN
    with pytest.raises(RoleMissing):
        sessions.require(asked(cookie), Role.STEWARD)


def test_a_change_comes_from_a_page_of_the_name_that_was_asked() -> None:
    sessions = Sessions(CountedClock())
    cookie = sessions.begin(WREN)
    assert sessions.require(asked(cookie, "POST", origin="https://node.example")) == WREN
    for foreign in (
        "https://evil.example",
        "null",
        "",
        "https://node.example.evil.example",
    ):
        with pytest.raises(OriginForeign):
            sessions.require(asked(cookie, "POST", origin=foreign))


def test_the_cookie_is_found_among_others_and_in_no_cache_of_the_framework() -> None:
    from litestar import _parsers

    sessions = Sessions(CountedClock())
    cookie = sessions.begin(WREN)
    before = _parsers.parse_cookie_string.cache_info().currsize
    assert sessions.require(asked(cookie)) == WREN
    assert _parsers.parse_cookie_string.cache_info().currsize == before
    with pytest.raises(NotSignedIn):
        sessions.require(asked(""))


def test_a_port_counts_where_it_is_told() -> None:
    sessions = Sessions(CountedClock())
    cookie = sessions.begin(WREN)
    for host, origin in (("node.example", "https://node.example:8443"), ("[::1]:8000", "http://[::1]:8000")):
        sessions.require(asked(cookie, "POST", host=host, origin=origin))
    for host, origin in (("node.example:8000", "http://node.example:8001"), ("[::1]", "http://[::2]"), ("", "http://")):
        with pytest.raises(OriginForeign):
            sessions.require(asked(cookie, "POST", host=host, origin=origin))


def test_the_cookie_is_this_hosts_alone_and_lives_with_the_browser() -> None:
    assert set_cookie("x") == "__Host-tocsin-staff=x; Path=/; Secure; HttpOnly; SameSite=Strict"
    assert set_cookie("").endswith("; Max-Age=0")
