"""The whole registry as one table for a spreadsheet: a line for each amount of an act, and one for whatever has no amount.

An amount's line says what kind it is: a spreadsheet that adds up several kinds, or a total and its steps, makes the false sum that
the pages refuse.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from sqlalchemy import Connection

from tocsin.registry.bulk import pieces
from tocsin.registry.cells import as_cell
from tocsin.registry.contest import marks
from tocsin.registry.facets import FACETS
from tocsin.registry.graph import heads_of
from tocsin.registry.schemata import SCHEMATA
from tocsin.registry.wholes import Whole, of, wholes
from tocsin.registry.worth import VALUE_EVENT, MoneyRow
from tocsin.store.plain import ask

FOUND_BY = tuple(name for name in FACETS if name != "kind")
COLUMNS = (
    "id", "schema", "caption", *FOUND_BY, "kind", "amount", "currency", "date", "step", "confidence", "contested", "sources",
)  # fmt: skip
BETWEEN = "; "
WANTED = frozenset(name for name, schema in SCHEMATA.items() if schema.is_searched)


def write_csv(connection: Connection, out: BinaryIO) -> int:
    """Every line, in UTF-8 with its mark, as spreadsheets want it; how many."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    count = 0
    for some in _told(connection):
        lines = [[as_cell(cell) for cell in line] for line in _lines(connection, some)]
        writer.writerows(lines)
        count += len(lines)
    text.detach()
    return count


def _told(connection: Connection) -> Iterator[list[Whole]]:
    """What is searched, and then amounts that are of nothing: all others stand in the line of what they are of."""
    yield from wholes(connection, WANTED)
    alone = [
        row[0] for row in ask(connection, "SELECT event FROM registry_money WHERE contract = event ORDER BY event")
    ]
    for some in pieces(sorted(set(heads_of(connection, alone).values()))):
        yield of(connection, some)


def _lines(connection: Connection, some: Sequence[Whole]) -> Iterator[tuple[str, ...]]:
    money = _money(connection, [name for one in some for name in one.members])
    events = [row.event for rows in money.values() for row in rows]
    marked: dict[str, set[str]] = defaultdict(set)
    for (event, prop, _), mark in marks(connection, events).items():
        marked[event].add(f"{prop}: {mark}")
    for one in some:
        rows = [row for name in one.members for row in money.get(name, ())]
        for row in sorted(rows, key=lambda row: (row.date, row.event)):
            yield _line(one, row, marked[row.event])
        if not rows and one.schema != VALUE_EVENT:
            yield _line(one, None, ())


def _line(one: Whole, row: MoneyRow | None, marked: Sequence[str] | set[str]) -> tuple[str, ...]:
    """`marked`: what of the amount is contested or was found wrong."""
    worth = (row.kind, row.amount, row.currency, row.date, "1" if row.is_step else "") if row else ("",) * 5
    is_low = one.is_low or bool(row and row.is_low)
    return (
        one.id, one.schema, one.caption, *(BETWEEN.join(one.choices.get(name, ())) for name in FOUND_BY), *worth,
        "low" if is_low else "", BETWEEN.join(sorted({*one.contested, *marked})),
        BETWEEN.join(sorted({*one.origins, *([row.origin] if row else ())})),
    )  # fmt: skip


def _money(connection: Connection, acts: Sequence[str]) -> dict[str, list[MoneyRow]]:
    found: dict[str, list[MoneyRow]] = defaultdict(list)
    line = f"SELECT {', '.join(MoneyRow._fields)} FROM registry_money WHERE contract IN ?"  # noqa: S608  names of our own
    for some in pieces(acts):
        for row in ask(connection, line, [*some]):
            found[row[0]].append(MoneyRow(*row))
    return found
