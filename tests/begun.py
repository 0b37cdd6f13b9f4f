"""Databases that begin with their tables: the steps of migrations are taken once a process and not once a node.

Tests of migrations themselves (`ABOUT_MIGRATIONS`), and every node that is a process of its own, take each step.
"""

from collections.abc import Iterator

import pytest
from pysqlite3 import dbapi2 as sqlite3  # type: ignore[import-untyped]  # the product's own

from tocsin.store import migrate
from tocsin.store.db import Database

ABOUT_MIGRATIONS = ("tests/store/", "tests/contracts/", "tests/faults/")


class Begun:
    """The newest schema, kept in memory once it was made."""

    def __init__(self) -> None:
        self.kept: sqlite3.Connection | None = None

    def migrate(self, database: Database, revision: str = "head") -> None:
        """As `Database.migrate`."""
        engine = database._engine
        is_new = revision == "head" and engine.dialect.name == "sqlite" and self._is_empty(database)
        if not is_new:
            migrate.to_revision(engine, revision)
            return
        raw = engine.raw_connection()
        try:
            if self.kept is not None:
                self.kept.backup(raw.driver_connection)
                return
        finally:
            raw.close()
        migrate.to_revision(engine, revision)
        self._keep(database)

    @staticmethod
    def _is_empty(database: Database) -> bool:
        with database._engine.connect() as connection:
            return not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()

    def _keep(self, database: Database) -> None:
        self.kept = sqlite3.connect(":memory:", check_same_thread=False)  # a demo runs in a thread of its own
        raw = database._engine.raw_connection()
        raw.driver_connection.backup(self.kept)  # type: ignore[union-attr]  # it is connected
        raw.close()


@pytest.fixture(scope="session")
def newest_schema() -> Iterator[Begun]:
    made = Begun()
    yield made
    if made.kept is not None:
        made.kept.close()


@pytest.fixture(autouse=True)
def begins_with_its_tables(
    request: pytest.FixtureRequest, newest_schema: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not request.node.nodeid.startswith(ABOUT_MIGRATIONS):
        monkeypatch.setattr(
            Database, "migrate", lambda database, revision="head": newest_schema.migrate(database, revision)
        )
