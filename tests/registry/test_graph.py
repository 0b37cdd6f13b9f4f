"""How one is tied to another: the shortest way with its claims, large nodes cut and said so, one thing in list, picture, file."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, cast
from xml.etree import ElementTree as ET

import httpx
import pytest
from litestar import Litestar

from tests.crypto.counted_clock import CountedClock
from tests.web.sample import page_config, small_build
from tocsin.registry import drawing, graph, routes
from tocsin.registry.judge import Verdict, judge
from tocsin.registry.model import Claim, Draft, Row, Source
from tocsin.registry.record import record
from tocsin.registry.room import Registry
from tocsin.store.db import Database
from tocsin.web import i18n, pages
from tocsin.web.headers import Site, with_headers

pytestmark = pytest.mark.anyio

SAYS = {code: language.say for code, language in i18n.load().items()}
SOURCE = Source("https://register.example/1", "public register")
HUB = 450


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The facts that ship, a chain of sellers, and an agency with more contracts than can be drawn."""
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('graph') / 'node.db'}")
    database.migrate()
    made = Registry.open(database, CountedClock())
    firms = [Draft(f"g-{at}", "Company", [Claim("name", f"Chain {at} LLC")]) for at in range(6)]
    links = [
        Draft(
            f"c-{at}",
            "Contract",
            [Claim("title", f"Order {at}"), Claim("supplier", f"g-{at}"), Claim("authority", f"g-{at + 1}")],
        )
        for at in range(5)
    ]
    hub = Draft("hub", "PublicBody", [Claim("name", "Hub Agency")])
    orders = [
        Draft(f"h-{at}", "Contract", [Claim("title", f"Hub order {at}"), Claim("authority", "hub")])
        for at in range(HUB)
    ]
    lone = Draft("lone", "Company", [Claim("name", "Lone LLC")])
    rows = [Row(at, [draft], SOURCE) for at, draft in enumerate([*firms, *links, hub, *orders, lone])]
    database.write_now(partial(record, rows=rows, dataset="g", day=20_000))
    yield made
    database.close()


@pytest.fixture
def client(registry: Registry) -> httpx.AsyncClient:
    config = page_config(small_build())
    handlers = [*pages.routes(config), *routes.routes(registry, config)]
    app = with_headers(Litestar(handlers, exception_handlers={**pages.failures(config)}, openapi_config=None), Site())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=cast(Any, app)), base_url="http://node.example")


def way(registry: Registry, one: str, other: str) -> graph.Way:
    return registry.database.read_now(partial(graph.way, one=one, other=other))


def test_the_way_is_the_shortest_the_same_from_both_ends_and_every_tie_has_a_claim(registry: Registry) -> None:
    there, back = way(registry, "g-0", "g-2"), way(registry, "g-2", "g-0")
    assert [tie.begin for tie in there.ties] == ["c-0", "c-0", "c-1", "c-1"]
    assert there.ties == tuple(reversed(back.ties))
    evidence = registry.database.read_now(partial(graph.evidence_of, ties=there.ties))
    assert all(evidence[tie][0].said.source == SOURCE for tie in there.ties)
    assert way(registry, "g-0", "g-0").ties == ()


def test_none_too_far_and_a_shared_technology_are_told_apart_from_a_way(registry: Registry) -> None:
    none = way(registry, "lone", "g-0")
    assert (none.ties, none.is_whole) == ((), True)
    assert way(registry, "g-0", "g-5").ties == (), "ten claims are further than is looked"
    assert not any(tie.property == "technology" for tie in way(registry, "tf-org-clearview-ai", "tf-org-palantir").ties)


def test_what_was_judged_the_same_is_one_on_the_way(registry: Registry) -> None:
    with registry.database._engine.connect() as connection:
        judge(connection, "g-2", "lone", Verdict.SAME, "one firm", 20_000)
        assert len(graph.way(connection, "lone", "g-1").ties) == 2
        connection.rollback()


