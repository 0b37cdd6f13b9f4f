"""A registry with the facts that ship, made once and copied for each test that changes it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crypto.counted_clock import CountedClock
from tocsin.registry.room import Registry
from tocsin.store.db import Database


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The closed database of a registry that was opened once."""
    path = tmp_path_factory.mktemp("begun") / "node.db"
    database = Database.open(f"sqlite:///{path}")
    database.migrate()
    Registry.open(database, CountedClock())
    database.close()
    return path


@pytest.fixture
def copied(begun: Path, tmp_path: Path) -> Iterator[Callable[[str], Registry]]:
    """Opens copies of it, by name."""
    made: list[Registry] = []

    def copy(name: str) -> Registry:
        shutil.copy(begun, tmp_path / f"{name}.db")
        made.append(Registry.open(Database.open(f"sqlite:///{tmp_path / name}.db"), CountedClock()))
        return made[-1]

    yield copy
    for one in made:
        one.database.close()
