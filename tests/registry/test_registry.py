"""What the registry promises of statements, judgements and search, held on SQLite and on a real PostgreSQL."""

import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random

import pytest
from sqlalchemy import Connection, create_engine, make_url, select

from tests.crypto.counted_clock import CountedClock
from tests.registry.test_map import COMMUNES
from tests.registry.test_sheet import sheets_say_what_asking_says
from tests.registry.test_worth import add_up_alike
from tocsin.evidence.pixels import Box, Page, Word
from tocsin.registry import (
    amounts,
    contest,
    derived,
    documents,
    due,
    exports,
    graph,
    match,
    outline,
    queries,
    queue,
    rings,
    search,
    starter,
    tables,
)
from tocsin.registry.judge import JudgementContradicts, Verdict, judge
from tocsin.registry.map_page import look
from tocsin.registry.model import Claim, Draft, EntityUnknown, Row, Source, VerbClass
from tocsin.registry.reading import Read, Reading, Told
from tocsin.registry.record import record, release
from tocsin.registry.room import Registry, begin
from tocsin.registry.value_sums import Refused, total_of
from tocsin.store.db import Database
from tocsin.store.plain import ask

DAY = 20_000
PALANTIR = "tf-org-palantir"
SPELLINGS = (PALANTIR, "tf-org-palantir-technologies", "tf-org-palantir-technologies-inc")


def firm(number: int, name: str, **more: str) -> Row:
    claims = [Claim("name", name), *(Claim(key, value) for key, value in more.items())]
    source = Source("https://register.example/1", "public register")
    return Row(number, [Draft(f"x-{number}", "Company", claims, {"vendor": [name]})], source, as_of="2026-01-02")


def recorded(connection: Connection) -> list[tuple[object, ...]]:
    """Every statement with its source, without the order in which they came."""
    joined = select(tables.statement, tables.source.c.url).join(
        tables.source, tables.source.c.number == tables.statement.c.source
    )
    return sorted((row.digest, row.value, row.first_seen, row.last_seen, row.url) for row in connection.execute(joined))


def found(connection: Connection, said: str, **filters: str) -> set[str]:
    question = search.matches(connection, search.asked_of(said, filters))
    numbers = [row[0] for row in ask(connection, question.line, *question.values)]
    names = connection.execute(select(tables.entity.c.caption).where(tables.entity.c.number.in_(numbers)))
    return set(names.scalars())


def looked_through(title: str, said: str) -> Reading:
    """A document of one small page, read and ready."""
    words = [Word(one, Box(0, 0, 2, 2), 0) for one in said.split()]
    page = Page(4, 2, zlib.compress(bytes(8)))
    told = Told(title, "https://register.example/order.pdf")
    made = Reading(told, "00" * 32, 0.0, lambda _: True, [Read(page, words)], 1)
    made.done.set()
    return made


