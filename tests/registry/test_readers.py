"""What is taken in: OCDS, DECP, OpenStreetMap, any table; every row counted, snapshots in order the same as the last alone."""

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tocsin.registry import amounts, decp, exports, mapped, ocds, osm, queries, tables
from tocsin.registry.formats import only
from tocsin.registry.importing import FileNotUnderstood, Read, Report, import_file
from tocsin.registry.model import Claim, Draft, Row, Source
from tocsin.registry.record import record
from tocsin.registry.room import Registry
from tocsin.registry.value_sums import Refused, Total

EUR = "EUR"


@pytest.fixture
def registry(copied: Callable[[str], Registry]) -> Registry:
    return copied("node")


def take(registry: Registry, path: Path, said: Any, read: Any) -> Report:
    path.write_text(said if isinstance(said, str) else json.dumps(said))
    return import_file(registry, path, read, "d", refreshes=True)


def sums(registry: Registry, name: str) -> dict[str, object]:
    def told(connection: Connection) -> dict[str, object]:
        money = amounts.money_of(connection, queries.entity_of(connection, name))
        return {str(kind): total for kind, _, total in amounts.totals_of(connection, money)}

    return registry.database.read_now(told)


def amount(told: object) -> Decimal:
    assert isinstance(told, Total)
    return told.amount


def values(registry: Registry, name: str, prop: str) -> tuple[str, ...]:
    return registry.database.read_now(lambda c: queries.entity_of(c, name)).values(prop)


def eur(number: float) -> dict[str, Any]:
    return {"amount": number, "currency": EUR}


def paid(name: str, date: str, number: float) -> dict[str, Any]:
    return {"id": name, "date": date, "value": eur(number)}


def release(
    ocid: str, awarded: float, *, date: str = "2024-01-02T00:00:00Z", firm: str = "Acme Systems SAS"
) -> dict[str, Any]:
    """One process of 1.1."""
    buyer = {"id": "b", "name": "Ville de Lyon", "identifier": {"scheme": "FR-SIRET", "id": "1"}}
    steps = [paid("1", date, 1.10), paid("2", date, -0.10)]
    return {
        "ocid": ocid, "id": f"{ocid}-{date}", "date": date, "tag": ["award"], "initiationType": "tender",
        "buyer": {"id": "b", "name": "Ville de Lyon"},
        "parties": [buyer | {"contactPoint": {"name": "Jane Doe"}}, {"id": "s", "name": firm, "roles": ["supplier"]}],
        "tender": {"id": "t", "title": "Caméras", "value": eur(900)},
        "awards": [{"id": "a", "title": "Caméras", "date": date, "value": eur(awarded), "suppliers": [{"id": "s", "name": firm}]}],
        "contracts": [
            {"id": "c", "awardID": "a", "dateSigned": date, "value": eur(awarded), "implementation": {"transactions": steps}}
        ],
    }  # fmt: skip


OLD = {
    "ocid": "ocds-old-1", "id": "1", "date": "2014-01-01", "tag": ["award"], "initiationType": "tender",
    "buyer": {"identifier": {"scheme": "FR-SIRET", "id": "2", "legalName": "Mairie de Nice"}, "name": "Mairie de Nice"},
    "awards": [{"id": "9", "title": "Drones", "value": eur(5), "suppliers": [{"name": "Volant SARL", "contactPoint": {"name": "x"}}]}],
}  # fmt: skip


def test_ocds_of_both_versions_packages_records_and_lines(registry: Registry, tmp_path: Path) -> None:
    record = {"ocid": "r", "releases": [release("ocds-x-3", 7)], "compiledRelease": release("ocds-x-3", 7)}
    linked = {"ocid": "r", "releases": [{"url": "https://x.example"}], "compiledRelease": release("ocds-x-4", 8)}
    package = {"uri": "https://pub.example/p", "version": "1.1", "releases": [release("ocds-x-1", 100), OLD]}
    assert take(registry, tmp_path / "package", package, ocds.reader("")).kept == 2
    assert take(registry, tmp_path / "records", {"records": [record, linked]}, ocds.reader("")).kept == 2
    lines = [json.dumps(release(f"ocds-l-{n}", n)) for n in range(3)]
    bad = [
        "{",
        json.dumps({"ocid": ""}),
        json.dumps({"x": 1}),
        json.dumps(release("ocds-l-9", 1) | {"awards": 5, "tender": None, "contracts": []}),
    ]
    nan = json.dumps(release("ocds-l-8", 1)).replace('"amount": 1.1,', '"amount": "NaN",')
    person = json.dumps(release("ocds-l-7", 1, firm="Philippa Montrose"))
    done = take(registry, tmp_path / "lines", "\n".join([*lines, *bad, nan, person]), ocds.reader("https://l.example"))
    assert (done.rows, done.kept, done.held.total()) == (9, 3, 1)
    assert dict(done.refused) == {
        "line_malformed": 1,
        "release_malformed": 2,
        "nothing_awarded": 1,
        "amount_malformed": 1,
    }
    told = sums(registry, "ocds-ocds-x-1-a")
    assert [amount(told["award"]), amount(told["paid"])] == [100, 1], "a contract's equal value is not counted again"
    assert values(registry, "ocds-ocds-old-1-9", "authority") == ("org-fr-siret-2",)
    everything = registry.database.read_now(lambda c: str(c.execute(select(tables.statement)).all()))
    assert "Jane Doe" not in everything
    assert "Montrose" not in everything


