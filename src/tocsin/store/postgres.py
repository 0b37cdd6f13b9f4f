"""PostgreSQL as the node wants it: a commit that returned is on the server's disk, and statements are not written to its log.

Promise: `open_engines` refuses a server that acknowledges before it syncs (`fsync`, `full_page_writes` or
`synchronous_commit` off). The session turns statement logging of its own errors down as far as a session may.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tocsin.errors import TocsinError

READERS = 4
"""Connections, and threads, that read at once."""

_MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit")


class PostgresNotDurable(TocsinError):
    """The server would acknowledge commits that a power cut loses."""

    code = "postgres_not_durable"
    status = 503
    message = "PostgreSQL runs with fsync, full_page_writes or synchronous_commit off. Turn them on; the node does not start without."


class DatabaseAway(TocsinError):
    """The server went away or is starting. Whether what was asked for happened is unknown: asking again finds out."""

    code = "database_away"
    status = 503
    message = "The node's database is away for a moment. Try again in a few seconds; what was acknowledged is kept."

    def __init__(self) -> None:
        super().__init__(retry_after=5)


def open_engines(url: str) -> tuple[Engine, Engine, Callable[[], None]]:
    """The writing engine (one connection), the reading one (`READERS`, read only), and what lets go of both."""
    target: URL = make_url(url)
    told = {"max_overflow": 0, "hide_parameters": True, "pool_pre_ping": True}  # a restarted server is found again
    writer = create_engine(target, pool_size=1, **told)
    reader = create_engine(target, pool_size=READERS, execution_options={"postgresql_readonly": True}, **told)
    for engine in (writer, reader):
        event.listen(engine, "connect", _prepare)
    with found(writer) as connection:
        if any(connection.exec_driver_sql(f"SHOW {name}").scalar() != "on" for name in _MUST_BE_ON):
            raise PostgresNotDurable

    def let_go() -> None:
        reader.dispose()
        writer.dispose()

    return writer, reader, let_go


def open_reader(url: str) -> Engine:
    """An engine for another process beside the one that writes: one instant a transaction, and no writing."""
    told = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return create_engine(url, poolclass=NullPool, hide_parameters=True, execution_options=told)


@contextmanager
def found(engine: Engine) -> Iterator[Connection]:
    """A transaction. Raises `DatabaseAway` where the server is not there, or was lost on the way."""
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        if is_away(error.orig):
            raise DatabaseAway from error
        raise


def is_away(error: BaseException | None) -> bool:
    """Whether the server was lost: no SQLSTATE at all, or one of class 08 (connection) or 57P (shutting down, starting)."""
    # By name: the driver is loaded where there is such a server, and only there.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    state = getattr(error, "sqlstate", "")
    return bool(kinds & {"OperationalError", "InterfaceError"}) and (state is None or state.startswith(("08", "57P")))


def is_full(error: BaseException | None) -> bool:
    """Whether the server said that its disk is full (SQLSTATE 53100)."""
    return getattr(error, "sqlstate", "") == "53100"


def _prepare(raw: Any, _record: object) -> None:
    raw.execute("SET synchronous_commit = on")
    raw.commit()
