"""Imports: every row accounted for, killed anywhere and gone on, the same again changes nothing, negatives and late rows right."""

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from tests.crypto.counted_clock import CountedClock
from tocsin.registry import amounts, importing, queries, tables, usaspending
from tocsin.registry.importing import FileNotUnderstood, import_file
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


KILLED = """
import os, signal, sys
from pathlib import Path
from tocsin.clock import SystemClock
from tocsin.registry import importing, usaspending
from tocsin.registry.room import Registry
from tocsin.store.db import Database
importing.BATCH = 10
database = Database.open(sys.argv[1]); database.migrate()
def told(report):
    if report.rows >= 50: os.kill(os.getpid(), signal.SIGKILL)
importing.import_file(Registry.open(database, SystemClock()), Path(sys.argv[2]), usaspending.read, "us", told=told)
"""


def test_an_import_that_was_killed_goes_on_and_ends_as_if_it_never_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "us.csv", [step(at, str(at)) for at in range(1, 201)])
    url = f"sqlite:///{tmp_path / 'node.db'}"
    died = subprocess.run([sys.executable, "-c", KILLED, url, str(path)], check=False, env=os.environ)
    assert died.returncode == -signal.SIGKILL
    monkeypatch.setattr(importing, "BATCH", 10)
    database = Database.open(url)
    registry = Registry.open(database, CountedClock())
    heard: list[int] = []
    done = import_file(registry, path, usaspending.read, "us", told=lambda report: heard.append(report.rows))
    assert heard[0] == 60, "it went on after the last batch that stood"
    assert (done.rows, done.kept) == (200, 200)
    assert obligated(registry, "us-cont-awd-1").amount == sum(range(1, 201))
    database.close()
