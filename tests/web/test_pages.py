"""The pages as a program sees them: complete in every language, constant, without script where none is needed, nothing echoed."""

import re
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.web.sample import page_config, without_contact
from tocsin.web import pages
from tocsin.web.headers import Site, with_headers
from tocsin.web.render import PAGES, KeptClass, Page, Schedule

LANGUAGES = ("en", "es", "fr")


@pytest.fixture(scope="module")
def browser() -> Iterator[TestClient[Litestar]]:
    config = page_config()
    answers = {**pages.failures(config)}
    application = Litestar(pages.routes(config), exception_handlers=answers, openapi_config=None)
    with TestClient(application) as client:
        yield client


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", [page.path for page in PAGES])
def test_each_page_is_there_in_each_language(browser: TestClient[Litestar], language: str, page: str) -> None:
    answered = browser.get(f"/{language}/{page}")
    assert answered.status_code == 200
    assert f'<html lang="{language}" dir="ltr">' in answered.text
    assert "undefined" not in answered.text.lower()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_hold_no_inline_script_style_or_foreign_address(
    browser: TestClient[Litestar], language: str, page: Page
) -> None:
    text = browser.get(f"/{language}/{page.path}").text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|data:", text)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text)
    for attributes, content in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL):
        assert ('type="application/json"' in attributes) != (content == "")


def test_the_door_speaks_the_language_of_the_browser_and_sets_no_cookie(browser: TestClient[Litestar]) -> None:
    for asked, place in {
        "es-MX,en;q=0.5": "/es/",
        "fr": "/fr/",
        "hmn": "/en/",
        "": "/en/",
        "de;q=1, fr;q=0.2": "/fr/",
    }.items():
        answered = browser.get("/", headers={"accept-language": asked}, follow_redirects=False)
        assert (answered.status_code, answered.headers["location"]) == (303, place)
        assert "set-cookie" not in answered.headers


def test_leaving_leads_to_the_neutral_page_which_says_nothing_of_tocsin(browser: TestClient[Litestar]) -> None:
    answered = browser.get("/leave", headers={"accept-language": "es"}, follow_redirects=False)
    assert (answered.status_code, answered.headers["location"]) == (303, "/es/measures")
    text = browser.get("/es/measures").text.lower()
    assert not re.search(r"tocsin|grab|record|script|manifest", text)


def test_an_address_that_is_not_there_gets_a_kind_page_that_echoes_nothing(browser: TestClient[Litestar]) -> None:
    first = browser.get("/es/nothing-like-this", headers={"accept": "text/html"})
    second = browser.get("/es/<script>alert", headers={"accept": "text/html"})
    assert first.status_code == second.status_code == 404
    assert first.content == second.content
    assert "Esta página no está aquí" in first.text
    assert 'href="tel:911"' in first.text
    machine = browser.get("/nothing", headers={"accept": "application/json"})
    told, again = machine.json(), browser.get("/nothing", headers={"accept": "application/json"}).json()
    assert re.fullmatch(r"[0-9a-f]{16}", told.pop("id"))
    assert told == {"code": "not_found", "message": "There is nothing at this address."}
    assert again.pop("id") != told.get("id")
    assert again == told


def test_the_first_page_has_one_control_the_number_the_way_out_and_its_links(browser: TestClient[Litestar]) -> None:
    text = browser.get("/en/").text
    assert text.count('class="sos scripted"') == 1
    for expected in (
        'href="tel:911"',
        'href="/leave"',
        'href="/en/rehearsal"',
        'href="/en/import"',
        'href="/en/recover"',
        'href="/en/about"',
    ):
        assert expected in text
    assert "<noscript>" in text


def test_the_home_screen_can_have_a_name_and_picture_that_tell_nothing(browser: TestClient[Litestar]) -> None:
    own = browser.get("/fr/app.webmanifest").json()
    plain = browser.get("/fr/plain.webmanifest").json()
    assert (own["name"], plain["name"]) == ("Tocsin", "Mesures de cuisine")
    assert plain["start_url"] == "/fr/"
    for manifest in (own, plain):
        assert all(browser.get(icon["src"]).status_code == 200 for icon in manifest["icons"])


