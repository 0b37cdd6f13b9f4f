"""Tables as text, to be carried to another database: rows as they are to stand there, one JSON list a line.

Promise: `reading` sees one instant of a database that another process goes on writing, changes nothing and leaves nothing
behind; `dump` gives live rows only, never a free page, in pieces of bounded size; `load` puts them back as they were given.
The same text goes from SQLite to PostgreSQL and back.

    first line   {"columns": [[name, "bytes" or "plain"], ...]}
    other lines  [value, ...]; bytes in standard base64
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, column, insert, select, table
from sqlalchemy.engine import make_url

from tocsin.store import postgres, sqlite
from tocsin.store.archive import ArchiveDamaged

PIECE = 5000
"""Rows in one piece."""

Change = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
"""A row as it is, to the row as it is carried; `None` leaves it out."""


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A connection that reads one instant of the database at `url`, beside whoever writes it. Raises what opening raises."""
    target = make_url(url)
    is_sqlite = target.get_backend_name() == "sqlite"
    engine = sqlite.open_reader(Path(target.database or "").absolute()) if is_sqlite else postgres.open_reader(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def dump(connection: Connection, what: Table, change: Change) -> Iterator[bytes]:
    """The rows of a table in pieces, each of which stands alone. None for an empty table."""
    columns = [(one.name, "bytes" if isinstance(one.type, LargeBinary) else "plain") for one in what.columns]
    head = json.dumps({"columns": columns})
    lines = [head]
    for row in connection.execution_options(yield_per=PIECE).execute(select(what)):
        carried = change(dict(row._mapping))  # noqa: SLF001  SQLAlchemy's public name for it
        if carried is not None:
            lines.append(json.dumps([_text(carried[name]) for name, _ in columns]))
        if len(lines) > PIECE:
            yield "\n".join([*lines, ""]).encode()
            lines = [head]
    if len(lines) > 1:
        yield "\n".join([*lines, ""]).encode()


def load(connection: Connection, name: str, raw: bytes) -> int:
    """Insert one piece into the table `name`; how many rows. Raises `ArchiveDamaged` for what `dump` does not write."""
    try:
        head, *lines = raw.decode().splitlines()
        columns = [(str(one), str(kind)) for one, kind in json.loads(head)["columns"]]
        rows = [_row(columns, json.loads(line)) for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveDamaged from error
    if rows:
        connection.execute(insert(table(name, *(column(one) for one, _ in columns))), rows)
    return len(rows)


def _text(value: Any) -> Any:
    return b64encode(value).decode() if isinstance(value, bytes | memoryview) else value


def _row(columns: Sequence[tuple[str, str]], values: Sequence[Any]) -> dict[str, Any]:
    return {
        name: b64decode(value, validate=True) if kind == "bytes" and value is not None else value
        for (name, kind), value in zip(columns, values, strict=True)
    }
