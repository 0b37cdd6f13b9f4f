"""The registry as people and programs read it: every claim with its source, sums refused in words, links that stay, nothing noted."""

import asyncio
import csv
import html
import io
import logging
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any, cast
from xml.etree import ElementTree as ET

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import Connection

from tests.crypto.counted_clock import CountedClock
from tests.web.sample import page_config, small_build
from tocsin.registry import derived, room, routes, search
from tocsin.registry.model import Claim, Confidence, Draft, Row, Source
from tocsin.registry.record import record
from tocsin.registry.room import AT_ONCE, WAITING, ReadersTooMany, Registry
from tocsin.store.db import Database
from tocsin.web import i18n, pages
from tocsin.web.headers import Kind, Site, headers_for, with_headers

pytestmark = pytest.mark.anyio

LANGUAGES = i18n.load()
SOURCE = Source("https://register.example/1", "public register")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'node.db'}")
    database.migrate()
    yield Registry.open(database, CountedClock())
    database.close()


@pytest.fixture
def client(registry: Registry) -> httpx.AsyncClient:
    config = page_config(small_build())
    handlers = [*pages.routes(config), *routes.routes(registry, config)]
    app = with_headers(Litestar(handlers, exception_handlers={**pages.failures(config)}, openapi_config=None), Site())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=cast(Any, app)), base_url="http://node.example")


async def stays() -> Any:
    """What a server says of whoever waits for their answer: nothing more."""
    await asyncio.Future()


def read(answer: httpx.Response) -> str:
    assert answer.status_code == 200
    return re.sub(r"[ \n]+", " ", answer.text)


async def test_a_search_says_what_was_searched_honours_phrases_and_counts_by_year(client: httpx.AsyncClient) -> None:
    page = read(await client.get("/en/registry", params={"q": '"skip tracing" ICE'}))
    assert "<q>ice</q>" in page
    assert "<q>skip tracing</q> (exactly)" in page
    assert "7 results" in page
    assert "2025 (7)" in page
    assert "0 results" in read(await client.get("/en/registry", params={"q": '"tracing skip"'}))
    french = read(await client.get("/fr/registry", params={"technology": "drones", "year": "2020"}))
    assert LANGUAGES["fr"].count("registry.found", 5) in french


@pytest.mark.parametrize("code", ["en", "es", "fr"])
async def test_every_claim_of_a_disputed_contract_is_shown_with_source_and_mark(
    client: httpx.AsyncClient, code: str
) -> None:
    say = LANGUAGES[code].say
    page = read(await client.get(f"/{code}/registry/entity/tf-f020"))
    for claim in ("stop-work 2024", "reactivated Aug 2025", "DHS denies relationship 2026-05-22"):
        assert claim in page
    assert say("registry.contested", date="X").split("X")[0] in page
    assert f"<em>{say('registry.unconfirmed')}{say('page.colon')}</em> DHS denies" in page
    assert say("registry.verb_alleged") in page
    assert page.count("https://itmagazine.com/") >= 10, "each claim leads to its source"


@pytest.mark.parametrize("code", ["en", "es", "fr"])
async def test_the_false_sum_is_refused_on_the_page(client: httpx.AsyncClient, code: str) -> None:
    page = read(await client.get(f"/{code}/registry/entity/tf-org-palantir-technologies-inc"))
    assert LANGUAGES[code].say("registry.sum_kinds") in page
    assert LANGUAGES[code].number(150_703_825) in page
    assert LANGUAGES[code].number(344_403_825) not in page
    assert LANGUAGES[code].number(180_503_825) not in page
    low = read(await client.get(f"/{code}/registry/entity/tf-f019"))
    assert LANGUAGES[code].say("registry.unconfirmed_all") in low


