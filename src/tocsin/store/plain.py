"""Questions in plain SQL, the same on both databases: building one by parts can cost more than asking it.

Nothing is kept of a question's values: neither a compiled statement nor a cache.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

ALL = 2**62
"""A limit that limits nothing."""


def ask(connection: Connection, line: str, *values: Any) -> list[Any]:
    """The rows, as plain tuples. Each `?` takes one value; where that is a list, all of it between parentheses."""
    told, flat = _spread(line, values)
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        found: list[Any] = raw.execute(told, flat).fetchall()
        return found
    return [tuple(row) for row in connection.exec_driver_sql(told.replace("?", "%s"), tuple(flat))]


def _spread(line: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    if not any(isinstance(value, list) for value in values):
        return line, values
    parts, flat = line.split("?"), list[Any]()
    told = [parts[0]]
    for part, value in zip(parts[1:], values, strict=True):
        if isinstance(value, list):
            told += (f"({', '.join('?' * len(value)) or 'NULL'})", part)
            flat += value
        else:
            told += ("?", part)
            flat.append(value)
    return "".join(told), flat
