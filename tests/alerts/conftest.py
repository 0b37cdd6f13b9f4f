"""A city on SQLite; where a promise rests on the database, on PostgreSQL too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.alerts.world import City, city


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[City]:
    found = city(tmp_path)
    yield found
    found.database.close()
    found.erase_keys.close()


@pytest.fixture
async def either(tmp_path: Path, database: str) -> AsyncIterator[City]:
    """The same on each database."""
    found = city(tmp_path, database)
    yield found
    found.database.close()
    found.erase_keys.close()
