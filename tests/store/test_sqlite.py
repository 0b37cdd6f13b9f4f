"""SQLite loses nothing silently: bad luck is either recovered from or refused in a plain sentence (trial F10)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tocsin.store import migrate, sqlite
from tocsin.store.db import Database
from tocsin.store.disk import DiskFull, StoreInUse
from tocsin.store.group import StoreClosed

KILLED_MIGRATION = """
import os, sys
from tocsin.store import fail_points
from tocsin.store.db import Database
fail_points.arm(os.environ, trials=True)
Database.open(sys.argv[1]).migrate()
"""

KILLED_WRITER = """
import os, signal, sys
from tocsin.store.db import Database
database = Database.open(sys.argv[1])
database.write_now(lambda connection: connection.exec_driver_sql("CREATE TABLE kept (number INTEGER)"))
database.write_now(lambda connection: connection.exec_driver_sql("INSERT INTO kept VALUES (42)"))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "node.db"


def url(file: Path) -> str:
    return f"sqlite:///{file}"


def made(file: Path) -> None:
    """A database with one row, closed cleanly."""
    database = Database.open(url(file))
    database.write_now(lambda connection: connection.exec_driver_sql("CREATE TABLE kept (number INTEGER)"))
    database.write_now(lambda connection: connection.exec_driver_sql("INSERT INTO kept VALUES (42)"))
    database.close()


def killed(program: str, file: Path, **environment: str) -> None:
    """Run `program` on `file` in a process of its own, which must die by SIGKILL."""
    done = subprocess.run(
        [sys.executable, "-c", program, url(file)], env={**os.environ, **environment}, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL


def kept(connection: Connection) -> object:
    return connection.exec_driver_sql("SELECT number FROM kept").scalar()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("synchronous", 2), ("secure_delete", 1), ("journal_mode", "wal"), ("foreign_keys", 1), ("trusted_schema", 0)],
)
def test_the_settings_that_durability_hangs_on(file: Path, pragma: str, value: object) -> None:
    database = Database.open(url(file))
    assert database.write_now(lambda connection: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()) == value
    database.close()


def test_an_old_library_is_refused() -> None:
    with pytest.raises(sqlite.SqliteTooOld):
        sqlite.refuse_old_library((3, 51, 2))
    sqlite.refuse_old_library((3, 51, 3))


def test_the_file_is_for_its_owner_only(file: Path) -> None:
    made(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_overwritten_header_is_refused(file: Path) -> None:
    made(file)
    with file.open("r+b") as opened:
        opened.write(b"\xff" * 100)
    with pytest.raises(sqlite.DatabaseDamaged):
        Database.open(url(file))


@pytest.mark.parametrize("leave_empty", [True, False])
def test_a_lost_database_is_never_silently_replaced_by_an_empty_one(file: Path, leave_empty: bool) -> None:
    made(file)
    file.unlink()
    if leave_empty:
        file.touch()
    with pytest.raises(sqlite.DatabaseMissing):
        Database.open(url(file))


def test_a_killed_node_finds_every_commit_again(file: Path) -> None:
    killed(KILLED_WRITER, file)
    database = Database.open(url(file))
    assert database.read_now(kept) == 42
    database.close()


def test_a_write_ahead_file_lost_after_a_kill_is_refused(file: Path) -> None:
    killed(KILLED_WRITER, file)
    file.with_name("node.db-wal").unlink()
    with pytest.raises(sqlite.WriteAheadMissing):
        Database.open(url(file))


def test_a_lost_shared_memory_file_is_rebuilt(file: Path) -> None:
    killed(KILLED_WRITER, file)
    file.with_name("node.db-shm").unlink()
    database = Database.open(url(file))
    assert database.read_now(kept) == 42
    database.close()


def test_a_second_process_is_refused(file: Path) -> None:
    database = Database.open(url(file))
    with pytest.raises(StoreInUse):
        Database.open(url(file))
    database.close()


def test_a_migration_killed_before_its_commit_leaves_the_old_schema(file: Path) -> None:
    killed(KILLED_MIGRATION, file, TOCSIN_FAIL_POINT="migrate.before_commit")
    database = Database.open(url(file))
    assert database.read_now(migrate.current) is None
    assert (
        database.read_now(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar())
        == 0
    )
    database.migrate()
    assert database.read_now(migrate.current) is not None
    database.close()


def test_a_full_disk_refuses_the_write_and_keeps_the_rest(file: Path) -> None:
    made(file)
    database = Database.open(url(file))
    pages = database.write_now(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar())
    database.write_now(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar())
    with pytest.raises(DiskFull):
        database.write_now(
            lambda connection: connection.exec_driver_sql("CREATE TABLE more AS SELECT zeroblob(100000)")
        )
    assert database.read_now(kept) == 42
    database.write_now(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 100000").scalar())
    database.write_now(lambda connection: connection.exec_driver_sql("CREATE TABLE more AS SELECT zeroblob(100000)"))
    database.close()


def test_reading_after_closing_is_refused(file: Path) -> None:
    database = Database.open(url(file))
    database.close()
    with pytest.raises(StoreClosed):
        database.read_now(kept)


def test_a_deleted_cell_is_overwritten_in_the_file(file: Path) -> None:
    database = Database.open(url(file))
    database.write_now(lambda connection: connection.exec_driver_sql("CREATE TABLE kept (word TEXT)"))
    database.write_now(
        lambda connection: connection.exec_driver_sql("INSERT INTO kept VALUES ('marker-of-the-deleted')")
    )
    database.write_now(lambda connection: connection.exec_driver_sql("DELETE FROM kept"))
    database.close()
    assert b"marker-of-the-deleted" not in file.read_bytes()
