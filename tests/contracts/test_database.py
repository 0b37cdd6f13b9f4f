"""What every database promises, held against SQLite and against a real PostgreSQL."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, func, insert, inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError

import tocsin.alerts.tables
import tocsin.deliver.tables
import tocsin.encounters.tables
import tocsin.people.tables
import tocsin.registry.tables
import tocsin.tlog.public  # noqa: F401  all register their tables
from tests.backup.test_contents import backed_up
from tests.backup.test_drill import settings_in, standing
from tests.backup.world import CLOCK, Vault
from tocsin import new_keys
from tocsin.encounters.queries import recording_of
from tocsin.restored_tables import DatabaseNotEmpty
from tocsin.settings import settings_of
from tocsin.store import migrate, rows, tables
from tocsin.store.blobs import DiskBlobs
from tocsin.store.db import Database
from tocsin.store.group import StoreClosed

things = Table("things", MetaData(), Column("number", Integer, primary_key=True))


def add(number: int) -> Callable[[Connection], None]:
    """A verb that stores one number."""

    def verb(connection: Connection) -> None:
        connection.execute(insert(things).values(number=number))

    return verb


def count(connection: Connection) -> int | None:
    return connection.scalar(select(func.count()).select_from(things))


def first(connection: Connection) -> int | None:
    return connection.scalar(select(things.c.number))


def table_names(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


class DatabaseContract:
    """Subclasses give `url`."""

    @pytest.fixture
    def database(self, url: str) -> Iterator[Database]:
        database = Database.open(url)
        database.write_now(things.create)
        yield database
        database.close()

    def test_a_write_is_read_back(self, database: Database) -> None:
        async def run() -> int | None:
            await database.write(add(7))
            return await database.read(first)

        assert asyncio.run(run()) == 7

    def test_a_write_gives_back_what_its_verb_gives_back(self, database: Database) -> None:
        assert asyncio.run(database.write(lambda _connection: "answer")) == "answer"

    def test_one_failing_write_does_not_hurt_the_others(self, database: Database) -> None:
        def add_twice(connection: Connection) -> None:
            connection.execute(insert(things).values(number=1000))
            connection.execute(insert(things).values(number=1000))

        async def run() -> list[object]:
            writes = [database.write(add(n)) for n in range(40)]
            return list(
                await asyncio.gather(*writes[:20], database.write(add_twice), *writes[20:], return_exceptions=True)
            )

        answers = asyncio.run(run())
        assert isinstance(answers[20], IntegrityError)
        assert answers[:20] + answers[21:] == [None] * 40
        assert database.read_now(count) == 40

    def test_an_error_of_the_verb_itself_undoes_its_write(self, database: Database) -> None:
        def fail(connection: Connection) -> None:
            connection.execute(insert(things).values(number=1))
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            database.write_now(fail)
        assert database.read_now(count) == 0

    def test_a_caller_that_stops_waiting_does_not_undo_its_write(self, database: Database) -> None:
        async def run() -> None:
            task = asyncio.ensure_future(database.write(add(1)))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(run())
        database.write_now(lambda _connection: None)
        assert database.read_now(first) == 1

    def test_an_error_does_not_repeat_what_was_to_be_stored(self, database: Database) -> None:
        database.write_now(add(987654))
        with pytest.raises(IntegrityError) as refused:
            database.write_now(add(987654))
        assert "parameters hidden" in str(refused.value)

    def test_a_read_cannot_write(self, database: Database) -> None:
        with pytest.raises(DBAPIError):
            database.read_now(add(1))

    def test_many_waiting_writes_share_commits(self, database: Database) -> None:
        commits: list[None] = []
        database.after_commit.append(lambda: commits.append(None))

        async def run() -> None:
            await asyncio.gather(*(database.write(add(n)) for n in range(200)))

        asyncio.run(run())
        assert 1 <= len(commits) <= 20

    def test_what_was_written_is_there_after_closing_and_opening(self, url: str) -> None:
        before = Database.open(url)
        before.write_now(things.create)
        before.write_now(add(5))
        before.close()
        after = Database.open(url)
        assert after.read_now(first) == 5
        after.close()

    def test_a_closed_database_refuses(self, url: str) -> None:
        database = Database.open(url)
        database.close()
        with pytest.raises(StoreClosed):
            database.write_now(lambda _connection: None)

    def test_migrations_build_exactly_the_registered_tables(self, database: Database) -> None:
        database.write_now(things.drop)
        database.migrate()
        assert database.read_now(migrate.differences) == []
        assert set(tables.metadata.tables) <= set(database.read_now(table_names))

    def test_migrating_again_changes_nothing(self, database: Database) -> None:
        database.migrate()
        database.migrate()
        assert database.read_now(migrate.current) is not None

    def test_migrations_can_be_taken_back(self, database: Database) -> None:
        database.migrate()
        database.migrate("base")
        assert "work" not in database.read_now(table_names)

    def test_another_process_reads_one_instant_and_its_rows_stand_again_elsewhere(
        self, database: Database, url: str, tmp_path: Path
    ) -> None:
        for number in range(3):
            database.write_now(add(number))
        with rows.reading(url) as connection:
            assert connection.scalar(select(func.count()).select_from(things)) == 3
            database.write_now(add(3))
            pieces = list(rows.dump(connection, things, lambda row: row if row["number"] != 1 else None))
            with pytest.raises(DBAPIError):
                connection.execute(insert(things).values(number=9))
        other = Database.open(f"sqlite:///{tmp_path / 'other.db'}")
        other.write_now(things.create)
        for piece in pieces:
            other.write_now(partial(rows.load, name="things", raw=piece))
        assert other.read_now(lambda c: sorted(c.execute(select(things.c.number)).scalars())) == [0, 2]
        other.close()

    def test_a_newer_schema_is_refused(self, database: Database) -> None:
        database.migrate()
        database.write_now(
            lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        )
        with pytest.raises(migrate.SchemaNewer):
            database.migrate()


class TestSqlite(DatabaseContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'node.db'}"


class TestPostgres(DatabaseContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url

    def test_a_node_on_it_is_backed_up_and_comes_back(self, url: str, tmp_path: Path) -> None:
        vault, settings = Vault(tmp_path / "vault"), settings_in(tmp_path / "node", "city.example/log", database=url)
        new_keys.make(settings, None, CLOCK)
        phone, _ = backed_up(settings, vault)
        done = vault.restore(tmp_path / "new", checkpoint=DiskBlobs(tmp_path / "node" / "log").get("checkpoint"))
        assert (done.tables.lost, done.tables.erased) == (1, 1)
        with standing(settings_of(tmp_path / "new" / "node.toml")) as node:
            assert node.database.read_now(lambda c: recording_of(c, phone.id)) is not None
        with pytest.raises(DatabaseNotEmpty):
            vault.restore(tmp_path / "again", new_log="city.example/second", database=url)

    def test_a_node_on_sqlite_comes_back_on_it(self, url: str, tmp_path: Path) -> None:
        vault, settings = Vault(tmp_path / "vault"), settings_in(tmp_path / "node", "city.example/log")
        new_keys.make(settings, None, CLOCK)
        phone, _ = backed_up(settings, vault)
        vault.restore(tmp_path / "new", new_log="city.example/second", database=url)
        assert not (tmp_path / "new" / "tocsin.sqlite").exists()
        new = settings_of(tmp_path / "new" / "node.toml")
        new_keys.make(new, None, CLOCK)
        with standing(new) as node:
            assert node.database.read_now(lambda c: recording_of(c, phone.id)) is not None

    def test_a_server_that_dropped_its_connections_is_found_again(self, database: Database) -> None:
        drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        database.write_now(add(1))
        database.read_now(lambda connection: connection.exec_driver_sql(drop).all())
        database.write_now(add(2))
        assert database.read_now(count) == 2