class RegistryContract:
    """Subclasses give `url`."""

    @pytest.fixture(scope="class")
    @classmethod
    def registry(cls, url: str) -> Iterator[Registry]:
        database = Database.open(url)
        database.migrate()
        yield Registry.open(database, CountedClock())
        database.close()

    @pytest.fixture
    def connection(self, registry: Registry) -> Iterator[Connection]:
        """The writer's own connection, undone at the end."""
        with registry.database._engine.connect() as connection:
            yield connection

    def test_the_seventy_facts_are_there_and_again_changes_nothing(
        self, connection: Connection, registry: Registry
    ) -> None:
        before = recorded(connection)
        again = begin(connection, registry.today)
        assert (again.rows, again.kept, again.merged, again.held) == (70, 0, 70, {})
        assert recorded(connection) == before
        for number in range(1, 71):
            assert queries.entity_of(connection, starter.id_of(f"F{number:03}")).caption

    def test_every_claim_has_source_verb_confidence_and_every_caveat_is_shown(self, connection: Connection) -> None:
        for number, given in enumerate(starter.rows()):
            act = queries.entity_of(connection, given.drafts[0].id)
            kept = [one.said for prop in act.properties for value in prop.values for one in value.claims]
            assert {one.source.url for one in kept} == {given.source.url}, number
            assert {one.confidence for one in kept} == {given.confidence}
            caveats = [claim.value for claim in given.drafts[0].claims if claim.property == "notes"]
            assert set(caveats) <= set(act.values("notes"))

    def test_seen_again_on_a_later_day_moves_only_the_day(self, connection: Connection) -> None:
        rows = [firm(1, "Acme Systems LLC")]
        record(connection, rows, "d", DAY)
        done = record(connection, rows, "d", DAY + 3)
        assert (done.kept, done.merged, done.statements) == (0, 1, 0)
        kept = queries.entity_of(connection, "x-1").properties[0].values[0].claims[0].said
        assert (kept.first_seen, kept.last_seen) == (DAY, DAY + 3)

    def test_contradictions_stand_side_by_side_and_are_marked(self, connection: Connection) -> None:
        case = queries.entity_of(connection, "tf-f020")
        [status] = [one for one in case.properties if one.name == "status"]
        assert [value.value for value in status.values] == [
            "stop-work 2024", "reactivated Aug 2025", "DHS denies relationship 2026-05-22",
        ]  # fmt: skip
        assert status.is_contested
        assert [value.is_unconfirmed for value in status.values] == [False, False, True]
        assert status.values[2].claims[0].said.verb is VerbClass.ALLEGED

    def test_the_false_sum_is_refused(self, connection: Connection) -> None:
        money = amounts.money_of(connection, queries.entity_of(connection, PALANTIR))
        assert len(money) == 4
        assert total_of(one.amount for one in money) is Refused.KINDS
        framework = [
            one
            for name in ("tf-f035", "tf-f038")
            for one in amounts.money_of(connection, queries.entity_of(connection, name))
        ]
        totals = amounts.totals_of(connection, framework)
        assert [total for _, _, total in totals] == [Refused.WITHIN]

    def test_an_echo_of_low_confidence_is_never_added(self, connection: Connection) -> None:
        money = amounts.money_of(connection, queries.entity_of(connection, "tf-org-clearview-ai"))
        awards = {str(kind): total for kind, _, total in amounts.totals_of(connection, money)}
        assert awards["award"] is Refused.UNCONFIRMED

    def test_copies_of_one_story_are_one_source(self, connection: Connection) -> None:
        for number, place in enumerate(("one", "two", "three")):
            source = Source(f"https://{place}.example/story", "copy of WIRE", "WIRE 2026-01-01")
            row = Row(number, [Draft("x-1", "Company", [Claim("name", "Acme Systems LLC")])], source)
            record(connection, [row], "d", DAY)
        [name] = queries.entity_of(connection, "x-1").properties
        assert (len(name.values[0].claims), name.values[0].origins) == (3, 1)

    def test_un_merging_leaves_what_would_stand_without_the_merge(
        self, connection: Connection, registry: Registry
    ) -> None:
        rows = [firm(number, f"Acme {number} LLC") for number in range(5)]
        record(connection, rows, "d", DAY)
        statements, before = recorded(connection), [queries.entity_of(connection, f"x-{n}") for n in range(5)]
        pairs = [("x-0", "x-1"), ("x-2", "x-1"), ("x-4", "x-3"), ("x-3", "x-2")]
        for left, right in pairs:
            judge(connection, left, right, Verdict.SAME, "spelling", DAY)
        merged = queries.entity_of(connection, "x-4")
        assert (merged.id, len(merged.values("name"))) == ("x-0", 5)
        judge(connection, "x-1", "x-2", Verdict.UNSURE, "mistaken", DAY)
        assert queries.entity_of(connection, "x-4").members == ("x-2", "x-3", "x-4")
        for left, right in pairs:
            judge(connection, left, right, Verdict.UNSURE, "mistaken", DAY)
        after = [queries.entity_of(connection, f"x-{n}") for n in range(5)]
        assert [(one.members, one.properties) for one in after] == [(one.members, one.properties) for one in before]
        assert recorded(connection) == statements, "no claim was touched"
        assert queries.entity_of(connection, "x-4", (merged.version.statement, merged.version.judgement)) == merged

    def test_what_is_not_the_same_cannot_be_joined_by_a_detour(self, connection: Connection) -> None:
        record(
            connection, [firm(1, "PARAGON SOLUTIONS INC"), firm(2, "PARAGON MICRO INC"), firm(3, "PARAGON")], "d", DAY
        )
        judge(connection, "x-1", "x-2", Verdict.NOT_SAME, "a spyware maker and a seller of computers", DAY)
        judge(connection, "x-1", "x-3", Verdict.SAME, "short name", DAY)
        with pytest.raises(JudgementContradicts):
            judge(connection, "x-2", "x-3", Verdict.SAME, "short name", DAY)
        third = queries.entity_of(connection, "x-3")
        assert queries.not_same(third, queries.judged(connection, third)) == ["x-2"]
        assert found(connection, '"paragon micro"') == {"PARAGON MICRO INC"}
        assert "PARAGON MICRO INC" not in found(connection, '"paragon solutions"')

    def test_a_row_about_a_person_leaves_a_number_and_a_reason(self, connection: Connection) -> None:
        done = record(connection, [firm(7, "Philippa Montrose"), firm(8, "Acme Systems LLC")], "d", DAY)
        assert (done.kept, sum(done.held.values())) == (1, 1)
        assert [tuple(row)[:2] for row in connection.execute(select(tables.held))] == [("d", 7)]
        everything = [
            str(value).lower() for table in (tables.statement, tables.entity, tables.choice, tables.held, tables.edge)
            for row in connection.execute(select(table)) for value in row
        ]  # fmt: skip
        assert not [one for one in everything if "montrose" in one]
        assert not found(connection, "montrose")

    def test_what_was_held_waits_by_reason_and_files_that_were_cut_come_first(self, connection: Connection) -> None:
        rows = [*(firm(at, "Philippa Montrose") for at in range(20, 0, -1)), firm(30, "Jane Doe Consulting")]
        record(connection, rows, "d", DAY)
        several, one = queue.held_back(connection)
        assert (several.dataset, several.count, several.rows) == ("d", 20, list(range(1, queue.ROWS_SHOWN + 1)))
        assert (one.reason, one.rows) == ("sole_trader", [30])
        told = {"rows": 9, "kept": 5, "merged": 1, "held": {"name": 2}, "refused": {"line_short": 1}}
        for name, position in (("a", -1), ("b", 5)):
            row = {"dataset": name, "digest": name.encode(), "position": position, "counts": json.dumps(told)}
            connection.execute(tables.progress.insert().values(row))
        cut, whole = queue.imports(connection)
        assert (cut.dataset, cut.is_done, whole.dataset, whole.is_done) == ("b", False, "a", True)
        assert (whole.counts, whole.held, whole.refused) == ({"rows": 9, "kept": 5, "merged": 1}, 2, {"line_short": 1})

    def test_an_institution_wrongly_held_is_released_by_name(self, connection: Connection) -> None:
        rows = [firm(1, "Booz Allen Hamilton")]
        assert record(connection, rows, "d", DAY).held
        release(connection, "BOOZ ALLEN HAMILTON", "a firm", DAY)
        assert record(connection, rows, "d", DAY).kept == 1

    def test_a_row_with_a_property_nobody_knows_is_refused_alone(self, connection: Connection) -> None:
        done = record(connection, [firm(1, "Acme LLC", shoeSize="9"), firm(2, "Bolt LLC")], "d", DAY)
        assert (done.kept, done.refused) == (1, {"statement_malformed": 1})
        with pytest.raises(EntityUnknown):
            queries.entity_of(connection, "x-1")

    @pytest.mark.parametrize(
        "address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "https://", ""]
    )
    def test_a_source_leads_to_the_web_or_is_the_name_of_a_data_set(self, connection: Connection, address: str) -> None:
        """Readers follow it: an address of another kind would run in the page, or open what is on their own machine."""
        row = firm(1, "Acme LLC")
        rows = [replace(row, source=Source(address, row.source.kind)), firm(2, "Bolt LLC")]
        assert record(connection, rows, "d", DAY).refused == {"statement_malformed": 1}
        named = replace(row, source=Source("urn:ocds:1", row.source.kind))
        assert record(connection, [named], "d", DAY).kept == 1

    def test_search_honours_words_phrases_accents_and_filters(self, connection: Connection) -> None:
        assert len(found(connection, '"skip tracing"', vendor="Bluehawk")) == 1
        assert found(connection, '"tracing skip"') == set()
        assert found(connection, "RECONNAISSANCE lycées") == found(connection, "reconnaissance lycees") != set()
        drones = search.matches(connection, search.asked_of("", {"technology": "drones", "year": "2020"}))
        counted = search.count(connection, drones).facets
        assert counted["place"] == [("FR", 5)]
        assert dict(counted["kind"]) == {"estimate": 4}
        assert found(connection, "a OR b* NEAR(x) -- ' ; \" :col") == set(), "nothing of a query language"

    def test_a_search_counts_the_first_results_and_says_that_there_are_more(
        self, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drones = search.matches(connection, search.asked_of("", {"technology": "drones"}))
        whole = search.count(connection, drones)
        assert not whole.is_more
        for most in (1, whole.total - 1, whole.total):
            monkeypatch.setattr(search, "COUNTED", most)
            counted = search.count(connection, drones)
            assert (counted.total, counted.is_more) == (most, most < whole.total)
            assert max(many for values in counted.facets.values() for _, many in values) == most

    def test_spellings_of_one_firm_are_found_and_traps_are_not(self, connection: Connection) -> None:
        names = ("Pen-Link Ltd", "PENLINK LLC", "PARAGON SOLUTIONS INC", "PARAGON MICRO INC")
        record(connection, [firm(number, name) for number, name in enumerate(names)], "d", DAY)
        assert {"x-0", "x-1"} <= {one.id for one in match.candidates_of(connection, "penlink")}
        assert "x-3" not in {one.id for one in match.candidates_for(connection, "x-2")}

    def test_filters_are_worked_out_from_claims_alone(self, connection: Connection) -> None:
        act = [Claim("title", "Cameras"), Claim("authority", "x-b"), Claim("contractDate", "2021-02-03")]
        event = [Claim("contract", "x-a"), Claim("kind", "paid"), Claim("amount", "5"), Claim("currency", "EUR")]
        buyer = Draft("x-b", "PublicBody", [Claim("name", "Ville de Lyon")])
        drafts = [Draft("x-a", "Contract", act), buyer, Draft("x-e", "ValueEvent", event)]
        record(connection, [Row(1, drafts, Source("https://register.example", "register"))], "d", DAY)
        assert derived.refresh(connection, ["x-e", "x-b"]) == 1
        assert found(connection, "", buyer="Ville de Lyon", year="2021", kind="paid") == {"Cameras"}

    def test_amounts_are_added_up_in_the_database_as_one_by_one(self, connection: Connection) -> None:
        for seed in range(6):
            assert add_up_alike(connection, Random(seed))

    def test_a_sheet_says_what_asking_says_whatever_happens(
        self, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(due, "MANY", 2)
        assert all(sheets_say_what_asking_says(connection, Random(9)))

    def test_a_contest_marks_and_its_answer_forgets_what_was_sent(self, connection: Connection) -> None:
        record(connection, [firm(1, "Acme Systems LLC")], "d", DAY)
        number = queries.entity_of(connection, "x-1").properties[0].values[0].claims[0].number
        reference = contest.file(connection, number, ("wrong", "the record says otherwise", ""), DAY, CountedClock())
        assert queries.entity_of(connection, "x-1").properties[0].values[0].contested_since == DAY
        assert [one.reference for one in contest.waiting(connection)] == [reference]
        contest.answer(connection, reference, contest.Outcome.CORRECTED, "It was another firm.", DAY + 1)
        [value] = queries.entity_of(connection, "x-1").properties[0].values
        assert (value.contested_since, value.corrected_on, value.answers[0].said) == (None, DAY + 1, "")
        with pytest.raises(contest.ContestUnknown):
            contest.file(connection, 10**12, ("wrong", "x", ""), DAY, CountedClock())

    def test_ways_neighbours_places_and_exports_are_the_same(self, connection: Connection) -> None:
        way = graph.way(connection, "tf-org-carahsoft-technology", "tf-org-dhs-ice-hsi")
        assert len(way.ties) == 2
        assert all(graph.evidence_of(connection, way.ties)[tie] for tie in way.ties)
        around = graph.around(connection, PALANTIR)
        assert "tf-org-dhs-ice" in around.nodes
        assert graph.way(connection, "tf-f001", "nobody").ties == ()
        camera = Draft("x-cam", "Deployment", [Claim("latitude", "44.98"), Claim("longitude", "-93.27")])
        record(connection, [Row(1, [camera], Source("https://register.example", "register"))], "d", DAY)
        assert queries.places_of(connection, ["x-cam", "x-1"]) == {"x-cam": (-93.27, 44.98)}
        assert queries.how_many(connection) > 200
        for form, write in exports.EXPORTS.items():
            assert write(connection, io.BytesIO()) > (0 if form == "geojson" else 20)
        assert len(queries.judged(connection, queries.entity_of(connection, PALANTIR))) == 2

    def test_the_newest_that_name_somebody_come_first_and_the_undated_last(
        self, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = {"x-b1": [], "x-b2": ["2021-03"], "x-b3": ["2023-01-02", "2020-01-02"], "x-b4": ["2022"]}
        drafts = [Draft("x-town", "PublicBody", [Claim("name", "Ville de Lyon")])]
        for name, dates in told.items():
            claims = [
                Claim("title", name),
                Claim("authority", "x-town"),
                *(Claim("contractDate", one) for one in dates),
            ]
            drafts.append(Draft(name, "Contract", claims))
        record(connection, [Row(1, drafts, Source("https://register.example", "register"))], "d", DAY)
        town = queries.entity_of(connection, "x-town")
        named = [("x-b4", "2022"), ("x-b2", "2021-03"), ("x-b3", "2020-01-02"), ("x-b1", "")]
        for most in (4, 3):
            monkeypatch.setattr(queries, "NEIGHBOURS", most)
            found, many = queries.neighbours_of(connection, town)
            assert ([(one.id, one.date) for one in found], many) == (named[:most], 4)

    def test_documents_and_their_pictures_are_the_same(self, connection: Connection) -> None:
        name = documents.publish(connection, looked_through("Order for readers of plates", "Ville de Lyon"), DAY)
        again = documents.publish(connection, looked_through("Order for readers of plates", "Ville de Lyon"), DAY)
        assert name == again
        assert documents.pages_of(connection, (name,)) == [1]
        assert documents.picture_of(connection, name, 1).startswith(b"\x89PNG")
        assert documents.paper_of(connection, name).startswith(b"%PDF")
        with pytest.raises(EntityUnknown):
            documents.picture_of(connection, name, 2)
        assert found(connection, '"readers of plates"') == {"Order for readers of plates"}
        told_of = documents.copies_of(connection, ["https://register.example/order.pdf", "https://register.example/1"])
        assert told_of == {"https://register.example/order.pdf": documents.Copy(name, "00" * 32, DAY)}
        told = looked_through("Notes of Jane Doe", "Ville de Lyon")
        with pytest.raises(documents.DocumentTellsPerson):
            documents.publish(connection, told, DAY)

    def test_the_map_and_its_outlines_are_the_same(self, connection: Connection) -> None:
        for _ in range(2):
            assert outline.take_in(connection, json.dumps(COMMUNES).encode(), "code", "nom") == 2
        named = outline.found(connection, ["13055", "allauch", "US-MN"])
        assert {place: one.name for place, one in named.items()} == {
            "13055": "Marseille", "allauch": "Allauch", "US-MN": "Minnesota",
        }  # fmt: skip
        assert {one.code for one in outline.stored(connection, rings.Box(5.3, 43.2, 5.4, 43.3))} == {"13055"}
        at = [Claim("title", "Camera of a corner"), Claim("latitude", "43.30"), Claim("longitude", "5.38")]
        camera = Draft("x-corner", "Deployment", at, {"place": ["13055"]})
        record(connection, [Row(1, [camera], Source("https://register.example", "register"))], "d", DAY)
        seen = look(connection, search.asked_of("corner", {}), None)
        assert [one.ids for one in seen.spots] == [("x-corner",)] or [list(one.ids) for one in seen.spots] == [
            ["x-corner"]
        ]
        assert [shape.count for shape in seen.shapes if shape.outline.name == "Marseille"] == [1]

    def test_the_index_is_made_anew_from_the_statements(self, connection: Connection) -> None:
        before = found(connection, "palantir")
        connection.exec_driver_sql(f"DROP TABLE {search.INDEX}")
        assert search.prepare(connection)
        search.rebuild(connection)
        assert found(connection, "palantir") == before != set()

    def test_a_restart_records_nothing_twice(self, registry: Registry) -> None:
        before = registry.database.read_now(recorded)
        Registry.open(registry.database, CountedClock())
        assert registry.database.read_now(recorded) == before
        assert registry.database.read_now(partial(queries.changes, most=3))[0].number == len(before)


class TestSqlite(RegistryContract):
    @pytest.fixture(scope="class")
    @classmethod
    def url(cls, tmp_path_factory: pytest.TempPathFactory) -> str:
        return f"sqlite:///{tmp_path_factory.mktemp('registry') / 'node.db'}"


class TestPostgres(RegistryContract):
    @pytest.fixture(scope="class")
    @classmethod
    def url(cls, postgres_server: str) -> str:
        engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE registry_contract")
        engine.dispose()
        return make_url(postgres_server).set(database="registry_contract").render_as_string(hide_password=False)
