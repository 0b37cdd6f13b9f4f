"""Many rows at once, written as each driver takes them fastest; the same lines on both databases."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from tocsin.store.plain import ask

ASKED = 500
"""Values in one question: SQLite takes 32,766, older servers fewer."""


def put(
    connection: Connection, table: Table, columns: Sequence[str], rows: Collection[Sequence[Any]], clash: str
) -> None:
    """Insert `rows`, cells in the order of `columns`. `clash`: what SQL is to do about what is there already."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    line = f"INSERT INTO {table.name} ({names}) VALUES ({_marks(connection, len(columns))}) {clash}"  # noqa: S608  names of our own
    connection.exec_driver_sql(line, [tuple(row) for row in rows])


def each(connection: Connection, line: str, rows: Sequence[Sequence[Any]]) -> None:
    """Do `line` once for each of `rows`, whose cells are the values of its `?`."""
    if rows:
        told = line.replace("?", "%s") if connection.dialect.paramstyle in ("format", "pyformat") else line
        connection.exec_driver_sql(told, [tuple(row) for row in rows])


def found_by(
    connection: Connection, by: Any, keys: Iterable[Any], what: Any, where: ColumnElement[bool] | None = None
) -> Iterator[tuple[Any, Any]]:
    """`by` and `what` of every row whose `by` is one of `keys`."""
    for some in pieces(list(keys)):
        if where is None:
            # SQLAlchemy writes five hundred places anew for each question: a tenth of an import's time.
            line = f'SELECT "{by.name}", "{what.name}" FROM {by.table.name} WHERE "{by.name}" IN ?'  # noqa: S608
            yield from ask(connection, line, list(some))
        else:
            for key, value in connection.execute(select(by, what).where(by.in_(some), where)):
                yield _plain(key), _plain(value)


def _marks(connection: Connection, many: int) -> str:
    """Places for values, as the driver writes them."""
    return ", ".join(["%s" if connection.dialect.paramstyle in ("format", "pyformat") else "?"] * many)


def pieces(keys: Sequence[Any], some: int = ASKED) -> Iterator[Sequence[Any]]:
    """`keys`, some at a time."""
    for begin in range(0, len(keys), some):
        yield keys[begin : begin + some]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
