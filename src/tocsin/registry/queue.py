"""What waits for an editor after imports: how far each came, and which rows the person rule held back.

Of a row that was held there is its number and the reason, never a name: the file it came from has that. Who looked there and found an
institution releases it by name; its rows come in with the next import of the same file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from tocsin.registry.tables import held, progress

ROWS_SHOWN = 12
IMPORTS_SHOWN = 40
COUNTED = ("rows", "kept", "merged")


@dataclass(frozen=True)
class Held:
    """Rows of one data set that were held for one reason. `rows`: the first of their numbers."""

    dataset: str
    reason: str
    count: int
    rows: Sequence[int]


@dataclass(frozen=True)
class Taken:
    """One file. `is_done`: else it was cut, and goes on where it was when the same file is handed in again."""

    dataset: str
    is_done: bool
    counts: Mapping[str, int]
    held: int
    refused: Mapping[str, int]


def held_back(connection: Connection) -> list[Held]:
    """By data set and reason, most first."""
    question = select(held.c.dataset, held.c.reason, func.count().label("many")).group_by(held.c.dataset, held.c.reason)
    rows = connection.execute(question.order_by(func.count().desc(), held.c.dataset, held.c.reason)).all()
    return [Held(one.dataset, one.reason, one.many, _rows(connection, one.dataset, one.reason)) for one in rows]


def _rows(connection: Connection, dataset: str, reason: str) -> list[int]:
    question = select(held.c.row).where(held.c.dataset == dataset, held.c.reason == reason)
    return list(connection.scalars(question.order_by(held.c.row).limit(ROWS_SHOWN)))


def imports(connection: Connection) -> list[Taken]:
    """Files that were cut, then those that are done."""
    question = select(progress.c.dataset, progress.c.position, progress.c.counts)
    rows = connection.execute(question.order_by(progress.c.position < 0, progress.c.dataset).limit(IMPORTS_SHOWN)).all()
    return [_taken(one.dataset, one.position, json.loads(one.counts)) for one in rows]


def _taken(dataset: str, position: int, told: Mapping[str, object]) -> Taken:
    counts = {name: int(str(told.get(name, 0))) for name in COUNTED}
    parts = {name: dict(part) if isinstance(part := told.get(name), dict) else {} for name in ("held", "refused")}
    return Taken(dataset, position < 0, counts, sum(parts["held"].values()), parts["refused"])
