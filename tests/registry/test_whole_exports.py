"""The whole registry as a table, a map and a graph: all of it once, marked where it is contested, adding up as on the page."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import geojson  # type: ignore[import-untyped]
import networkx  # type: ignore[import-untyped]
import pytest
from lxml import etree  # type: ignore[import-untyped]
from sqlalchemy import Connection, select

from tests.registry.test_importing import step, written
from tocsin.registry import amounts, contest, graph, queries, tables, twins, usaspending, wholes
from tocsin.registry.exports import EXPORTS
from tocsin.registry.importing import import_file
from tocsin.registry.judge import Verdict, judge
from tocsin.registry.model import Claim, Confidence, Draft, Row, Source
from tocsin.registry.record import record
from tocsin.registry.room import Registry
from tocsin.registry.value_sums import Total

SEEN = Source("https://osm.example/1", "map")
HOSTILE = '=cmd|"/c calc"!A1 <b>&\ufffe\uffff'


def camera(name: str, at: tuple[str, str]) -> Draft:
    claims = [Claim("title", f"{HOSTILE} {name}"), Claim("longitude", at[0]), Claim("latitude", at[1])]
    return Draft(name, "Deployment", claims, {"place": ["Marseille"], "year": ["2024"]})


@pytest.fixture
def registry(copied: Callable[[str], Registry], tmp_path: Path) -> Registry:
    """The facts that ship, federal steps, two cameras that are one, a firm in two spellings, and claims that are contested."""
    made = copied("node")
    rows = [step(1, "1000000.01"), step(2, "-250000.50"), step(3, "5", firm="ACME SYSTEMS LLC")]
    import_file(made, written(tmp_path / "us.csv", rows), usaspending.read, "us")
    drafts = [
        camera("cam-1", ("5.38", "43.30")), camera("cam-2", ("5.39", "43.31")), camera("cam-3", ("-93.27", "44.98")),
        Draft("cam-4", "Deployment", [Claim("title", "Half a place"), Claim("latitude", "1.00")]),
        Draft("acme-2", "Company", [Claim("name", "Acme Systems")]),
        Draft("own", "Contract", [Claim("title", "Its own"), Claim("supplier", "acme-2"), Claim("authority", "who-knows")]),
    ]  # fmt: skip
    low = Row(
        9, [Draft("rumour", "Deployment", [Claim("title", "Said to be planned")])], SEEN, confidence=Confidence.LOW
    )
    made.database.write_now(lambda c: record(c, [Row(at, [one], SEEN) for at, one in enumerate(drafts)], "d", 20_000))
    made.database.write_now(lambda c: record(c, [low], "d", 20_000))

    def judged(connection: Connection) -> None:
        for pair in (("cam-1", "cam-2"), ("acme-2", "us-ueiacme")):
            judge(connection, *pair, Verdict.SAME, "looked at both", 20_001)
        for name, prop in (("cam-1", "title"), ("own", "supplier"), ("us-tx-1", "amount")):
            kept = queries.statements_of(connection, [name])
            number = next(one.number for one in kept if one.said.property == prop)
            contest.file(connection, number, (str(contest.Kind.OUTDATED), "it was taken down", ""), 20_002, made.clock)

    made.database.write_now(judged)
    return made


def exported(registry: Registry, form: str) -> tuple[int, bytes]:
    out = io.BytesIO()
    count = registry.database.read_now(lambda c: EXPORTS[form](c, out))
    return count, out.getvalue()


def test_the_table_has_every_act_and_amount_once_and_adds_up_as_the_page_does(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wholes, "SOME", 7)
    count, told = exported(registry, "csv")
    assert told.startswith(b"\xef\xbb\xbf"), "so that a spreadsheet reads accents"
    lines = list(csv.DictReader(io.StringIO(told.decode("utf-8-sig"))))
    assert len(lines) == count
    amounts_there = registry.database.read_now(lambda c: c.execute(select(tables.money.c.event)).all())
    assert sum(bool(one["amount"]) for one in lines) == len(amounts_there)
    without = Counter(one["id"] for one in lines if not one["amount"])
    assert set(without.values()) == {1}
    assert {"cam-1", "cam-3", "rumour", "tf-org-palantir"} <= without.keys()
    assert "cam-2" not in without, "it goes under cam-1"
    by_id = {one["id"]: one for one in lines}
    assert by_id["rumour"]["confidence"] == "low"
    assert by_id["cam-1"]["caption"].startswith("'="), "no spreadsheet runs it"
    assert by_id["cam-1"]["contested"].startswith("title: contested since 2024")
    assert by_id["cam-1"]["sources"] == SEEN.url
    acts: dict[str, list[dict[str, str]]] = defaultdict(list)
    for one in lines:
        acts[one["id"]] += [one] if one["amount"] else []
    for name in ("us-cont-awd-1", "tf-f001"):
        found = registry.database.read_now(lambda c, of=name: amounts.worth_of(c, queries.entity_of(c, of)))  # type: ignore[misc]
        assert found.many == len(acts[name])
        for kind, currency, total in found.totals:
            some = [one for one in acts[name] if (one["kind"], one["currency"]) == (kind, currency)]
            assert some
            if isinstance(total, Total):
                assert sum(Decimal(one["amount"]) for one in some) == total.amount
    assert [one["contested"] != "" for one in acts["us-cont-awd-1"]].count(True) == 1


def test_the_map_has_everything_that_says_where_it_is_once(registry: Registry) -> None:
    count, told = exported(registry, "geojson")
    found = geojson.loads(told)
    assert isinstance(found, geojson.FeatureCollection)
    assert found.errors() == []
    places = {one["id"]: one["geometry"]["coordinates"] for one in found["features"]}
    assert places == {"cam-1": [5.38, 43.3], "cam-3": [-93.27, 44.98]}
    assert count == 2
    first = found["features"][0]["properties"]
    assert first["caption"] == f"{HOSTILE} cam-1"
    assert (first["about"], first["sources"]) == ("2024", [SEEN.url])
    assert first["contested"][0].startswith("title: contested since 2024")


def test_the_graph_has_every_tie_of_every_page_once(registry: Registry, tmp_path: Path) -> None:
    count, told = exported(registry, "gexf")
    (tmp_path / "x.gexf").write_bytes(told)
    drawing = networkx.read_gexf(tmp_path / "x.gexf")
    assert not drawing.is_multigraph() or count == drawing.number_of_edges()
    names = registry.database.read_now(lambda c: sorted(c.scalars(select(tables.entity.c.canonical).distinct())))
    ties, _ = registry.database.read_now(lambda c: graph.ties_of(c, names, 10_000))
    wanted = {(tie.begin, tie.property, tie.end) for some in ties.values() for tie in some}
    edges = [(one.get("source"), one.get("label"), one.get("target")) for one in etree.fromstring(told).iter("{*}edge")]
    assert (len(edges), set(edges)) == (count, wanted)
    assert {"own", "acme-2", "who-knows", "tf-org-palantir"} <= set(drawing.nodes)
    assert "us-ueiacme" not in drawing.nodes, "it goes under acme-2"
    assert drawing.nodes["who-knows"]["label"] == "who-knows"
    told_of = drawing.edges["own", "acme-2"]
    assert told_of["sources"] == SEEN.url
    assert told_of["contested"].startswith("contested since 2024")
    assert drawing.nodes["cam-3"]["label"] == HOSTILE.replace("\ufffe\uffff", "\ufffd\ufffd") + " cam-3"


def test_what_no_xml_may_hold_does_not_end_the_feed(registry: Registry) -> None:
    newest = registry.database.read_now(lambda c: queries.changes(c, 100))
    assert any("\ufffe" in one.said.value for one in newest)
    assert etree.fromstring(twins.changes_atom(newest, "https://node.example", {})) is not None
    assert json.loads(exported(registry, "ftm")[1].splitlines()[0])
