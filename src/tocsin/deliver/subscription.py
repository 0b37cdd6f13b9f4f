"""Push subscriptions: endpoint and zone in one sealed box of one size, under a key that no disk has in clear.

A disk shows how many there are and in which week each ends: no endpoint, no push service, no zone, no link between them, no order in
which they came. A phone leaves by a secret of its own, of which the row's number is the digest. Locked after a reboot, boxes wait.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.clock import Clock
from tocsin.deliver.endpoint import Endpoint
from tocsin.deliver.tables import subscription
from tocsin.errors import TocsinError
from tocsin.store.db import Database

WEEK_S = 7 * 24 * 3600
WEEKS = 13
"""A subscription that nobody renews ends; a phone renews by itself whenever its page is opened."""
MOST = 400_000
BOX_BYTES = 880
"""With this a row keeps to a quarter of a page of SQLite; a little more, and each would take a whole one."""
NONCE_BYTES = 12
SECRET_BYTES = 32
_TOLD = msgspec.msgpack.Decoder(tuple[str, str, bytes, bytes, str])


class SubscriptionsFull(TocsinError):
    code = "subscriptions_full"
    status = 503
    message = "The node holds as many subscriptions as it can. Open the page with the alerts instead."


class SubscriptionUnknown(TocsinError):
    code = "subscription_unknown"
    status = 404
    message = "This phone is not subscribed here. Nothing was kept of it."


class Subscriber(NamedTuple):
    """One opened box."""

    id: bytes
    endpoint: Endpoint
    zone: str


class Subscriptions:
    """The table. `key` gives 32 bytes or raises `KeyLocked`; asked each time, so that a locked node wakes by itself."""

    def __init__(self, database: Database, key: Callable[[], bytes], clock: Clock) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._counted: int | None = None
        """How many there are at most, since it was last asked: counting a city's rows for each of them takes too long."""

    async def put(self, secret: bytes, endpoint: Endpoint, zone: str) -> None:
        """Keep or renew what a phone asked for. Raises `SubscriptionsFull`, `KeyLocked`."""
        number = sha256(secret).digest()
        if self._counted is None:
            self._counted = await self.count()
        if self._counted >= MOST:
            self._counted = None  # some may have left: the next one counts again
            raise SubscriptionsFull
        self._counted += 1
        values = {"id": number, "box": self._seal(number, endpoint, zone), "ends_week": self._week() + WEEKS}

        def verb(connection: Connection) -> None:
            dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
            added = dialect.insert(subscription).values(**values)
            connection.execute(added.on_conflict_do_update(index_elements=["id"], set_=values))

        await self._database.write(verb)

    async def find(self, secret: bytes) -> Subscriber:
        """What a phone asked for. Raises `SubscriptionUnknown`, `KeyLocked`."""
        number = sha256(secret).digest()
        asked = select(subscription.c.id, subscription.c.box).where(subscription.c.id == number)
        found = await self._database.read(lambda c: c.execute(asked).one_or_none())
        opened = None if found is None else _open(self._cipher(), bytes(found.id), bytes(found.box))
        if opened is None:
            raise SubscriptionUnknown
        return opened

    async def drop(self, secret: bytes) -> None:
        """Forget what a phone asked for; quietly where there was nothing. Needs no key."""
        await self.drop_all([sha256(secret).digest()])

    async def drop_all(self, numbers: Sequence[bytes]) -> None:
        """Forget these."""
        if numbers:
            await self._delete(subscription.c.id.in_(list(numbers)))

    async def after(self, number: bytes, limit: int) -> list[Subscriber]:
        """The next `limit` after a number, by number: random, so in no order that says anything. What does not open is left out."""
        asked = select(subscription.c.id, subscription.c.box).order_by(subscription.c.id).limit(limit)
        rows = await self._database.read(lambda c: c.execute(asked.where(subscription.c.id > number)).all())
        found = self._opened(rows)
        if rows and not found:
            return await self.after(bytes(rows[-1].id), limit)
        return found

    async def these(self, numbers: Iterable[bytes]) -> list[Subscriber]:
        """Those of these that are still there."""
        asked = select(subscription.c.id, subscription.c.box).where(subscription.c.id.in_(list(numbers)))
        return self._opened(await self._database.read(lambda c: c.execute(asked).all()))

    async def expire(self) -> None:
        """Forget those whose week is over."""
        await self._delete(subscription.c.ends_week < self._week())

    async def count(self) -> int:
        asked = select(func.count()).select_from(subscription)
        return await self._database.read(lambda c: int(c.scalar(asked) or 0))

    async def _delete(self, which: ColumnElement[bool]) -> None:
        def verb(connection: Connection) -> None:
            connection.execute(delete(subscription).where(which))

        await self._database.write(verb)

    def _week(self) -> int:
        return self._clock.now_ms() // 1000 // WEEK_S

    def _seal(self, number: bytes, endpoint: Endpoint, zone: str) -> bytes:
        told = msgspec.msgpack.encode([*msgspec.structs.astuple(endpoint), zone])
        plain = (len(told).to_bytes(2) + told).ljust(BOX_BYTES, b"\0")
        if len(plain) != BOX_BYTES:
            raise ValueError("longer than a box")
        nonce = self._clock.random_bytes(NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, plain, number)

    def _opened(self, rows: Iterable[Any]) -> list[Subscriber]:
        """Those that open. The key is asked for once: for each box it would be a read of a file."""
        cipher = self._cipher()
        opened = [_open(cipher, bytes(row.id), bytes(row.box)) for row in rows]
        return [one for one in opened if one is not None]

    def _cipher(self) -> AESGCM:
        return AESGCM(self._key())


def _open(cipher: AESGCM, number: bytes, box: bytes) -> Subscriber | None:
    """None for what another key sealed: its key went with a reboot, and it ends by itself."""
    try:
        plain = cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], number)
    except InvalidTag:
        return None
    told = plain[2 : 2 + int.from_bytes(plain[:2])]
    origin, path, subscriber, auth, zone = _TOLD.decode(told)
    return Subscriber(number, Endpoint(origin, path, subscriber, auth), zone)