def test_values_of_award_and_contract_that_differ_are_two_claims_and_no_sum(registry: Registry, tmp_path: Path) -> None:
    one = release("ocds-x-1", 100)
    one["contracts"][0]["value"]["amount"] = 120
    take(registry, tmp_path / "x", {"releases": [one]}, ocds.reader(""))
    assert sums(registry, "ocds-ocds-x-1-a")["award"] is Refused.TWICE


def test_daily_snapshots_in_order_say_what_the_last_alone_says(
    registry: Registry, copied: Callable[[str], Registry], tmp_path: Path
) -> None:
    def snapshot(day: int) -> dict[str, Any]:
        date = f"2024-01-0{day}T00:00:00Z"
        return {
            "releases": [release(f"ocds-x-{n}", 100 + (day if n == 1 else 0), date=date) for n in range(1, day + 1)]
        }

    days = [snapshot(day) for day in (1, 2, 3)]
    for at, day in enumerate(days):
        take(registry, tmp_path / f"{at}", day, ocds.reader("https://pub.example"))
    alone = copied("alone")
    take(alone, tmp_path / "last", days[-1], ocds.reader("https://pub.example"))
    for n in (1, 2, 3):
        name = f"ocds-ocds-x-{n}-a"
        assert sums(registry, name) == sums(alone, name)
    assert amount(sums(registry, "ocds-ocds-x-1-a")["award"]) == 103
    before = registry.database.read_now(lambda c: c.execute(select(tables.statement.c.digest)).all())
    assert take(registry, tmp_path / "again", days[-1], ocds.reader("https://pub.example")).kept == 0
    assert registry.database.read_now(lambda c: c.execute(select(tables.statement.c.digest)).all()) == before


@pytest.mark.parametrize(
    "said", ["", "x", "[]", "{}", "\x1f\x8b\x08", "PK\x03\x04", "[" * 5000, '{"releases":', "<xml/>"]
)
@pytest.mark.parametrize("read", [ocds.reader(""), decp.reader(""), osm.reader("")])
def test_a_broken_file_is_refused_whole(tmp_path: Path, said: str, read: Any) -> None:
    (tmp_path / "x").write_text(said)
    with pytest.raises(FileNotUnderstood):
        list(read(tmp_path / "x"))


def test_what_goes_out_as_ocds_has_the_standards_form(registry: Registry, tmp_path: Path) -> None:
    take(registry, tmp_path / "x", {"releases": [release("ocds-x-1", 100)]}, ocds.reader(""))
    with (tmp_path / "out").open("wb") as out:
        count = registry.database.read_now(lambda c: exports.EXPORTS["ocds"](c, out))
    package = json.loads((tmp_path / "out").read_text())
    assert {"uri", "version", "publishedDate", "publisher", "releases"} <= set(package)
    assert count == len(package["releases"]) == len({one["ocid"] for one in package["releases"]})
    for one in package["releases"]:
        assert {"ocid", "id", "date", "tag", "initiationType"} <= set(one)
        assert one["tag"]
        assert set(one["tag"]) <= {"tender", "award", "contract"}
        named = {party["id"] for party in one.get("parties", ())}
        refers = [supplier["id"] for award in one.get("awards", ()) for supplier in award.get("suppliers", ())]
        assert set(refers) <= named
        assert all(
            contract["awardID"] in {award["id"] for award in one["awards"]} for contract in one.get("contracts", ())
        )
        assert all(len(award["date"]) == 20 for award in one.get("awards", ()) if "date" in award)
    [ours] = [one for one in package["releases"] if one["ocid"] == "ocds-x-1"]
    assert ours["tender"]["value"] == {"amount": 900, "currency": EUR}
    assert ours["awards"][0]["value"] == {"amount": 100, "currency": EUR}
    assert [one["value"]["amount"] for one in ours["contracts"][0]["implementation"]["transactions"]] == [1.1, -0.1]
    icm = next(one for one in package["releases"] if one["ocid"].endswith("tf-f001"))
    assert "value" not in icm["awards"][0], "what was obligated is not told as an award"
    assert icm["tocsin"]["valueEvents"][0]["kind"] == "obligated"
    assert take(registry, tmp_path / "in", package, ocds.reader("https://own.example")).refused.total() <= 5


