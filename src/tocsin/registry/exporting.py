"""The whole registry in files that others read, entity by entity in the order in which they came.

Promise: an export holds every statement, contradictions and all, each with its source; taken into an empty registry it gives the
same statements with the same digests. What is contested says so in it.
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from sqlalchemy import Connection, select

from tocsin.registry import outside, queries
from tocsin.registry.bulk import found_by, pieces
from tocsin.registry.cells import as_cell
from tocsin.registry.contest import marks
from tocsin.registry.days import iso
from tocsin.registry.model import Statement
from tocsin.registry.queries import Kept
from tocsin.registry.tables import entity, statement

COLUMNS = (
    "canonical_id", "entity_id", "prop", "prop_type", "schema", "value", "dataset", "origin", "lang", "original_value", "external",
    "first_seen", "last_seen", "id", "source_url", "source_kind", "lineage", "verb", "confidence", "as_of",
    "contested",
)  # fmt: skip
"""FollowTheMoney's columns of a file of statements, and then ours."""
SOME = 500
CONTEXT = "tocsin"
"""Where a line of FollowTheMoney keeps what its schemata have no place for; its own programs carry unknown keys along."""


@dataclass(frozen=True)
class Told:
    """One entity with every statement about its own id."""

    id: str
    canonical: str
    schema: str
    kept: Sequence[Kept]
    marks: Mapping[tuple[str, str, str], str]

    def mark(self, said: Statement) -> str:
        """Since when a claim is contested, or when it was found wrong; empty for most."""
        return self.marks.get((said.entity, said.property, said.value), "")


def everything(connection: Connection) -> Iterator[Told]:
    """Every entity."""
    last = 0
    while True:
        question = select(entity).where(entity.c.number > last).order_by(entity.c.number).limit(SOME)
        rows = connection.execute(question).all()
        if not rows:
            return
        last = rows[-1].number
        yield from _told(connection, rows)


def some(connection: Connection, names: Sequence[str]) -> Iterator[Told]:
    """Entities by their ids, in the order in which they came."""
    for part in pieces(names):
        yield from _told(connection, connection.execute(select(entity).where(entity.c.entity.in_(part))).all())


def _told(connection: Connection, rows: Sequence[Any]) -> Iterator[Told]:
    kept: dict[str, list[Kept]] = defaultdict(list)
    for one in queries.statements_of(connection, [row.entity for row in rows]):
        kept[one.said.entity].append(one)
    marked = marks(connection, [row.entity for row in rows])
    for row in rows:
        if kept[row.entity]:
            yield Told(row.entity, row.canonical, row.schema, kept[row.entity], marked)


def write_statements(connection: Connection, out: BinaryIO) -> int:
    """Every statement as a line, with our own schemata and properties; how many."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    count = 0
    for one in everything(connection):
        writer.writerows(_cells(one, kept.said) for kept in one.kept)
        count += len(one.kept)
    text.detach()
    return count


def _cells(one: Told, said: Statement) -> tuple[str, ...]:
    cells = (
        one.canonical, said.entity, said.property, "", said.schema, said.value, said.dataset, "", "", said.original, "",
        iso(said.first_seen), iso(said.last_seen), said.digest.hex(), said.source.url, said.source.kind, said.source.lineage,
        str(said.verb), str(said.confidence), said.as_of, one.mark(said),
    )  # fmt: skip
    return tuple(quoted(cell) for cell in cells)


def quoted(cell: str) -> str:
    """A cell that no spreadsheet runs, and that `unquoted` gives back."""
    return f"'{cell}" if cell.startswith("'") else as_cell(cell)


def unquoted(cell: str) -> str:
    return cell.removeprefix("'")


def write_ftm(connection: Connection, out: BinaryIO) -> int:
    """Every entity as a line; how many."""
    return write_lines(connection, everything(connection), out)


def write_lines(connection: Connection, told: Iterator[Told], out: BinaryIO) -> int:
    """FollowTheMoney JSON lines in the nearest standard schemata, with our statements beside them; how many entities."""
    count = 0
    waiting: list[Told] = []
    for one in told:
        waiting.append(one)
        if len(waiting) == SOME:
            count += _lines(connection, waiting, out)
            waiting = []
    return count + _lines(connection, waiting, out)


def _lines(connection: Connection, told: Sequence[Told], out: BinaryIO) -> int:
    parties = _parties(connection, told)
    for one in told:
        line = ftm_of(one, parties.get(one.id, {}))
        out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return len(told)


def ftm_of(one: Told, parties: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """One entity as FollowTheMoney has it."""
    given: dict[str, list[str]] = defaultdict(list)
    for kept in one.kept:
        if kept.said.value not in given[kept.said.property]:
            given[kept.said.property].append(kept.said.value)
    schema, properties = outside.told_outside(one.schema, given, parties)
    return {
        "id": one.id, "schema": schema, "caption": (properties.get("name") or [one.id])[0], "properties": properties,
        "datasets": sorted({kept.said.dataset for kept in one.kept}), "referents": [], "target": False,
        "first_seen": iso(min(kept.said.first_seen for kept in one.kept)),
        "last_seen": iso(max(kept.said.last_seen for kept in one.kept)),
        CONTEXT: {"canonical": one.canonical, "statements": [_ours(kept.said, one.mark(kept.said)) for kept in one.kept]},
    }  # fmt: skip


def _ours(said: Statement, mark: str) -> dict[str, str]:
    told = {
        "schema": said.schema, "prop": said.property, "value": said.value, "original_value": said.original,
        "dataset": said.dataset, "source_url": said.source.url, "source_kind": said.source.kind, "lineage": said.source.lineage,
        "verb": str(said.verb), "confidence": str(said.confidence), "as_of": said.as_of, "first_seen": iso(said.first_seen),
        "last_seen": iso(said.last_seen), "id": said.digest.hex(), "contested": mark,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def _parties(connection: Connection, told: Sequence[Told]) -> dict[str, dict[str, list[str]]]:
    """Of value events: who bought and who sold what they are values of."""
    contract = {
        one.id: kept.said.value
        for one in told
        if one.schema == "ValueEvent"
        for kept in one.kept
        if kept.said.property in ("contract", "about")
    }
    by_act: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in ("authority", "supplier"):
        where = statement.c.property == name
        for act, value in found_by(connection, statement.c.entity, set(contract.values()), statement.c.value, where):
            if value not in by_act[act][name]:
                by_act[act][name].append(value)
    return {event: by_act.get(act, {}) for event, act in contract.items()}
