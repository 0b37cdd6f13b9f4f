"""The office on both databases, with a clock that is moved by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crypto.counted_clock import CountedClock
from tests.office.fake_browser import PLACE, Browser
from tocsin.office import join as joining
from tocsin.office.room import Office
from tocsin.people import invitation, staff
from tocsin.people.staff import Staff
from tocsin.store.db import Database


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database: SQLite's file, or a real PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'node.db'}"
    return str(request.getfixturevalue("begun_postgres_url"))


@pytest.fixture
def office(url: str) -> Iterator[Office]:
    database = Database.open(url)
    database.migrate()
    yield Office.open(database, CountedClock(b"office"), bytes(32), nothing_waits, nothing_done)
    database.close()


async def nothing_waits(_: object) -> bytes:
    """A node on which no steward has said anything."""
    return b'{"stewards":[],"lawyers":[],"holds":[],"waiting":[],"now":0}'


async def nothing_done(_: bytes) -> dict[str, object]:
    raise AssertionError


async def invited(office: Office, name: str, *roles: str, is_founding: bool = False) -> str:
    """A link's secret."""
    wanted, today = staff.roles_of(roles), office.today
    return await office.database.write(
        lambda c: invitation.make(c, name, wanted, office.clock, today, is_founding=is_founding)
    )


async def joined(office: Office, name: str, *roles: str, is_founding: bool = False) -> tuple[Staff, Browser]:
    """Somebody with a passphrase."""
    link, browser = await invited(office, name, *roles, is_founding=is_founding), Browser()
    found = await joining.opened(office, link)
    person, _ = await joining.join(office, browser.join(link, found.staff_id, office.challenges.fresh()), PLACE)
    return person, browser
