"""Imports: every row accounted for, killed anywhere and gone on, the same again changes nothing, negatives and late rows right."""

import contextlib
import csv
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, func, select

from tests.crypto.counted_clock import CountedClock
from tocsin.registry import amounts, importing, queries, tables, usaspending
from tocsin.registry.importing import FileNotUnderstood, Report, import_file
from tocsin.registry.room import Registry
from tocsin.registry.value_sums import Total
from tocsin.store.db import Database

WIDE = (
    "contract_transaction_unique_key", "contract_award_unique_key", "award_id_piid", "modification_number",
    "federal_action_obligation", "action_date", "awarding_sub_agency_name", "recipient_uei", "recipient_name",
    "recipient_parent_uei", "recipient_parent_name", "transaction_description", "sole_proprietorship",
)  # fmt: skip
ICE = "U.S. Immigration and Customs Enforcement"


def step(
    at: int, amount: str, *, award: str = "CONT_AWD_1", firm: str = "ACME SYSTEMS LLC", sole: str = "f"
) -> list[str]:
    """One transaction of the wide file."""
    uei = f"UEI{abs(hash(firm)) % 10**6}" if firm != "ACME SYSTEMS LLC" else "UEIACME"
    return [
        f"TX_{at}",
        award,
        "PIID1",
        str(at),
        amount,
        f"2024-01-{at % 28 + 1:02}",
        ICE,
        uei,
        firm,
        "",
        "",
        "skip tracing",
        sole,
    ]


def written(path: Path, rows: list[list[str]], head: tuple[str, ...] = WIDE) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    database.migrate()
    yield Registry.open(database, CountedClock())
    database.close()


def claims(registry: Registry) -> int:
    return int(
        registry.database.read_now(lambda c: c.execute(select(func.count()).select_from(tables.statement)).scalar())
        or 0
    )


def obligated(registry: Registry, name: str) -> Total:
    def total(connection: Connection) -> object:
        return amounts.totals_of(connection, amounts.money_of(connection, queries.entity_of(connection, name)))[0][2]

    found = registry.database.read_now(total)
    assert isinstance(found, Total)
    return found


def test_every_row_is_counted_once_with_its_reason(registry: Registry, tmp_path: Path) -> None:
    rows = [
        step(1, "100.10"), step(2, "-30.05"), step(2, "-30.05"), step(3, "5", firm="PHILIPPA MONTROSE"), step(4, "five"),
        step(5, "1", firm="QUICK SERVICES", sole="t"), step(6, "1")[:4], step(7, "NaN"),
    ]  # fmt: skip
    path = written(tmp_path / "us.csv", rows)
    before = claims(registry)
    dry = import_file(registry, path, usaspending.read, "us", is_dry=True)
    assert (dry.rows, claims(registry)) == (8, before)
    done = import_file(registry, path, usaspending.read, "us")
    assert (done.rows, done.kept + done.merged) == (8, 3)
    assert dict(done.held) in ({"name": 1, "sole_trader": 1}, {"shape": 1, "sole_trader": 1})
    assert dict(done.refused) == {"amount_malformed": 2, "line_short": 1}
    after = claims(registry)
    again = import_file(registry, path, usaspending.read, "us")
    assert (again.rows, again.kept, again.statements, claims(registry)) == (8, 0, 0, after)


def test_negatives_identical_rows_and_late_modifications_give_the_exact_sum(registry: Registry, tmp_path: Path) -> None:
    first = [step(1, "1000000.01"), step(3, "-250000.50"), step(3, "-250000.50")]
    late = [step(2, "0.49"), step(1, "1000000.01")]
    for number, rows in enumerate((first, late)):
        import_file(registry, written(tmp_path / f"{number}.csv", rows), usaspending.read, "us")
    total = obligated(registry, "us-cont-awd-1")
    assert (total.amount, total.events) == (Decimal("750000.00"), 3)
    assert obligated(registry, "us-ueiacme").amount == Decimal("750000.00")


def test_the_narrow_table_is_read_too_and_a_file_without_head_is_refused(registry: Registry, tmp_path: Path) -> None:
    head = (
        "Award ID",
        "Recipient Name",
        "Start Date",
        "End Date",
        "Award Amount",
        "Awarding Agency",
        "Awarding Sub Agency",
        "Description",
    )
    row = ["70CTD1", "ACME SYSTEMS LLC", "2024-01-02", "2025-01-01", "$1,234.50", "DHS", ICE, "cameras"]
    done = import_file(registry, written(tmp_path / "narrow.csv", [row], head), usaspending.read, "us")
    assert done.kept == 1
    assert obligated(registry, "us-70ctd1").amount == Decimal("1234.50")
    with pytest.raises(FileNotUnderstood):
        import_file(registry, written(tmp_path / "headless.csv", [], tuple(row)), usaspending.read, "us")


TAKES = """
import signal, sys
from pathlib import Path
from tocsin.clock import SystemClock
from tocsin.registry import importing, usaspending
from tocsin.registry.room import Registry
from tocsin.store.db import Database
importing.BATCH = 10
database = Database.open(sys.argv[1]); database.migrate()
begun = []
def told(report):
    begun.append(report.rows)
    print(report.rows, flush=True)
    if len(begun) == 25: signal.pause()  # a test that is kept waiting by its machine finds it still there
importing.import_file(Registry.open(database, SystemClock()), Path(sys.argv[2]), usaspending.read, "us", told=told)
"""


def killed(url: str, path: Path, *, at: int, later: float) -> int:
    """Begin or go on with an import and end it by SIGKILL some time after row `at`; the first row that it told of."""
    line = [sys.executable, "-c", TAKES, url, str(path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        heard = [int(said) for said, _ in zip(process.stdout, range(at // 10), strict=False)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(later)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    return heard[0]


def test_an_import_that_is_killed_again_and_again_ends_as_if_it_never_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times, at whatever instant it is in the middle of; `./run bench registry_million` does it with a million."""
    rows = [
        step(at, str(at), firm="PHILIPPA MONTROSE" if at % 50 == 3 else "ACME SYSTEMS LLC") for at in range(1, 1001)
    ]
    path = written(tmp_path / "us.csv", rows)
    draw = Random()
    begins = [killed(f"sqlite:///{tmp_path / 'cut.db'}", path, at=50, later=draw.random() / 50) for _ in range(3)]
    assert begins[0] == 10
    assert begins == sorted(begins)
    assert begins[2] >= begins[1] + 50 > begins[0] + 50, "it went on after the last batch that stood"
    monkeypatch.setattr(importing, "BATCH", 10)
    told, kept = [], []
    for name in ("cut", "whole"):
        database = Database.open(f"sqlite:///{tmp_path / name}.db")
        database.migrate()
        registry = Registry.open(database, CountedClock())
        heard: list[int] = []

        def hear(report: Report, heard: list[int] = heard) -> None:
            heard.append(report.rows)

        told.append(import_file(registry, path, usaspending.read, "us", told=hear).told())
        assert heard[0] == 10 if name == "whole" else heard[0] > begins[2]
        assert obligated(registry, "us-cont-awd-1").amount == sum(at for at in range(1, 1001) if at % 50 != 3)
        kept.append(registry.database.read_now(lambda c: set(c.scalars(select(tables.statement.c.digest)))))
        database.close()
    assert told[0] == told[1]
    assert (told[0]["rows"], told[0]["kept"]) == (1000, 980)
    assert kept[0] == kept[1]
