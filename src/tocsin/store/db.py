"""The node's tables: SQLAlchemy Core over SQLite or PostgreSQL, the same code on both.

Use `await database.read(question)` and `await database.write(verb)`: each is a plain function that takes a `Connection`.

Promise: `write` returns after its commit is durable. Writes that wait together share one commit, each inside its own
savepoint: one that raises is undone alone and its caller gets the exception; the others never notice. A write is performed
once; a caller that stops waiting does not undo it. A function given here must not commit, roll back or keep the
connection, and what it returns must not need the connection any more. Reads see every acknowledged write.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from tocsin.store import disk, fail_points, migrate, postgres, sqlite, tables
from tocsin.store.group import Group, StoreClosed

T = TypeVar("T")
Work = Callable[[Connection], Any]

GROUP = 256
"""Writes that share one commit at most."""


class Database:
    """One database, opened once per process. Close it, or the next start has to recover."""

    metadata = tables.metadata

    def __init__(self, writer: Engine, reader: Engine, let_go: Callable[[], None]) -> None:
        self._engine = writer
        self._reader = reader
        self._let_go = let_go
        self._closed = False
        self.after_commit: list[Callable[[], None]] = []
        """Called in the writer's thread after each commit; must be quick and must not raise."""
        self._group: Group[Work, Any] = Group("database-writer", self._perform, GROUP)
        self._threads = ThreadPoolExecutor(sqlite.READERS, "database-reader")

    @classmethod
    def open(cls, url: str) -> "Database":
        """Open `sqlite:///PATH` or `postgresql+psycopg://...`. Refuses what could lose or has lost data (`sqlite`, `postgres`)."""
        target = make_url(url)
        if target.get_backend_name() == "sqlite":
            return cls(*sqlite.open_engines(Path(target.database or "").absolute()))
        return cls(*postgres.open_engines(url))

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Answer `question` in a transaction of its own that cannot write."""
        if self._closed:
            raise StoreClosed
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read_now, question)

    async def write(self, verb: Callable[[Connection], T]) -> T:
        """Perform `verb`, durably. Raises what it raises, with nothing of it stored; `DiskFull` when there is no space; `DatabaseAway`
        when a server was lost, and then it may have happened.
        """
        answer: T = await self._group.ask(verb)
        return answer

    def read_now(self, question: Callable[[Connection], T]) -> T:
        """`read` for commands and threads: blocks."""
        if self._closed:
            raise StoreClosed
        with postgres.found(self._reader) as connection:
            return question(connection)

    def write_now(self, verb: Callable[[Connection], T]) -> T:
        """`write` for commands and threads: blocks."""
        answer: T = self._group.ask_now(verb)
        return answer

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to `revision`, all of the way or not at all."""
        migrate.to_revision(self._engine, revision)

    def close(self) -> None:
        """Finish and answer the writes that wait, then let go of the database."""
        self._closed = True
        self._group.close()
        self._threads.shutdown()
        self._let_go()

    def _perform(self, verbs: Sequence[Work]) -> list[Any]:
        try:
            with postgres.found(self._engine) as connection:
                answers = [_alone(connection, verb) for verb in verbs]
                fail_points.hit("db.before_commit")
            fail_points.hit("db.after_commit")
            for tell in self.after_commit:
                tell()
        except DBAPIError as error:
            if sqlite.is_full(error.orig) or postgres.is_full(error.orig):
                raise disk.DiskFull from error
            raise
        return answers


def _alone(connection: Connection, verb: Work) -> Any:
    """The verb's answer, or what it raised with everything it did undone."""
    connection.exec_driver_sql("SAVEPOINT verb")
    try:
        answer = verb(connection)
    except Exception as error:  # kept for its own caller: the group goes on
        if isinstance(error, DBAPIError) and (sqlite.is_full(error.orig) or error.connection_invalidated):
            raise  # SQLite has undone the whole transaction by itself, or the server is gone: nobody's write stands
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT verb")
        answer = error
    connection.exec_driver_sql("RELEASE SAVEPOINT verb")
    return answer