async def test_a_permanent_link_shows_what_it_showed_and_a_bent_one_shows_nothing(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    def corrected(value: str) -> Row:
        return Row(1, [Draft("x-cam", "Deployment", [Claim("title", "Cameras"), Claim("status", value)])], SOURCE)

    registry.database.write_now(partial(record, rows=[corrected("running")], dataset="d", day=20_000))
    before = read(await client.get("/en/registry/entity/x-cam"))
    [link] = set(re.findall(r'href="(/en/registry/entity/x-cam/at/[^"]+)"', before))
    registry.database.write_now(partial(record, rows=[corrected("stopped")], dataset="d", day=20_001))
    now, then = read(await client.get("/en/registry/entity/x-cam")), read(await client.get(link))
    assert "stopped" in now
    assert link not in now
    shown = then.split('<dl class="claims">')[1]
    assert "stopped" not in shown
    assert LANGUAGES["en"].count("registry.since", 1) in then
    assert f"{LANGUAGES['en'].say('registry.prop_status')}: stopped" in then
    assert LANGUAGES["en"].say("registry.old") in then
    bent = link[:-1] + ("0" if link[-1] != "0" else "1")
    for path in (bent, "/en/registry/entity/x-cam/at/1-2", "/en/registry/entity/none", "/en/registry/entity/%00"):
        answer = await client.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html"), path


async def test_twins_say_the_same_as_the_page_and_run_nothing_in_a_spreadsheet(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    formula = Row(2, [Draft("x-sum", "Deployment", [Claim("title", '=HYPERLINK("http://x")')])], SOURCE)
    registry.database.write_now(partial(record, rows=[formula], dataset="d", day=20_000))
    told = (await client.get("/registry/entities/tf-f020/json")).json()
    rows = list(
        csv.DictReader(io.StringIO((await client.get("/registry/entities/tf-f020/csv")).content.decode("utf-8-sig")))
    )
    assert [one["value"] for one in told["statements"]] == [row["value"] for row in rows]
    assert told["contested"] == ["status"]
    assert all(row["source"] and row["verb"] and row["confidence"] and row["first_seen"] for row in rows)
    assert ",'=" in (await client.get("/registry/entities/x-sum/csv")).text.replace('"', "")
    results = (await client.get("/registry/search.json", params={"q": "palantir"})).json()
    assert results["total"] == len(results["results"])
    table = (
        (await client.get("/registry/search.csv", params={"q": "palantir"})).content.decode("utf-8-sig").splitlines()
    )
    assert len(table) == results["total"] + 1
    feed = ET.fromstring((await client.get("/registry/changes.atom")).content)
    assert len(feed.findall("{http://www.w3.org/2005/Atom}entry")) == 100


async def test_what_is_typed_comes_back_as_text_and_is_written_nowhere(
    client: httpx.AsyncClient, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "zzcanaryzz<script>alert(1)</script>"
    page = read(await client.get("/en/registry", params={"q": canary, "vendor": canary}))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    await client.get("/registry/search.json", params={"q": canary})
    folder = Path(str(registry.database._engine.url.database)).parent
    assert not [path for path in folder.iterdir() if b"zzcanaryzz" in path.read_bytes().lower()]
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    assert not [one for one in ours if "zzcanaryzz" in one.getMessage()]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/en/registry?q=a", Kind.PLAIN),
        ("/es/registry/entity/tf-f001", Kind.PLAIN),
        ("/es/registry/entity/tf-org-palantir/same", Kind.PLAIN),
        ("/registry/search.json", Kind.MACHINE),
        ("/registry/entities/tf-f001/csv", Kind.MACHINE),
        ("/registry/changes.atom", Kind.MACHINE),
    ],
)
async def test_answers_have_the_exact_headers_of_their_kind(client: httpx.AsyncClient, path: str, kind: Kind) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert set(headers_for(kind, Site())) <= set(answer.headers.items())
    assert answer.headers["cache-control"] == "no-store"
    assert not {"set-cookie", "etag", "last-modified"} & set(answer.headers)


async def test_a_buyer_of_much_shows_some_amounts_and_sums_all(client: httpx.AsyncClient, registry: Registry) -> None:
    bought = [Claim("title", "Much"), Claim("authority", "x-hub")]
    drafts = [Draft("x-hub", "PublicBody", [Claim("name", "Hub Agency")]), Draft("x-buy", "Contract", bought)]
    told = (
        ("contract", "x-buy"),
        ("kind", "paid"),
        ("currency", "USD"),
        ("amount", "1"),
        ("step", "1"),
        ("date", "2024-01-01"),
    )
    drafts += [Draft(f"x-e{at}", "ValueEvent", [Claim(*one) for one in told]) for at in range(250)]
    registry.database.write_now(partial(record, rows=[Row(1, drafts, SOURCE)], dataset="d", day=20_000))
    page = read(await client.get("/en/registry/entity/x-hub"))
    assert LANGUAGES["en"].say("registry.money_cut", shown="50", n="250") in page
    assert page.count("<small>2024-01-01, ") == 50
    assert "250 USD" in page


async def test_whom_hundreds_name_tells_the_newest_of_them_and_leads_to_all(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    firm = Draft("x-vendor", "Company", [Claim("name", "Manifold Vendors LLC")])
    dated = [("contractDate", f"{1900 + at}-05-06") for at in range(120)]
    claims = [[Claim("title", f"Order {at:03}"), Claim("supplier", "x-vendor")] for at in range(len(dated) + 1)]
    for one, date in zip(claims, dated, strict=False):
        one.append(Claim(*date))
    drafts = [firm, *(Draft(f"x-order{at}", "Contract", one) for at, one in enumerate(claims))]
    registry.database.write_now(partial(record, rows=[Row(1, drafts, SOURCE)], dataset="d", day=20_000))
    registry.database.write_now(partial(derived.refresh, entities=[one.id for one in drafts]))
    page = read(await client.get("/en/registry/entity/x-vendor"))
    line = page[page.index('id="line"') : page.index('id="named"')]
    assert re.findall(r"Order (\d{3})", line) == [f"{at:03}" for at in range(20, 120)]
    assert line.count("as Vendor") == 100
    assert LANGUAGES["en"].count("registry.named_count", 121) in page
    assert LANGUAGES["en"].say("registry.named_cut", shown="100") in page
    [everything] = re.findall(r'<a href="([^"]+)">' + LANGUAGES["en"].say("registry.named_vendor"), page)
    assert LANGUAGES["en"].count("registry.found", 121) in read(await client.get(everything))


async def test_who_may_be_the_same_is_said_with_reasons_and_only_of_institutions(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    names = {"x-same1": "Quillfeather Optics LLC", "x-same2": "QUILLFEATHER OPTICS, INC.", "x-alone": "Umbrafold"}
    drafts = [Draft(key, "Company", [Claim("name", name)]) for key, name in names.items()]
    drafts.append(Draft("x-deal", "Contract", [Claim("title", "Quillfeather Optics lenses")]))
    registry.database.write_now(partial(record, rows=[Row(1, drafts, SOURCE)], dataset="d", day=20_000))
    page = read(await client.get("/en/registry/entity/x-same1/same"))
    assert '<a href="/en/registry/entity/x-same2">QUILLFEATHER OPTICS, INC.</a>' in page
    assert LANGUAGES["en"].say("registry.match_same_letters") in page
    assert LANGUAGES["fr"].say("registry.maybe_nobody") in read(await client.get("/fr/registry/entity/x-alone/same"))
    assert "/registry/entity/x-same1/same" in read(await client.get("/en/registry/entity/x-same1"))
    assert "/same" not in read(await client.get("/en/registry/entity/x-deal"))
    for path in ("x-deal", "nobody", "%20"):
        assert (await client.get(f"/en/registry/entity/{path}/same")).status_code == 404


@pytest.mark.parametrize("code", ["en", "es", "fr"])
async def test_an_amount_is_called_as_how_much_of_what_it_is(
    client: httpx.AsyncClient, registry: Registry, code: str
) -> None:
    """A step of what was obligated has no name of its own; what somebody doubts is no part of a headline."""
    told = {"contract": "y-act", "kind": "obligated", "currency": "USD", "amount": "-73436.5", "step": "1"}
    act = Draft("y-act", "Contract", [Claim("title", "Readers of plates")])
    drafts = [act, *(Draft(name, "ValueEvent", [Claim(*one) for one in told.items()]) for name in ("y-1", "y-2"))]
    low = Row(2, [Draft("y-2", "ValueEvent", [Claim("amount", "9")])], SOURCE, confidence=Confidence.LOW)
    registry.database.write_now(partial(record, rows=[Row(1, drafts, SOURCE), low], dataset="d", day=20_000))
    language = LANGUAGES[code]
    amount = {"en": "-73,436.50", "es": "-73.436,50", "fr": "-73\u202f436,50"}[code]
    page = read(await client.get(f"/{code}/registry/entity/y-1"))
    assert f"<h1>{amount} USD ({language.say('registry.kind_obligated')}): Readers of plates</h1>" in page
    assert f"{language.say('registry.prop_step')}</dt> <dd>{language.say('registry.yes')}" in page
    assert ">obligated<" not in page
    assert "<h1>Readers of plates</h1>" in read(await client.get(f"/{code}/registry/entity/y-2"))


async def test_who_got_how_much_is_a_page_with_the_acts_behind_each_sum(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    names = {"z-hub": "Ville de Samples", "z-a": "Acme Systems LLC", "z-b": "Bolt & Sons LLC", "z-c": "Idle LLC"}
    drafts = [
        Draft(name, "PublicBody" if name == "z-hub" else "Company", [Claim("name", said)])
        for name, said in names.items()
    ]
    for act, seller, amount in (("z-1", "z-a", "5"), ("z-2", "z-b", "100"), ("z-3", "z-b", "-20.5")):
        claims = [Claim("title", f"Order {act}"), Claim("authority", "z-hub"), Claim("supplier", seller)]
        drafts.append(Draft(act, "Contract", claims, {"buyer": [names["z-hub"]], "vendor": [names[seller]]}))
        told = {"contract": act, "kind": "paid", "currency": "EUR", "amount": amount, "step": "1"}
        drafts.append(Draft(f"{act}-e", "ValueEvent", [Claim(*one) for one in told.items()]))
    registry.database.write_now(partial(record, rows=[Row(1, drafts, SOURCE)], dataset="d", day=20_000))
    assert 'href="/fr/registry/entity/z-hub/shares"' in read(await client.get("/fr/registry/entity/z-hub"))
    page = read(await client.get("/fr/registry/entity/z-hub/shares"))
    assert LANGUAGES["fr"].say("registry.shares_bought") in page
    assert page.index("79,50 EUR") < page.index("5 EUR"), "the largest first, with what was taken back"
    links = [html.unescape(one) for one in re.findall(r'href="(/fr/registry\?vendor=[^"]*)"', page)]
    acts = [read(await client.get(one)) for one in links]
    assert ["Order z-2" in one and "Order z-3" in one for one in acts] == [True, False]
    assert LANGUAGES["fr"].say("registry.shares_sold") in read(await client.get("/fr/registry/entity/z-b/shares"))
    assert (await client.get("/fr/registry/entity/z-1/shares")).status_code == 404
    assert LANGUAGES["en"].say("registry.shares_none") in read(await client.get("/en/registry/entity/z-c/shares"))


async def test_a_map_says_that_it_counted_only_some(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    told = LANGUAGES["en"].say("registry.found_more", n="5")
    assert told not in read(await client.get("/en/registry/map"))
    monkeypatch.setattr(search, "COUNTED", 5)
    assert told in read(await client.get("/en/registry/map"))


async def test_a_crowd_of_readers_takes_two_threads_and_each_is_answered(registry: Registry) -> None:
    lock, here, most = Lock(), 0, 0

    def counted(connection: Connection) -> int:
        nonlocal here, most
        with lock:
            here += 1
            most = max(most, here)
        list(connection.exec_driver_sql("SELECT count(*) FROM registry_statement a, registry_entity b"))
        with lock:
            here -= 1
        return here

    fresh = Registry(registry.database, registry.clock)
    assert len(await asyncio.gather(*(fresh.read(stays, counted) for _ in range(12)))) == 12
    assert most == AT_ONCE


async def test_more_than_wait_at_most_are_told_to_come_back_and_those_who_went_make_room(registry: Registry) -> None:
    fresh, door = Registry(registry.database, registry.clock), Event()
    inside = [asyncio.create_task(fresh.read(stays, lambda _: door.wait(60))) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    line = [asyncio.create_task(fresh.read(stays, lambda _: True)) for _ in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(ReadersTooMany) as refused:
        await fresh.read(stays, lambda _: True)
    assert (refused.value.status_code, refused.value.headers) == (503, {"retry-after": "10"})
    line[0].cancel()
    await asyncio.sleep(0)
    line.append(asyncio.create_task(fresh.read(stays, lambda _: True)))
    door.set()
    assert all(await asyncio.gather(*inside, *line[1:]))


async def test_whoever_is_told_to_come_back_gets_a_page_or_a_code_and_when(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WAITING", 0)
    answer = await client.get("/es/registry", headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"
    assert LANGUAGES["es"].say("error.503") in html.unescape(answer.text)
    told = await client.get("/registry/search.json", params={"q": "x"})
    assert (told.status_code, told.json()["code"], told.headers["retry-after"]) == (503, "readers_too_many", "10")


async def test_strange_questions_are_answered(client: httpx.AsyncClient) -> None:
    for given in ('"', '""', "*", "a" * 5000, "NEAR(a b)", "\x00", "' OR 1=1 --", "année « caméra »", "%"):
        read(await client.get("/en/registry", params={"q": given, "begin": "-1", "year": given, "kind": "paid"}))
