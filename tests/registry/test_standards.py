"""What the registry hands out is read by the programs of those who made each format, and says the same there."""

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import geojson  # type: ignore[import-untyped]
import networkx  # type: ignore[import-untyped]
import pytest
from lxml import etree  # type: ignore[import-untyped]
from sqlalchemy import Connection

from tests.registry.test_readers import release
from tocsin.registry import contest, graph, ocds, ocds_out, pages, queries, search, ties_pages, twins
from tocsin.registry.exports import EXPORTS
from tocsin.registry.importing import import_file
from tocsin.registry.model import Claim, Draft, Row, Source
from tocsin.registry.record import record
from tocsin.registry.room import Registry

ATOM = "{http://www.w3.org/2005/Atom}"
AT = [Claim("longitude", "5.38"), Claim("latitude", "43.30")]
SEEN = Row(1, [Draft("cam", "Deployment", [Claim("title", "Caméra"), *AT])], Source("https://osm.example/1", "map"))
NO_SELLER = Row(2, [Draft("bare", "Contract", [Claim("title", "Marché sans suite")])], SEEN.source)


@pytest.fixture
def registry(copied: Callable[[str], Registry], tmp_path: Path) -> Registry:
    """The facts that ship, processes that came in as OCDS, a camera on the map, a contract without a seller; one claim contested."""
    made = copied("node")
    path = tmp_path / "in.json"
    path.write_text(json.dumps({"releases": [release(f"ocds-x-{at}", 100 + at) for at in range(3)]}))
    import_file(made, path, ocds.reader(""), "d", refreshes=True)
    made.database.write_now(lambda c: record(c, [SEEN, NO_SELLER], "more", made.today))
    made.database.write_now(lambda c: _contested(c, made))
    return made


def _contested(connection: Connection, registry: Registry) -> str:
    found = queries.entity_of(connection, "tf-f001")
    number = found.properties[0].values[0].claims[0].number
    sent = (str(contest.Kind.OUTDATED), "the order was closed", "")
    return contest.file(connection, number, sent, registry.today, registry.clock)


def exported(registry: Registry, form: str, path: Path) -> Path:
    with path.open("wb") as out:
        registry.database.read_now(lambda c: EXPORTS[form](c, out))
    return path


def test_ocds_is_valid_by_the_standards_own_program(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    with path.open("wb") as out:
        count = registry.database.read_now(lambda c: ocds_out.write_ocds(c, out))
    found = reviewed(path)
    assert found["validation_errors"] == []
    assert found["additional_closed_codelist_values"] == {}
    assert found["deprecated_fields"] == []
    assert found["additional_checks"] == {}, "nothing empty, nothing twice, no reference into nowhere"
    assert (found["count"], found["unique_ocids_count"]) == (count, count)
    assert [one["field"] for one in found["additional_fields"]] == ["tocsin"], "what the standard has no place for"
    told = json.loads(path.read_text())
    del told["releases"][0]["ocid"]
    told["releases"][1]["tag"] = ["no-such-tag"]
    path.write_text(json.dumps(told))
    broken = reviewed(path)
    assert "required" in {error["type"] for error in broken["validation_errors"]}
    assert broken["additional_closed_codelist_values"], "the program does look"


def reviewed(path: Path) -> dict[str, Any]:
    line = [sys.executable, "-W", "ignore", "-m", "tests.registry.review_ocds", str(path)]
    told = subprocess.run(line, check=True, capture_output=True, text=True, timeout=300).stdout
    found: dict[str, Any] = json.loads(told)
    return found


def test_followthemoney_reads_every_line_and_keeps_every_value(registry: Registry, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own affair, and not that of our files
        from followthemoney import model
    lines = [json.loads(line) for line in exported(registry, "ftm", tmp_path / "out").read_text().splitlines()]
    for told in lines:
        proxy = model.get_proxy(told, cleaned=False)
        proxy.schema.validate(told)
        kept = proxy.to_dict()
        for name, values in told["properties"].items():
            assert sorted(kept["properties"].get(name, [])) == sorted(values), (told["id"], name)
    assert len(lines) > 200


def test_gexf_is_read_by_networkx_with_every_node_and_tie_of_the_page(registry: Registry, tmp_path: Path) -> None:
    name = "tf-org-palantir"
    drawn = registry.database.read_now(lambda c: ties_pages.gexf_of(c, name))
    (tmp_path / "x.gexf").write_bytes(drawn)
    drawing = networkx.read_gexf(tmp_path / "x.gexf")
    about = registry.database.read_now(lambda c: graph.around(c, name))
    assert set(drawing.nodes) == set(about.nodes)
    assert {drawing.nodes[one]["label"] for one in drawing} == {node.caption for node in about.nodes.values()}
    assert {frozenset(pair) for pair in drawing.edges()} == {frozenset((tie.begin, tie.end)) for tie in about.ties}


def test_geojson_is_valid_and_where_the_place_is(registry: Registry) -> None:
    def told(connection: Connection) -> bytes:
        asked = search.asked_of("caméra", {})
        hits = pages.hits_of(connection, search.first(connection, asked, 0, 100))
        return twins.search_geojson(hits, queries.places_of(connection, [one.id for one in hits]))

    found = geojson.loads(registry.database.read_now(told))
    assert isinstance(found, geojson.FeatureCollection)
    assert found.errors() == []
    assert [(one["id"], one["geometry"]["coordinates"]) for one in found["features"]] == [("cam", [5.38, 43.3])]


def test_atom_has_what_its_standard_requires(registry: Registry) -> None:
    """RFC 4287, 4.1.1 and 4.1.2: one id, title and date; an author; an entry without content has a link; no id twice."""

    def told(connection: Connection) -> bytes:
        newest = queries.changes(connection, 100)
        names = dict.fromkeys(one.said.entity for one in newest)
        versions = {name: str(queries.entity_of(connection, name).version) for name in names}
        return twins.changes_atom(newest, "https://node.example", versions)

    feed = etree.fromstring(registry.database.read_now(told))
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    for one in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(one.findall(f"{ATOM}{name}")) == 1, name
        updated = one.findtext(f"{ATOM}updated")
        assert datetime.fromisoformat(updated).tzinfo is not None
        assert ":" in one.findtext(f"{ATOM}id"), "an IRI"
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert [link.get("href") for link in feed.findall(f"{ATOM}link[@rel='self']")] == [
        "https://node.example/registry/changes.atom"
    ]
    assert all(one.find(f"{ATOM}link").get("href").startswith("https://node.example/") for one in entries)
    names = [one.findtext(f"{ATOM}id") for one in entries]
    assert len(set(names)) == len(names) == 100
    allowed = {f"{ATOM}{name}" for name in ("id", "title", "updated", "author", "link", "entry", "summary", "content")}
    assert {child.tag for one in (feed, *entries) for child in one} <= allowed
