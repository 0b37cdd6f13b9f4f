"""The status page: the same for everybody, without script, in rough steps, in every language and state."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.web.sample import page_config
from tocsin.web import pages
from tocsin.web.headers import Kind, kind_of
from tocsin.web.status import FAILS, LONG, NEVER, PARTS, STEPS, UNTRIED, WORKS, Shown, step_of

STATES = {
    "begun": Shown(),
    "good": Shown(tuple((name, WORKS) for name in PARTS), "minutes"),
    "log": Shown((("recording", WORKS), ("log", FAILS), ("room", UNTRIED)), "hour"),
    "tree": Shown((("recording", WORKS), ("tree", FAILS)), LONG),
}


@pytest.fixture(scope="module")
def now() -> list[Shown]:
    return [Shown()]


@pytest.fixture(scope="module")
def browser(now: list[Shown]) -> Iterator[TestClient[Litestar]]:
    config = replace(page_config(), status=lambda: now[0])
    with TestClient(Litestar(pages.routes(config), openapi_config=None)) as client:
        yield client


@pytest.mark.parametrize("language", ["en", "es", "fr"])
@pytest.mark.parametrize("name", STATES)
def test_each_state_in_each_language_without_script_count_or_hour(
    browser: TestClient[Litestar], now: list[Shown], language: str, name: str
) -> None:
    now[0] = STATES[name]
    text = browser.get(f"/{language}/status").text
    assert f'<html lang="{language}"' in text
    assert "<script" not in text
    shown = re.sub(r"<[^>]*>", " ", text[text.index("<main") : text.index("</main>")])
    assert not re.search(r"\d", shown.replace("911", "")), "no count and no time of day"
    assert ('href="tel:' in text) == (STATES[name].state == FAILS)
    assert text == browser.get(f"/{language}/status").text


def test_the_worst_that_is_known_is_the_first_line() -> None:
    assert [STATES[name].state for name in ("begun", "good", "log", "tree")] == [UNTRIED, WORKS, FAILS, FAILS]
    assert dict(STATES["tree"].named) == {"recording": WORKS}


def test_steps_are_rough_and_whole() -> None:
    assert step_of(None) == NEVER
    assert [step_of(seconds) for seconds in (0, 599, 600, 3599, 21_599, 86_399, 86_400, 1e9)] == [
        "minutes", "minutes", "hour", "hour", "hours", "day", LONG, LONG,
    ]  # fmt: skip
    assert [limit for limit, _ in STEPS] == sorted(limit for limit, _ in STEPS)


def test_it_is_a_page_without_script_by_its_headers_too() -> None:
    assert kind_of("/en/status") is Kind.PLAIN