def test_a_large_node_is_cut_and_says_so_and_can_be_paged(registry: Registry) -> None:
    found = registry.database.read_now(partial(graph.around, name="hub"))
    assert len(found.nodes) <= graph.DRAWN
    assert found.is_cut
    assert found.total == graph.AROUND, "as many as were looked at"
    later = registry.database.read_now(partial(graph.around, name="hub", begin=25))
    first = {tie.begin for tie in found.ties}
    assert later.ties
    assert not first & {tie.begin for tie in later.ties}
    spots, lines = drawing.drawn(found)
    assert len({(spot.x, spot.y) for spot in spots}) == len(spots)
    assert {line.tie for line in lines} == set(found.ties)
    left, top, width, height = drawing.frame(spots)
    assert all(left < spot.x < left + width and top < spot.y < top + height for spot in spots)
    assert all(len(spot.lines) <= 2 and max(map(len, spot.lines)) <= drawing.LABEL for spot in spots)


@pytest.mark.parametrize("code", ["en", "es", "fr"])
async def test_the_page_of_a_way_answers_by_names_with_sources(client: httpx.AsyncClient, code: str) -> None:
    answer = await client.get(f"/{code}/registry/way", params={"from": "Chain 0", "to": "chain 1 llc"})
    assert answer.status_code == 200
    assert answer.text.count(SOURCE.url) == 2
    assert "Order 0" in answer.text
    nobody = await client.get(f"/{code}/registry/way", params={"from": "<b>zz", "to": "g-1"})
    assert SAYS[code]("registry.way_nobody") in nobody.text
    assert "<b>zz" not in nobody.text
    lone = await client.get(f"/{code}/registry/way", params={"from": "lone", "to": "g-1"})
    assert SAYS[code]("registry.way_none") in lone.text
    assert (await client.get(f"/{code}/registry/way")).status_code == 200


async def test_list_picture_and_file_show_the_same_ties(client: httpx.AsyncClient, registry: Registry) -> None:
    found = registry.database.read_now(partial(graph.around, name="tf-org-palantir"))
    page = (await client.get("/en/registry/entity/tf-org-palantir/ties")).text
    assert page.count("<line ") == len(found.ties)
    listed = set(re.findall(r'href="/en/registry/entity/([^"/]+)"', page))
    assert set(found.nodes) <= listed
    file = ET.fromstring((await client.get("/registry/entities/tf-org-palantir/gexf")).content)
    space = "{http://www.gexf.net/1.2draft}"
    assert {node.get("id") for node in file.iter(f"{space}node")} == set(found.nodes)
    edges = {(edge.get("source"), edge.get("target"), edge.get("label")) for edge in file.iter(f"{space}edge")}
    assert edges == {(tie.begin, tie.end, tie.property) for tie in found.ties}
    assert "<script" not in page
    for path in ("/en/registry/entity/none/ties", "/registry/entities/none/gexf", "/registry/entities/%20/ftm"):
        assert (await client.get(path)).status_code in (404, 500), path
    line = (await client.get("/registry/entities/tf-f020/ftm")).text
    assert line.count("\n") == 1


async def test_a_town_says_what_is_planned_bought_decided_and_not_known(client: httpx.AsyncClient) -> None:
    page = (await client.get("/fr/registry/place", params={"name": "Marseille"})).text
    for heading in ("place_bought", "place_decided", "place_runs", "place_planned", "unknown"):
        assert SAYS["fr"](f"registry.{heading}") in page, heading
    assert page.count(SAYS["fr"]("registry.prop_sourceUrl")) >= 3, "each act has its source"
    assert "SNEF" in page
    nothing = (await client.get("/fr/registry/place", params={"name": "<i>zz"})).text
    assert SAYS["fr"]("registry.place_nothing") in nothing
    assert "<i>zz" not in nothing


async def test_places_leave_as_coarse_as_they_are_kept(client: httpx.AsyncClient, registry: Registry) -> None:
    camera = Draft(
        "cam", "Deployment", [Claim("title", "Geocam reader"), Claim("latitude", "44.98"), Claim("longitude", "-93.27")]
    )
    registry.database.write_now(partial(record, rows=[Row(1, [camera], SOURCE)], dataset="g", day=20_000))
    told = (await client.get("/registry/search.geojson", params={"q": "geocam"})).json()
    assert [one["geometry"]["coordinates"] for one in told["features"]] == [[-93.27, 44.98]]
    assert (await client.get("/registry/search.geojson", params={"q": "palantir"})).json()["features"] == []
