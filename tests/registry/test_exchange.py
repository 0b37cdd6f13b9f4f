"""What leaves the registry comes back as it was: the same statements with the same digests, in files that others read."""

import csv
import io
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from tests.crypto.counted_clock import CountedClock
from tocsin.registry import amounts, exporting, exports, ftm, outside, queries, search, tables
from tocsin.registry.importing import FileNotUnderstood, import_file
from tocsin.registry.model import Claim, Confidence, Draft, Row, Source, VerbClass
from tocsin.registry.record import record
from tocsin.registry.room import Registry
from tocsin.store.db import Database

READERS = {"ftm": ftm.reader("", "copy"), "statements": ftm.read_statements}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Registry]:
    """A registry without the facts that ship."""
    made = opened(tmp_path / "empty.db", is_empty=True)
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    made = opened(tmp_path_factory.mktemp("whole") / "node.db")
    yield made
    made.database.close()


def opened(path: Path, *, is_empty: bool = False) -> Registry:
    database = Database.open(f"sqlite:///{path}")
    database.migrate()
    registry = Registry.open(database, CountedClock())
    if is_empty:
        database.write_now(emptied)
    return registry


def emptied(connection: Connection) -> None:
    for table in (
        tables.statement,
        tables.source,
        tables.entity,
        tables.edge,
        tables.money,
        tables.choice,
        tables.chosen,
        tables.judgement,
        tables.progress,
    ):
        connection.execute(table.delete())
    connection.exec_driver_sql(f"DELETE FROM {search.INDEX}")


def kept(registry: Registry) -> set[tuple[object, ...]]:
    columns = select(tables.statement.c.digest, tables.statement.c.first_seen, tables.statement.c.last_seen)
    return registry.database.read_now(lambda c: {tuple(row) for row in c.execute(columns)})


def exported(registry: Registry, form: str, path: Path) -> Path:
    with path.open("wb") as out:
        registry.database.read_now(lambda c: exports.EXPORTS[form](c, out))
    return path


@pytest.mark.parametrize("form", ["ftm", "statements"])
def test_everything_that_ships_goes_out_and_comes_back_the_same(
    whole: Registry, empty: Registry, tmp_path: Path, form: str
) -> None:
    path = exported(whole, form, tmp_path / "out")
    done = import_file(empty, path, READERS[form], "copy", refreshes=True)
    assert (done.held.total(), done.refused.total()) == (0, 0)
    assert kept(empty) == kept(whole)
    again = exported(empty, form, tmp_path / "again")
    assert sorted(unjudged(again)) == sorted(unjudged(path))
    found = [
        registry.database.read_now(lambda c: search.count(c, search.matches(c, search.asked_of("ice", {}))))
        for registry in (whole, empty)
    ]
    assert found[0].total == found[1].total
    for name in ("buyer", "place", "year", "kind"):
        assert found[0].facets[name] == found[1].facets[name], "filters are worked out from what is said"


def unjudged(path: Path) -> list[str]:
    """Lines without what they go under: judgements are not part of an export."""
    lines = path.read_text().splitlines()
    return [re.sub(r'^[^,]*,|"canonical":"[^"]*",', "", one) for one in lines]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(str.strip)
VALUE = st.one_of(TEXT, st.sampled_from(["=1+1", "'quoted", "-12.50", "@x", "a\nb", '"', "été", "\U0001f4f7 caméra"]))
CLAIM = st.builds(
    Claim, st.sampled_from(["title", "notes", "status", "description"]), VALUE, st.one_of(st.just(""), VALUE)
)
SOURCE = st.builds(
    Source, st.sampled_from(["https://a.example/1", "https://b.example/2"]), TEXT, st.sampled_from(["", "WIRE"])
)
DRAFTS = st.lists(
    st.builds(Draft, st.sampled_from(["e-1", "e-2"]), st.just("Deployment"), st.lists(CLAIM, min_size=1, max_size=3)),
    min_size=1,
    max_size=2,
)
ROW = st.builds(
    Row,
    st.integers(1, 9),
    DRAFTS,
    SOURCE,
    st.sampled_from(VerbClass),
    st.sampled_from(Confidence),
    st.sampled_from(["", "2024", "2024-02-03"]),
)