GARAMI = {"typeIdentifiant": "SIRET", "id": "81", "denominationSociale": "Garami SARL"}
AMANDIER = {"id": "82", "denominationSociale": "Amandier SA"}
CHANGE = {"dateNotificationModification": "2024-01-01", "montant": 1500.5, "titulaires": [AMANDIER]}
MARCHE = {
    "id": "1", "acheteur": {"id": "213502", "nom": "Ville de Rennes"}, "nature": "Marché", "objet": "Caméras", "procedure": "x",
    "lieuExecution": {"code": "35238", "typeCode": "Code commune", "nom": "Rennes"}, "dateNotification": "2023-08-13",
    "montant": 1000, "titulaires": [GARAMI], "modifications": [CHANGE],
}  # fmt: skip


def test_decp_of_both_years_and_the_table(registry: Registry, tmp_path: Path) -> None:
    nested = {"marches": {"marche": [
        {**MARCHE, "id": "2", "titulaires": [{"titulaire": {"id": "81", "typeIdentifiant": "SIRET"}}]},
        {**MARCHE, "id": "3", "titulaires": [{"titulaire": GARAMI}], "modifications": [{"modification": CHANGE}]},
        {**MARCHE, "id": "4", "montant": "beaucoup"}, {"id": "5"},
        {**MARCHE, "id": "6", "titulaires": [{"id": "9", "denominationSociale": "MARIE DUPONT"}]},
    ]}}  # fmt: skip
    assert take(registry, tmp_path / "a", {"marches": [MARCHE]}, decp.reader("")).kept == 1
    done = take(registry, tmp_path / "b", nested, decp.reader(""))
    assert (done.rows, done.kept, dict(done.held)) == (5, 1, {"name": 1})
    assert dict(done.refused) == {"supplier_unnamed": 1, "amount_malformed": 1, "contract_malformed": 1}
    assert amount(sums(registry, "decp-2135021")["award"]) == Decimal("1500.5"), "the later total counts, once"
    assert len(registry.database.read_now(lambda c: amounts.money_of(c, queries.entity_of(c, "decp-2135021")))) == 2
    head = (
        "id,uid,acheteur.id,acheteur.nom,nature,objet,dateNotification,datePublicationDonnees,montant,"
        "titulaire.id,titulaire.typeIdentifiant,titulaire.denominationSociale,donneesActuelles"
    )
    rows = [
        "1,u1,2,Ville de Rennes,Accord-cadre,Drones,2019-05-30,2019-06-08,10,81,SIRET,Garami SARL,non",
        "1,u1,2,Ville de Rennes,Accord-cadre,Drones,2019-05-30,2020-06-08,12,81,SIRET,Garami SARL,oui",
    ]
    assert take(registry, tmp_path / "c", "\n".join([head, *rows]), decp.reader("")).kept == 2
    assert amount(sums(registry, "decp-u1")["ceiling"]) == 12
    assert values(registry, "decp-2135021", "location") == ("Rennes",)


def node(number: int, **tags: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": f"node/{number}",
        "geometry": {"type": "Point", "coordinates": [-93.265_12, 44.977_98]},
        "properties": {"man_made": "surveillance", **tags},
    }


def test_nodes_of_public_bodies_and_known_makers_only_and_never_to_the_wall(registry: Registry, tmp_path: Path) -> None:
    features = [
        node(1, **{"surveillance:type": "ALPR", "operator": "Minneapolis Police Department", "manufacturer": "Flock;Motorola"}),
        node(2, **{"surveillance:type": "camera"}), node(3, operator="Jane Doe"), node(4, operator="Corner Bakery"),
        node(5, operator="Jane Doe", brand="Flock Safety"), {"type": "Feature"}, {"id": "node/7", "properties": {"amenity": "bench"}},
        {**node(8, operator="City of X"), "geometry": {"type": "Point", "coordinates": ["x", 1e400]}},
    ]  # fmt: skip
    done = take(
        registry, tmp_path / "x", json.dumps({"features": features}).replace("Infinity", "1e999"), osm.reader("")
    )
    assert (done.rows, done.kept, dict(done.held)) == (8, 1, {"name": 1})
    assert dict(done.refused) == {
        "operator_unknown": 3,
        "feature_malformed": 1,
        "no_surveillance": 1,
        "place_malformed": 1,
    }
    assert values(registry, "osm-node-1", "supplier") == ("org-flock-safety", "org-motorola-solutions")
    assert values(registry, "osm-node-1", "latitude") == ("44.98",)
    everything = registry.database.read_now(lambda c: str(c.execute(select(tables.statement)).all()))
    assert "44.977" not in everything
    assert "Jane" not in everything


