"""Every address under generated requests, for some seconds; `./run fuzz api` goes on for hours."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fuzz import api
from tests.fuzz.description import is_described
from tocsin.app import litestar_of
from tocsin.encounters.routes import is_upload
from tocsin.web import headers
from tocsin.web.headers import Kind, Site


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[api.World]:
    with api.world(tmp_path_factory.mktemp("node")) as made:
        yield made


def test_no_request_breaks_the_node_or_is_echoed(place: api.World) -> None:
    assert api.run(place, examples=3, number=1) > 90


def test_every_address_of_the_program_is_asked(place: api.World) -> None:
    routes = {route.path for route in litestar_of(place.node).routes}
    plain = {"/".join("{x}" if part.startswith("{") else part for part in path.split("/")) for path in routes}
    languages = {f"/{language}/" for language in ("en", "es", "fr")}
    assert not [
        path for path in plain if not is_described(path, place.document["paths"]) and path + "/" not in languages
    ]


@pytest.mark.parametrize("sign", ["\u00b9", "\u0663", "\u2167", "-1", "01", "", "1" * 16])
def test_digits_of_another_script_are_no_number(place: api.World, sign: str) -> None:
    """Found by fuzzing: a raised one passed for a digit and broke the answer."""
    with httpx.Client(base_url=place.url, trust_env=False, timeout=60) as client:
        asked = [client.get(f"/log/{kind}/{sign}") for kind in ("beats", "timestamps")]
    assert {answer.status_code for answer in asked} == {404}
    assert not is_upload(f"/encounters/{'A' * 22}/chunks/{sign}") or sign in {"01", "1" * 15}


class Answer:
    """An answer with one thing wrong about it."""

    def __init__(self, status: int = 200, body: bytes = b"{}", without: str = "", **more: str) -> None:
        self.status_code, self.content = status, body
        told = dict(headers.headers_for(Kind.MACHINE, Site())) | {"content-type": "application/json"} | more
        self.headers = {name: [value] for name, value in told.items() if name != without}


class Asked:
    method, formatted_path = "GET", "/health"


@pytest.mark.parametrize(
    "wrong",
    [
        Answer(500),
        Answer(body=api.CANARY.encode()),
        Answer(location=f"/{api.CANARY}"),
        Answer(without="referrer-policy"),
        Answer(etag="x"),
        Answer(404, b'{"code":"not_found","message":"There is nothing at /this address.","id":"0123456789abcdef"}'),
        Answer(404, b'{"code":"not_found","message":"There is nothing at this address."}'),
        Answer(400, b'{"code":"chunk_malformed","message":"seq 7 is wrong","id":"0123456789abcdef"}'),
        Answer(404, b"<html>/secret</html>", **{"content-type": "text/html"}),
    ],
)
def test_what_is_wrong_with_an_answer_is_seen(place: api.World, wrong: Any) -> None:
    with pytest.raises(AssertionError):
        api.check(place, Asked(), wrong)


def test_an_answer_that_is_right_is_let_be(place: api.World) -> None:
    good: Any = Answer(403, b'{"code":"capability_wrong","message":"%s","id":"0123456789abcdef"}' % sentence().encode())
    api.check(place, Asked(), good)


def sentence() -> str:
    return next(message for code, message in api.sentences() if code == "capability_wrong")
