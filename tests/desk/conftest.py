"""A real node with a desk, on SQLite and on PostgreSQL, and lawyers as the node sees them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.desk.lawyer import Lawyer
from tests.encounters.conftest import open_node
from tocsin.at_desk import desk_of
from tocsin.desk.board import Board
from tocsin.desk.room import Desk
from tocsin.encounters import start
from tocsin.node import Node


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def node(tmp_path: Path, database: str) -> AsyncIterator[Node]:
    node = open_node(tmp_path, database)
    await start.start(node.encounters)
    yield node
    await node.end()


@pytest.fixture
def board(node: Node) -> Board:
    return desk_of(node)[1]


@pytest.fixture
def desk(board: Board) -> Desk:
    return board.desk


@pytest.fixture
def wren() -> Lawyer:
    return Lawyer("Wren")


@pytest.fixture
def kestrel() -> Lawyer:
    return Lawyer("Kestrel")
