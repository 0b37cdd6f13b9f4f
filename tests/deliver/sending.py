"""A process that puts a message and sends what waits, to be killed: `URL FILE put|send`. What it sends goes to FILE."""

import asyncio
import os
import sys
from contextlib import closing
from pathlib import Path

from tests.deliver.conftest import RELEASE
from tocsin.clock import SystemClock
from tocsin.deliver import queries
from tocsin.deliver.channel import Turn
from tocsin.deliver.model import Kind, Message
from tocsin.deliver.outbox import Outbox
from tocsin.store import fail_points
from tocsin.store.db import Database


class Written:
    """A channel that appends to a file, durably."""

    name = "file"

    def __init__(self, place: Path) -> None:
        self._place = place

    async def send(self, message: Message, turn: Turn) -> None:
        with self._place.open("a") as file:
            file.write(message.id.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())


async def main(url: str, place: str, act: str) -> None:
    clock, channel = SystemClock(), Written(Path(place))
    with closing(Database.open(url)) as database:
        database.migrate()
        outbox = Outbox(database, clock, [channel])
        await database.write(queries.hurry)
        fail_points.arm(os.environ, trials=act == "put")
        if act == "put":
            one = Message(clock.random_bytes(16), Kind.ALERT, b"{}", clock.now_ms() + 3_600_000)
            await database.write(lambda connection: outbox.put(connection, one, RELEASE))
        while await outbox.turn(channel):
            pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
