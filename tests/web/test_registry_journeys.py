"""Claire and Nadia in a real browser: a town, a map, ties, a contest; a phrase over six years, a sum with negatives.

The seconds that each step took are printed, for `docs/run/bench.md`; none is held to a limit here: others share the machine.
"""

import csv
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from litestar import Litestar
from playwright.sync_api import Page

from tests.crypto.counted_clock import CountedClock
from tests.registry.test_map import COMMUNES
from tests.waiting import wait_until
from tests.web.conftest import DESK, OpenPage
from tests.web.sample import page_config
from tests.web.test_accessible import findings
from tocsin.people.session import COOKIE, Sessions
from tocsin.people.staff import Role, Staff, StaffId
from tocsin.registry import document_pages, editors, outline, routes, usaspending
from tocsin.registry.importing import import_file
from tocsin.registry.model import Claim, Draft, Row, Source
from tocsin.registry.reading import Desk
from tocsin.registry.record import record
from tocsin.registry.room import Registry
from tocsin.store.db import Database
from tocsin.web import i18n, pages
from tocsin.web.headers import Site, with_headers
from tocsin.web.static_files import Built

FR, EN = (i18n.load()[code] for code in ("fr", "en"))
TOWN = Source("https://marches.example/vsa", "public register")


Timed = Callable[[str], None]
TITLE = "Vidéosurveillance algorithmique à Marseille"
EUR = Claim("currency", "EUR")
AT = [Claim("latitude", "43.30"), Claim("longitude", "5.38")]


def dated(name: str, begin: str, end: str) -> list[Claim]:
    return [Claim(name, begin), Claim("endDate", end)]


def rows() -> list[Row]:
    """Acts of a town, a vendor with a lobby and another town, three spellings of one firm and a trap."""

    def company(name: str, said: str) -> Draft:
        return Draft(name, "Company", [Claim("name", said)])

    def contract(name: str, title: str, buyer: str, more: list[Claim]) -> Draft:
        claims = [Claim("title", title), Claim("authority", buyer), Claim("supplier", "p-videtics"), *more]
        return Draft(
            name,
            "Contract",
            claims,
            {"technology": ["VSA"], "buyer": [buyer], "place": ["Marseille"], "year": ["2024"]},
        )

    made = [
        Draft("p-marseille", "PublicBody", [Claim("name", "Ville de Marseille")]), company("p-videtics", "Videtics SAS"),
        Draft("p-an2v", "Organization", [Claim("name", "Association nationale de la vidéoprotection")]),
        Draft("p-aix", "PublicBody", [Claim("name", "Ville d'Aix")]),
        contract("p-c1", TITLE, "p-marseille", dated("contractDate", "2024-02-01", "2099-01-31")),
        contract("p-c2", "Drones à Aix", "p-aix", [Claim("contractDate", "2023-05-01")]),
        Draft("p-v1", "ValueEvent", [Claim("contract", "p-c1"), Claim("kind", "award"), Claim("amount", "1200000"), EUR]),
        Draft("p-m1", "UnknownLink", [Claim("subject", "p-videtics"), Claim("object", "p-an2v"), Claim("role", "adhérent")]),
        Draft("p-cam", "Deployment", [Claim("title", "Caméra VSA de la Canebière, Marseille"), *AT],
              {"place": ["Marseille"], "technology": ["VSA"]}),
        company("p-pl1", "Pen-Link Ltd"), company("p-pl2", "PENLINK LLC"), company("p-pl3", "Penlink Ltd"),
        company("p-micro", "PARAGON MICRO INC"), company("p-solutions", "PARAGON SOLUTIONS US INC"),
    ]  # fmt: skip
    return [Row(at, [draft], TOWN, as_of="2024-03") for at, draft in enumerate(made)]


def federal(path: Path) -> Path:
    """Six years of skip tracing: what was obligated, and taken back."""
    names = (
        "contract_transaction_unique_key", "contract_award_unique_key", "award_id_piid", "federal_action_obligation",
        "action_date", "awarding_sub_agency_name", "recipient_uei", "recipient_name", "transaction_description",
    )  # fmt: skip
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(names)
        for year in range(2019, 2025):
            for at, amount in enumerate(("100000.10", "-40000.05", "250000")):
                out.writerow([f"T{year}{at}", f"A{year}", f"P{year}", amount, f"{year}-0{at + 1}-10", "Immigration Office", "UEIWAVE",
                              "WAVELENGTH PLATES LLC", "skip tracing services" if at < 2 else "tracing without skip"])  # fmt: skip
    return path