MAPPING = """
source = "https://register.example"
delimiter = ";"
decimal_comma = true
as_of = "date"
[entity.buyer]
schema = "PublicBody"
id = ["commune"]
properties = { name = "commune", country = "=fr" }
[entity.firm]
schema = "Company"
id = ["firme"]
properties = { name = "firme" }
[entity.contract]
schema = "Contract"
id = ["commune", "objet"]
properties = { title = "objet", authority = "@buyer", supplier = "@firm" }
[entity.value]
schema = "ValueEvent"
id = ["commune", "objet"]
properties = { contract = "@contract", kind = "=award", amount = "montant", currency = "=EUR" }
"""


def table(path: Path, mapping: str) -> Read:
    path.write_text(mapping)
    return mapped.reader(mapped.mapping_of(path), "communes")  # type: ignore[return-value]


def test_any_table_through_a_mapping(registry: Registry, tmp_path: Path) -> None:
    read = table(tmp_path / "m.toml", MAPPING)
    rows = [
        ["Ville de Lyon", "Volant SARL", "Drones", "1 234,50 €", "2024"],
        ["Ville de Nice", "MARIE DUPONT", "x", "1", ""],
        ["Ville de Nice", "Acme SA", "y", "mille", ""],
        ["", "", "", "", ""],
    ]
    with (tmp_path / "t.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows([["commune", "firme", "objet", "montant", "date"], *rows])
    done = import_file(registry, tmp_path / "t.csv", read, "communes", refreshes=True)  # type: ignore[arg-type]
    assert (done.kept, dict(done.held), dict(done.refused)) == (
        1,
        {"name": 1},
        {"amount_malformed": 1, "line_empty": 1},
    )
    assert amount(sums(registry, "communes-contract-ville-de-lyon-drones")["award"]) == Decimal("1234.50")
    some = import_file(registry, tmp_path / "t.csv", only(["drones"], read), "again", refreshes=True)  # type: ignore[arg-type]
    assert some.refused["not_asked_for"] == 1
    (tmp_path / "t.csv").write_text("a;b\n1;2\n")
    with pytest.raises(FileNotUnderstood):
        import_file(registry, tmp_path / "t.csv", read, "communes")  # type: ignore[arg-type]


SEEN = """
source = "https://register.example/cameras"
[entity.camera]
schema = "Deployment"
id = ["no"]
properties = {title = "=Camera", latitude = "lat", longitude = "lon"}
"""


def test_a_table_of_places_is_kept_to_a_part_of_a_town(registry: Registry, tmp_path: Path) -> None:
    rows = ["no,lat,lon", "1,43.296482,5.369780", "2,north,5.3", "3,143.29,5.36", "4,43.29,1e2"]
    done = take(registry, tmp_path / "in.csv", "\n".join(rows), table(tmp_path / "map.toml", SEEN))
    assert (done.kept, dict(done.refused)) == (1, {"place_malformed": 3})
    assert (values(registry, "communes-camera-1", "latitude"), values(registry, "communes-camera-1", "longitude")) == (
        ("43.30",), ("5.37",),
    )  # fmt: skip


@pytest.mark.parametrize("fine", ["43.2965", "43.30°", "north", "91", "-", "4.3e1", "٤٣.٣٠"])
@pytest.mark.parametrize("is_original", [False, True])
def test_no_place_comes_in_that_is_finer_or_is_none(registry: Registry, fine: str, *, is_original: bool) -> None:
    """Whoever hands it in: another registry's file of statements, a form, a reader that forgot."""
    at = Claim("latitude", "43.30", fine) if is_original else Claim("latitude", fine)
    row = Row(1, [Draft("cam", "Deployment", [Claim("title", "Camera"), at])], Source("https://a.example", "register"))
    done = registry.database.write_now(lambda c: record(c, [row], "d", registry.today))
    assert (done.kept, dict(done.refused)) == (0, {"place_malformed": 1})


@pytest.mark.parametrize(
    "bent",
    [
        ("PublicBody", "Person"),
        ("@firm", "@nobody"),
        ('"https://register.example"', '""'),
        ('";"', '";;"'),
        ("title =", "shoeSize ="),
        ("[entity.buyer]", "x"),
        ('as_of = "date"', 'encoding = "klingon"'),
    ],
)
def test_a_mapping_that_names_what_there_is_not_is_refused(tmp_path: Path, bent: tuple[str, str]) -> None:
    with pytest.raises(mapped.MappingMalformed):
        table(tmp_path / "m.toml", MAPPING.replace(*bent))
