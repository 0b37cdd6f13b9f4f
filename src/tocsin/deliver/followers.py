"""Who follows the city's actor: servers, never people. One sealed box a server, with the address of its shared inbox.

Who follows is a list of people that a city must not hold. So of a Follow nothing is kept but that its server is to be told, and how
many of its people asked; a server where nobody is left is forgotten. The key is that of push subscriptions: on no disk in clear.
"""

import hmac
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, func, insert, select, update

from tocsin.clock import Clock
from tocsin.deliver.tables import server as table
from tocsin.errors import TocsinError
from tocsin.store.db import Database

BOX_BYTES = 300
NONCE_BYTES = 12
MOST_SERVERS = 2_000
LABEL = b"tocsin.fediverse/v1 server\n"


class ServersFull(TocsinError):
    code = "servers_full"
    status = 503
    message = "The node tells as many servers as it can."


class Followers:
    """The table. `key` gives 32 bytes or raises `KeyLocked`."""

    def __init__(self, database: Database, key: Callable[[], bytes], clock: Clock) -> None:
        self._database = database
        self._key = key
        self._clock = clock

    async def add(self, inbox: str) -> None:
        """One more of a server's people follows. Raises `ServersFull`, `ValueError` for an address longer than a box."""
        number, fresh = self._number(inbox), self._seal(inbox)

        def turn(connection: Connection) -> None:
            more = update(table).where(table.c.id == number).values(people=table.c.people + 1)
            if connection.execute(more).rowcount:
                return
            if (connection.scalar(select(func.count()).select_from(table)) or 0) >= MOST_SERVERS:
                raise ServersFull
            connection.execute(insert(table).values(id=number, box=fresh, people=1))

        await self._database.write(turn)

    async def remove(self, inbox: str) -> None:
        """One less. A server is forgotten with its last."""
        number = self._number(inbox)

        def turn(connection: Connection) -> None:
            connection.execute(update(table).where(table.c.id == number).values(people=table.c.people - 1))
            connection.execute(delete(table).where(table.c.id == number, table.c.people <= 0))

        await self._database.write(turn)

    async def drop(self, inbox: str) -> None:
        """A server that is gone."""
        number = self._number(inbox)
        await self._database.write(lambda c: c.execute(delete(table).where(table.c.id == number)))

    async def all(self) -> list[str]:
        """Shared inboxes, in no order that says anything. What another key sealed is left out."""
        rows = await self._database.read(
            lambda c: c.execute(select(table.c.id, table.c.box).order_by(table.c.id)).all()
        )
        opened = [self._open(bytes(row.id), bytes(row.box)) for row in rows]
        return [one for one in opened if one is not None]

    async def count(self) -> int:
        """How many servers."""
        return await self._database.read(lambda c: int(c.scalar(select(func.count()).select_from(table)) or 0))

    def _number(self, inbox: str) -> bytes:
        return hmac.digest(self._key(), LABEL + inbox.encode(), "sha256")

    def _seal(self, inbox: str) -> bytes:
        raw, nonce = inbox.encode(), self._clock.random_bytes(NONCE_BYTES)
        if len(raw) > BOX_BYTES - 2:
            raise ValueError("longer than a box")
        plain = (len(raw).to_bytes(2) + raw).ljust(BOX_BYTES, b"\0")
        return nonce + AESGCM(self._key()).encrypt(nonce, plain, self._number(inbox))

    def _open(self, number: bytes, box: bytes) -> str | None:
        try:
            plain = AESGCM(self._key()).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], number)
        except InvalidTag:
            return None
        return plain[2 : 2 + int.from_bytes(plain[:2])].decode()
