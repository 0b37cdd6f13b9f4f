"""PostgreSQL as the node wants it: a commit that returned is on the server's disk, and statements are not written to its log.

Promise: `open_engines` refuses a server that acknowledges before it syncs (`fsync`, `full_page_writes` or
`synchronous_commit` off). The session turns statement logging of its own errors down as far as a session may.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
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


def open_engines(url: str) -> tuple[Engine, Engine, Callable[[], None]]:
    """The writing engine (one connection), the reading one (`READERS`, read only), and what lets go of both."""
    target: URL = make_url(url)
    told = {"max_overflow": 0, "hide_parameters": True, "pool_pre_ping": True}  # a restarted server is found again
    writer = create_engine(target, pool_size=1, **told)
    reader = create_engine(target, pool_size=READERS, execution_options={"postgresql_readonly": True}, **told)
    for engine in (writer, reader):
        event.listen(engine, "connect", _prepare)
    with writer.begin() as connection:
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


def is_full(error: BaseException | None) -> bool:
    """Whether the server said that its disk is full (SQLSTATE 53100)."""
    return getattr(error, "sqlstate", "") == "53100"


def _prepare(raw: Any, _record: object) -> None:
    raw.execute("SET synchronous_commit = on")
    raw.commit()