@pytest.fixture(scope="module")
def place(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where the registry is served, and the cookie of an editor."""
    folder = tmp_path_factory.mktemp("journeys")
    database = Database.open(f"sqlite:///{folder / 'node.db'}")
    database.migrate()
    registry, sessions, config = Registry.open(database, CountedClock()), Sessions(CountedClock()), page_config(built)
    database.write_now(lambda c: record(c, rows(), "town", registry.today))
    database.write_now(lambda c: outline.take_in(c, json.dumps(COMMUNES).encode(), "code", "nom"))
    import_file(registry, federal(folder / "us.csv"), usaspending.read, "us")
    handlers = [
        *pages.routes(config), *routes.routes(registry, config), *editors.routes(registry, sessions, config),
        *document_pages.routes(registry, sessions, config, Desk(CountedClock())), *document_pages.public_routes(registry),
    ]  # fmt: skip
    app = with_headers(Litestar(handlers, exception_handlers={**pages.failures(config)}, openapi_config=None), Site())
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    me = Staff(StaffId(bytes(16)), "Wren", frozenset({Role.EDITOR}), "age1", b"")
    try:
        wait_until(lambda: server.started)
        yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}", f"{COOKIE}={sessions.begin(me)}"
    finally:
        server.should_exit = True
        thread.join()
        database.close()


@pytest.fixture
def timed(capsys: pytest.CaptureFixture[str]) -> Iterator[Timed]:
    """Notes the end of a step; prints the seconds of all of them."""
    seen: list[tuple[str, float]] = []
    last = [time.perf_counter()]

    def done(step: str) -> None:
        now = time.perf_counter()
        seen.append((step, now - last[0]))
        last[0] = now

    yield done
    with capsys.disabled():
        print("\n" + ", ".join(f"{step} {seconds:.1f} s" for step, seconds in seen))


def search(page: Page, label: str, said: str, button: str) -> None:
    page.get_by_label(label, exact=True).fill(said)
    page.get_by_role("button", name=button, exact=True).click()


def test_claire_looks_her_town_up_maps_it_walks_its_ties_and_contests_a_line(
    opened: OpenPage, place: tuple[str, str], timed: Timed
) -> None:
    address, _ = place
    page = opened(f"{address}/fr/registry/place?name=Marseille", viewport=DESK)
    for said in (
        "Vidéosurveillance algorithmique à Marseille",
        "Videtics SAS",
        "Ville de Marseille",
        "EUR",
        "2099-01-31",
    ):
        assert page.get_by_text(said).first.is_visible(), said
    assert page.get_by_text(re.compile(r"1\s200\s000")).first.is_visible()
    assert page.locator(f'a[href="{TOWN.url}"]').count() > 1
    assert page.get_by_role("heading", name=FR.say("registry.place_next")).is_visible()
    assert page.get_by_role("link", name=re.compile(r"\(marches\.example\)$")).count() > 1, "it is to be printed"
    timed("P6.1")
    page.goto(f"{address}/fr/registry/map?q=marseille&technology=VSA")
    assert page.locator("svg.map path.commune.named").count() == 1
    assert page.get_by_text(FR.count("registry.map_points", 1)).is_visible()
    assert page.locator("svg.map circle").count() == 1
    assert (
        page.get_by_role("link", name="Caméra VSA de la Canebière, Marseille").count() == 2
    )  # in the list and in the picture
    timed("P6.2")
    page.goto(f"{address}/fr/registry/entity/p-videtics/ties")
    assert page.get_by_label(FR.say("registry.way_title")).is_visible()
    for said in ("Drones à Aix", "Association nationale de la vidéoprotection"):
        assert page.get_by_role("link", name=said).first.is_visible(), said
    assert page.locator("svg.ties circle, svg.ties rect").count() <= 50
    assert page.locator(f'main a[href="{TOWN.url}"]').count() >= page.locator("svg.ties line").count()
    search(page, FR.say("registry.way_title"), "Ville d'Aix", FR.say("registry.find"))
    assert page.get_by_text("Drones à Aix").first.is_visible()
    timed("P6.3")
    page.goto(f"{address}/fr/registry/entity/p-c1")
    page.get_by_role("link", name=FR.say("registry.contest_this")).first.click()
    page.get_by_label(FR.say("registry.contest_wrong")).check()
    page.locator("#said").fill("le titre du marché est un autre, voir la délibération")
    page.get_by_role("button", name=FR.say("registry.contest_send")).click()
    assert page.get_by_text(FR.say("registry.contest_due")).is_visible()
    assert re.search(r"/contested/[A-Z2-7]{8}$", page.url)
    timed("P6.4")
    assert not findings(page)


def test_nadia_searches_a_phrase_over_six_years_and_sees_what_was_taken_back(
    opened: OpenPage, place: tuple[str, str], timed: Timed
) -> None:
    address, _ = place
    page = opened(f"{address}/en/registry", viewport=DESK)
    page.get_by_label("Search names and words", exact=True).fill('"skip tracing" services')
    timed("P7 opens the registry and types")
    page.get_by_role("button", name="Search", exact=True).click()
    assert page.get_by_text("(exactly)").is_visible()
    timed("P7.1")  # from the press to what was found
    for year in range(2019, 2025):
        assert page.get_by_role("link", name=re.compile(rf"^{year} \(\d+\)")).is_visible(), year
    page.goto(f"{address}/en/registry?q=wavelength")
    page.get_by_role("link", name=re.compile("WAVELENGTH PLATES")).first.click()
    assert page.get_by_text(re.compile(r"1,860,000\.30? USD")).first.is_visible()  # six times 310,000.05
    assert page.get_by_text("-40,000.05 USD").count() == 6
    page.get_by_role("link", name=EN.say("registry.shares_title")).click()
    page.get_by_role("link", name="Immigration Office").click()
    page.get_by_role("link", name=EN.say("registry.shares_title")).click()
    assert page.get_by_role("row", name=re.compile(r"WAVELENGTH PLATES LLC.*1,860,000\.30 USD")).is_visible()
    page.get_by_role("link", name=re.compile(r"^6 acts$")).click()
    assert (
        page.get_by_role("link", name=re.compile("Contract - Immigration Office, WAVELENGTH PLATES LLC")).count() == 6
    )
    timed("P7.2")