def test_no_link_is_dead(browser: TestClient[Litestar]) -> None:
    """The pages of alerts and circles are other rooms': `tests/journeys/test_alerts.py` and `tests/web/test_circle.py` open them."""
    for language in LANGUAGES:
        elsewhere = {f"/{language}/{name}" for name in ("alerts", "report-a-danger", "circle")}
        for page in PAGES:
            text = browser.get(f"/{language}/{page.path}").text
            for link in set(re.findall(r"(?:href|src)=\"(/[^\"#]*)\"", text)) - elsewhere:
                assert browser.get(link, follow_redirects=False).status_code in {200, 303}, link


def test_static_files_are_found_by_their_whole_name_only(browser: TestClient[Litestar]) -> None:
    assert browser.get("/static/built/app-AAAAAAAA.css").headers["content-type"].startswith("text/css")
    for name in ("app.css", "..%2fsecret", "%2e%2e/pages.py", "nothing.js"):
        assert browser.get(f"/static/built/{name}").status_code == 404


def test_the_worker_knows_what_belongs_to_this_release(browser: TestClient[Litestar]) -> None:
    text = browser.get("/worker.js").text
    assert text.startswith('const SHELL={"files":[')
    assert '"languages":["en","es","fr"]' in text
    assert "recover-BBBBBBBB.js" not in text
    assert "first-BBBBBBBB.js" in text


def test_the_release_version_moves_with_any_byte_of_any_page() -> None:
    from dataclasses import replace

    from tocsin.web.render import render

    config = page_config()
    assert render(config).version == render(config).version
    assert render(config).version != render(replace(config, hotline="555-0100")).version


def test_security_txt_names_a_contact_and_a_date_or_is_not_there(browser: TestClient[Litestar]) -> None:
    lines = browser.get("/.well-known/security.txt").text.splitlines()
    assert lines == [
        "Contact: mailto:security@sample.example",
        "Expires: 2030-01-01T00:00:00Z",
        "Preferred-Languages: en, es, fr",
    ]
    nobody = without_contact(page_config())
    assert not any("/.well-known/security.txt" in route.paths for route in pages.routes(nobody))


def test_source_is_handed_to_whoever_asks(browser: TestClient[Litestar]) -> None:
    with tarfile.open(fileobj=BytesIO(browser.get("/source").content)) as archive:
        names = archive.getnames()
    assert "tocsin/pyproject.toml" in names
    assert "tocsin/src/tocsin/web/pages.py" in names
    assert not [name for name in names if "node_modules" in name or "/built/" in name or name.endswith((".db", ".key"))]


def test_the_headers_wrapper_holds_a_real_application(browser: TestClient[Litestar]) -> None:
    config = page_config()
    inner = Litestar(pages.routes(config), exception_handlers={**pages.failures(config)}, openapi_config=None)
    client = TestClient(with_headers(inner, Site()))
    assert client.get("/en/").headers["permissions-policy"].count("(self)") == 3
    assert (
        client.get("/en/about").headers["content-security-policy"].startswith("default-src 'none'; script-src 'none'")
    )
    assert client.get("/static/built/app-AAAAAAAA.css").headers["cache-control"].endswith("immutable")
    assert client.get("/static/built/nothing.js").headers["cache-control"] == "no-store"


def test_how_long_things_are_kept_is_shown_as_it_stands_now_and_needs_no_script() -> None:
    shown = [Schedule()]
    config = replace(page_config(), schedule=lambda: shown[-1])
    with TestClient(Litestar(pages.routes(config), openapi_config=None)) as client:
        assert "nothing is erased by its time" in client.get("/en/retention").text
        rows = (KeptClass("encounter", 1234, 10, date(2026, 11, 28)), KeptClass("rehearsal", 1))
        shown.append(Schedule(rows, 2, 77, ("0123456789abcdef", "fedcba9876543210")))
        for language, said in {
            "en": "10 days from November 28, 2026",
            "es": "28 de noviembre",
            "fr": "28 novembre 2026",
        }.items():
            text = client.get(f"/{language}/retention").text
            assert said in text
            assert "fedcba9876543210" in text
            assert "<script" not in text
        assert "1,234" in client.get("/en/retention").text
        assert client.get("/en/retention").content == client.get("/en/retention").content
