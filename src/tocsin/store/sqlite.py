"""SQLite as the node wants it: new enough, one writer, every commit synced, deleted cells overwritten, never silently empty.

Promise: `open_engines` either gives engines whose commits survive a power cut, or refuses with a sentence that says what is
wrong. It refuses an SQLite older than 3.51.3 (the WAL-reset bug fixed there corrupts databases), a damaged file, a file
that was there once and is not any more, and a write-ahead file that is missing after a crash.
`secure_delete` overwrites deleted cells in the database file; earlier copies of a page may remain in the write-ahead file
and in free blocks of the disk, which is why nothing is ever protected by deleting a row (see `erase_keys`).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pysqlite3  # type: ignore[import-untyped]
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, QueuePool

from tocsin.errors import TocsinError
from tocsin.store import disk

OLDEST = (3, 51, 3)
"""First version without the WAL-reset corruption (sqlite.org/wal.html, release notes of 3.51.3)."""

WRITER_CACHE = "cache_size = -65536"
"""KiB of pages that the writing connection keeps: an import of a hundred thousand claims went back to the file for each in two MB."""

READERS = 4
"""Connections, and threads, that read at once."""

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # NORMAL lost up to 781 commits in a power cut
    "secure_delete = ON",
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "temp_store = MEMORY",  # no spill of rows into files nobody overwrites
    "busy_timeout = 10000",
)


class SqliteTooOld(TocsinError):
    """The linked SQLite can corrupt a database in WAL mode."""

    code = "sqlite_too_old"
    status = 503
    message = "The SQLite library is older than 3.51.3 and can corrupt data. Install the pysqlite3 package the lock file names."


class DatabaseDamaged(TocsinError):
    """The file is not a whole SQLite database. Nothing was changed."""

    code = "database_damaged"
    status = 503
    message = "The database file is damaged. Nothing was changed. Keep a copy of it and restore from the last backup."


class DatabaseMissing(TocsinError):
    """The database was here before and is gone or empty; starting with a new one would hide the loss."""

    code = "database_missing"
    status = 503
    message = "The database file is missing or empty, but it was here before. Restore it; or remove its .made file to begin a new one."


class WriteAheadMissing(TocsinError):
    """The node did not stop cleanly and the write-ahead file, which holds the newest commits, is gone."""

    code = "write_ahead_missing"
    status = 503
    message = (
        "The -wal file is missing after a crash: the newest commits are lost. Restore it, or remove the .open file."
    )


def refuse_old_library(version: tuple[int, ...]) -> None:
    """Raise `SqliteTooOld` for a library that can lose data."""
    if version < OLDEST:
        raise SqliteTooOld


class Marks:
    """Two empty files beside the database that tell what the database cannot: that it existed, and that it was not closed."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.made = database.with_name(database.name + ".made")
        self.open = database.with_name(database.name + ".open")

    def refuse_loss(self) -> None:
        """Raise before SQLite gets to see the directory: it would create an empty database without a word."""
        if self.made.exists() and (not self.database.exists() or not self.database.stat().st_size):
            raise DatabaseMissing
        if self.open.exists() and not self.database.with_name(self.database.name + "-wal").exists():
            raise WriteAheadMissing

    def opened(self) -> None:
        """To be called once the write-ahead file exists."""
        for mark in (self.made, self.open):
            mark.touch(0o600)
        disk.sync_directory(self.database.parent)

    def closed(self) -> None:
        """To be called once the write-ahead file is empty, before it goes."""
        self.open.unlink(missing_ok=True)
        disk.sync_directory(self.database.parent)


def open_engines(database: Path) -> tuple[Engine, Engine, Callable[[], None]]:
    """The writing engine (one connection), the reading one (`READERS`, refused every write by SQLite), and what lets go of both."""
    refuse_old_library(pysqlite3.sqlite_version_info)
    disk.make_directory(database.parent)
    lock = disk.hold(database.with_name(database.name + ".lock"))
    marks = Marks(database)
    try:
        marks.refuse_loss()
        writer = _engine(database, 1, "BEGIN IMMEDIATE", (WRITER_CACHE,))
        _check(writer)
        database.chmod(0o600)
        marks.opened()
    except BaseException:
        os.close(lock)
        raise
    reader = _engine(database, READERS, "BEGIN", ("query_only = ON",))

    def let_go() -> None:
        reader.dispose()
        _empty_write_ahead(writer)
        marks.closed()
        writer.dispose()
        os.close(lock)

    return writer, reader, let_go


def open_reader(database: Path) -> Engine:
    """An engine for another process beside the one that writes: it sees one instant, cannot write, and folds nothing together.

    The last connection to close would fold the write-ahead file into the database and remove it; one that cannot write does not,
    so a crashed node still finds its newest commits there.
    """
    refuse_old_library(pysqlite3.sqlite_version_info)
    Marks(database).refuse_loss()
    if not database.exists():
        raise DatabaseMissing
    address = f"file:{quote(str(database))}?mode=ro"

    def connect() -> Any:
        raw = pysqlite3.dbapi2.connect(address, uri=True, check_same_thread=False, isolation_level=None)
        for pragma in ("query_only = ON", "trusted_schema = OFF", "temp_store = MEMORY", "busy_timeout = 10000"):
            raw.execute(f"PRAGMA {pragma}")
        return raw

    engine = create_engine(
        "sqlite://", module=pysqlite3.dbapi2, creator=connect, poolclass=NullPool, hide_parameters=True
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _check(writer: Engine) -> None:
    """Raise `DatabaseDamaged` unless SQLite finds the whole file in order."""
    try:
        with writer.begin() as connection:
            _touch_write_ahead(connection)
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    except DatabaseError as error:
        writer.dispose()
        refusal = disk.DiskFull() if is_full(error.orig) else DatabaseDamaged()
        raise refusal from error
    if found != "ok":
        writer.dispose()
        raise DatabaseDamaged


def _empty_write_ahead(writer: Engine) -> None:
    """Move everything from the write-ahead file into the database."""
    with writer.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_full(error: BaseException | None) -> bool:
    """Whether SQLite said that the disk is full."""
    return getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"


def _touch_write_ahead(connection: Any) -> None:
    """Write the same number back, so that the write-ahead file exists whenever the mark beside it does."""
    version = connection.exec_driver_sql("PRAGMA user_version").scalar()
    connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")


def _engine(database: Path, connections: int, begin: str, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(database)),
        module=pysqlite3.dbapi2,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,  # an error's text may be logged; what was stored may not
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        for pragma in (*_PRAGMAS, *pragmas):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_as_told(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