@pytest.mark.parametrize("form", ["ftm", "statements"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=3))
def test_any_claims_go_out_and_come_back_the_same(empty: Registry, tmp_path: Path, form: str, rows: list[Row]) -> None:
    empty.database.write_now(emptied)
    for day, row in enumerate(rows):
        empty.database.write_now(partial(record, rows=[row], dataset="d", day=20_000 + day))
    empty.database.write_now(
        partial(record, rows=rows[:1], dataset="d", day=20_100)
    )  # seen again: two days that differ
    before = kept(empty)
    path = exported(empty, form, tmp_path / form)
    empty.database.write_now(emptied)
    done = import_file(empty, path, READERS[form], "copy", refreshes=True)
    assert not done.refused
    assert kept(empty) == before


def test_what_goes_out_is_of_standard_schemata_and_never_a_payment_that_was_not_paid(
    whole: Registry, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in exported(whole, "ftm", tmp_path / "out").read_text().splitlines()]
    for one in lines:
        assert set(one["properties"]) <= outside.STANDARD[one["schema"]], one["id"]
        assert all(one["properties"].get(name) for name in outside.REQUIRED[one["schema"]]), one["id"]
        if one["schema"] == "Payment":
            assert {"paid"} <= {said["value"] for said in one["tocsin"]["statements"] if said["prop"] == "kind"}
    paragon = next(one for one in lines if one["id"] == "tf-f020")
    assert len(paragon["properties"]["status"]) == 3, "contradictions are all there"


def test_lines_of_others_are_taken_held_or_refused_one_by_one(empty: Registry, tmp_path: Path) -> None:
    said = [
        {"id": "a", "schema": "Company", "properties": {"name": ["Acme Systems LLC"], "sector": ["cameras"]}},
        {"id": "b", "schema": "Person", "properties": {"name": ["Jane Doe"]}},
        {"id": "c", "schema": "Company", "properties": {"name": ["Bolt LLC"], "phone": ["555"]}},
        {"id": "d", "schema": "Vessel", "properties": {"name": ["Anna"]}},
        {"id": "e", "schema": "Contract", "properties": {"title": ["Cameras"], "authority": ["jane-doe-77"]}},
        {"id": "f", "schema": "Contract", "properties": {"title": ["Cameras"], "authority": ["g"]}},
        {"id": "p", "schema": "Payment", "properties": {"contract": ["f"], "amount": ["5"], "currency": ["EUR"], "payer": ["g"]}},
    ]  # fmt: skip
    path = tmp_path / "in"
    path.write_text("\n".join([*map(json.dumps, said), "{", '{"id":1}', "[" * 100_000, ""]))
    done = import_file(empty, path, ftm.reader("https://else.example", "else"), "else", refreshes=True)
    assert (done.rows, done.kept) == (10, 3)
    assert dict(done.held) == {"schema": 1, "contact": 1, "name": 1}
    assert dict(done.refused) == {"schema_unknown": 1, "line_malformed": 3}
    act = empty.database.read_now(lambda c: amounts.money_of(c, queries.entity_of(c, "f")))
    assert [str(one.amount.kind) for one in act] == ["paid"]
    assert empty.database.read_now(lambda c: queries.entity_of(c, "a")).values("notes") == ("sector: cameras",)


def test_a_file_of_statements_that_was_altered_or_torn_apart_is_refused(
    whole: Registry, empty: Registry, tmp_path: Path
) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(whole, "statements", tmp_path / "out").read_text())))
    rows[0]["value"] += " altered"
    path = tmp_path / "in"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, exporting.COLUMNS)
        writer.writeheader()
        writer.writerows([*rows, rows[0]])
    done = import_file(empty, path, ftm.read_statements, "copy")
    assert dict(done.refused) == {"statement_altered": 1, "entity_scattered": 1}
    path.write_text("a,b\n1,2\n")
    with pytest.raises(FileNotUnderstood):
        import_file(empty, path, ftm.read_statements, "copy")
