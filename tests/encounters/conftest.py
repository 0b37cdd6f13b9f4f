"""A real node without HTTP: its stores on a temporary disk, its beat struck by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.encounters.phone import Phone
from tocsin import new_keys
from tocsin.clock import SystemClock
from tocsin.encounters import start
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.own_keys import PUBLISHED
from tocsin.settings import Settings


def settings_in(folder: Path, database: str = "") -> Settings:
    """A node's settings for a trial: nothing outside `folder`."""
    return Settings(
        folder=str(folder / "node"),
        database=database,
        runtime=str(folder / "runtime"),
        log_origin="sample.example/log",
        pack="minneapolis-sample",
        keys="unattended",
        erase_slots=256,
        ballast_bytes=1024 * 1024,
        trials=True,
    )


def open_node(folder: Path, database: str = "") -> Node:
    """The node in `folder`, with fresh keys when it is new."""
    if not (folder / "node" / PUBLISHED).exists():
        new_keys.make(settings_in(folder), None, SystemClock())
    return Node.open(settings_in(folder, database), load.load("minneapolis-sample"), SystemClock())


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
async def node(folder: Path, database: str) -> AsyncIterator[Node]:
    node = open_node(folder, database)
    await start.start(node.encounters)
    yield node
    await node.end()


@pytest.fixture
def phone(node: Node) -> Phone:
    return Phone(node.share_recipient)
