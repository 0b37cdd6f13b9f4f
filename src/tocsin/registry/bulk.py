"""Many rows at once, written as each driver takes them fastest; the same lines on both databases."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

ASKED = 500
"""Values in one question: SQLite takes 32,766, older servers fewer."""


def put(
    connection: Connection, table: Table, columns: Sequence[str], rows: Collection[Sequence[Any]], clash: str
) -> None:
    """Insert `rows`, cells in the order of `columns`. `clash`: what SQL is to do about what is there already."""
    if not rows:
        return
    mark = "%s" if connection.dialect.paramstyle in ("format", "pyformat") else "?"
    names = ", ".join(f'"{name}"' for name in columns)
    line = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join([mark] * len(columns))}) {clash}"  # noqa: S608  names of our own
    connection.exec_driver_sql(line, [tuple(row) for row in rows])


def found_by(
    connection: Connection, by: Any, keys: Iterable[Any], what: Any, where: ColumnElement[bool] | None = None
) -> Iterator[tuple[Any, Any]]:
    """`by` and `what` of every row whose `by` is one of `keys`."""
    for some in pieces(list(keys)):
        question = select(by, what).where(by.in_(some))
        for key, value in connection.execute(question if where is None else question.where(where)).all():
            yield _plain(key), _plain(value)


def pieces(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """`keys`, some at a time."""
    for begin in range(0, len(keys), ASKED):
        yield keys[begin : begin + ASKED]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
