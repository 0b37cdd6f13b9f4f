"""The city as an actor that an account of the Fediverse can follow (ActivityPub, WebFinger), and the channel that tells its followers.

A note says the one sentence (rule 10) and its hour; when what it points to has ended, it is deleted everywhere that was told. Other
servers may keep what was public, and are told nothing worth keeping.
"""

import asyncio
import hmac
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from html import escape
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key
from sqlalchemy import Connection, delete, insert, select

from tocsin.clock import Clock
from tocsin.deliver.abroad import Abroad
from tocsin.deliver.channel import ChannelDown, Turn
from tocsin.deliver.followers import Followers
from tocsin.deliver.http_signature import signed
from tocsin.deliver.lane import Answer, Lane
from tocsin.deliver.model import URGENT, Message
from tocsin.deliver.pointers import SILENT, Budget, pointer
from tocsin.deliver.tables import note as table
from tocsin.store.db import Database

TYPE = "application/activity+json"
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
LABEL = b"tocsin.fediverse/v1 note\n"
HOUR_S, DAY_S = 3_600, 86_400
CONNECTIONS = 2


@dataclass(frozen=True)
class Actor:
    """Who we are, by the node's own address. `name`: that of the account, `url`: `https://city.example`."""

    url: str
    name: str
    city: str
    public_pem: str

    @property
    def id(self) -> str:
        return f"{self.url}/ap/actor"

    @property
    def key_id(self) -> str:
        return f"{self.id}#main-key"

    @property
    def host(self) -> str:
        return self.url.partition("://")[2]

    def told(self) -> dict[str, Any]:
        """The actor's document."""
        return {
            "@context": CONTEXT,
            "id": self.id,
            "type": "Service",
            "preferredUsername": self.name,
            "name": self.city,
            "summary": escape(pointer(self.city)),
            "url": self.url,
            "inbox": f"{self.url}/ap/inbox",
            "outbox": f"{self.url}/ap/outbox",
            "endpoints": {"sharedInbox": f"{self.url}/ap/inbox"},
            "manuallyApprovesFollowers": False,
            "discoverable": True,
            "publicKey": {"id": self.key_id, "owner": self.id, "publicKeyPem": self.public_pem},
        }

    def found(self) -> dict[str, Any]:
        """What WebFinger says of the account (RFC 7033)."""
        links = [{"rel": "self", "type": TYPE, "href": self.id}]
        return {"subject": f"acct:{self.name}@{self.host}", "aliases": [self.id], "links": links}

    def note(self, number: bytes, hour_s: int) -> dict[str, Any]:
        """One note."""
        published = datetime.fromtimestamp(hour_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = {"id": self.address(number), "type": "Note", "attributedTo": self.id, "published": published}
        return {**told, "content": f"<p>{escape(pointer(self.city))}</p>", "to": [PUBLIC], "cc": []}

    def address(self, number: bytes) -> str:
        return f"{self.url}/ap/notes/{number.hex()}"

    def created(self, number: bytes, hour_s: int) -> dict[str, Any]:
        made = self.note(number, hour_s)
        return self._did("Create", f"{made['id']}/created", made) | {"to": [PUBLIC], "published": made["published"]}

    def deleted(self, number: bytes) -> dict[str, Any]:
        gone = {"id": self.address(number), "type": "Tombstone"}
        return self._did("Delete", f"{gone['id']}/deleted", gone) | {"to": [PUBLIC]}

    def accepted(self, follow: dict[str, Any], number: bytes) -> dict[str, Any]:
        return self._did("Accept", f"{self.url}/ap/accepts/{number.hex()}", follow)

    def _did(self, kind: str, number: str, what: dict[str, Any]) -> dict[str, Any]:
        return {"@context": CONTEXT, "id": number, "type": kind, "actor": self.id, "object": what}


@dataclass
class Fediverse:
    """A channel, and the post office for everything that the actor says. Used in one event loop; `close` it."""

    actor: Actor
    secret: Callable[[], bytes]
    """The actor's RSA key, PKCS #8; raises `KeyLocked`."""
    seal_key: Callable[[], bytes]
    followers: Followers
    database: Database
    clock: Clock
    budget: Budget
    abroad: Abroad
    tls: ssl.SSLContext
    name: str = "fediverse"
    missed: dict[bytes, set[str]] = field(default_factory=dict)
    """By message: servers that could not be told yet. In memory: another process tells all of them, and they drop what they had."""
    _lanes: dict[str, Lane] = field(default_factory=dict)

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        found = load_der_private_key(self.secret(), None)
        assert isinstance(found, rsa.RSAPrivateKey)
        return found

    async def send(self, message: Message, turn: Turn) -> None:  # noqa: ARG002  a channel's signature
        """Raises `ChannelDown` while a server could not be told, `KeyLocked`."""
        if message.kind in SILENT:
            return
        number, now_s = self.number(message.id), self.clock.now_ms() // 1000
        with self.budget.spending(is_urgent=message.kind in URGENT):
            hour_s = now_s - now_s % HOUR_S
            await self.database.write(lambda c: _keep(c, number, hour_s, message.ends_ms // 1000))
            wanted = self.missed.pop(message.id, None) or await self.followers.all()
            missed = await self.tell(wanted, self.actor.created(number, hour_s))
            if missed:
                self.missed[message.id] = missed
                raise ChannelDown
        self.missed = {one: kept for one, kept in self.missed.items() if one == message.id}

    async def tidy(self) -> None:
        """Delete everywhere what points to something that has ended. A server that is away for a day is not asked again."""
        now_s = self.clock.now_ms() // 1000
        asked = select(table.c.id, table.c.ends_s).where(table.c.ends_s <= now_s)
        for row in await self.database.read(lambda c: c.execute(asked).all()):
            number = bytes(row.id)
            missed = await self.tell(await self.followers.all(), self.actor.deleted(number))
            if not missed or row.ends_s <= now_s - DAY_S:
                await self.database.write(lambda c, gone=number: c.execute(delete(table).where(table.c.id == gone)))  # type: ignore[misc]

    async def tell(self, inboxes: Iterable[str], activity: dict[str, Any]) -> set[str]:
        """Post to each inbox; those that could not be reached. One that is gone is forgotten."""
        body, wanted = msgspec.json.encode(activity), list(inboxes)
        answers = await asyncio.gather(*(self._post(inbox, body) for inbox in wanted))
        told = dict(zip(wanted, answers, strict=True))
        for inbox, answer in told.items():
            if answer is Answer.GONE:
                await self.followers.drop(inbox)
        return {inbox for inbox, answer in told.items() if answer in (Answer.SLOW, Answer.FAILED)}

    def number(self, message_id: bytes) -> bytes:
        """The note of a message: the same each time it is tried, and nobody else can tell which alert it is of."""
        return hmac.digest(self.seal_key(), LABEL + message_id, "sha256")[:16]

    async def stands(self, number: bytes) -> int | None:
        """The hour of a note that was published and has not ended."""
        asked = select(table.c.hour_s).where(table.c.id == number, table.c.ends_s > self.clock.now_ms() // 1000)
        return await self.database.read(lambda c: c.scalar(asked))

    def close(self) -> None:
        for lane in self._lanes.values():
            lane.close()

    async def _post(self, inbox: str, body: bytes) -> Answer:
        origin, path = self.abroad.split(inbox)
        host = origin.partition("://")[2]
        headers = signed(self.key, self.actor.key_id, "POST", host, path, self.clock.now_ms() // 1000, body)
        headers |= {"Content-Type": TYPE, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def told(answer: Answer) -> None:
            if not answered.done():
                answered.set_result(answer)

        lane = self._lanes.get(origin)
        if lane is None:
            lane = self._lanes[origin] = Lane(origin, self.abroad, self.tls, CONNECTIONS)
        lane.push(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body, told)
        return await answered


def _keep(connection: Connection, number: bytes, hour_s: int, ends_s: int) -> None:
    if connection.scalar(select(table.c.id).where(table.c.id == number)) is None:
        connection.execute(insert(table).values(id=number, hour_s=hour_s, ends_s=ends_s))
