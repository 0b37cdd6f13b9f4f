"""An account elsewhere follows the city, is told the pointer and that it ended, and leaves; the other server is written apart.

Its signatures are made and checked by PyPI `apsig`, which other servers of the Fediverse use. Of who follows nothing is kept.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from apsig.draft import Signer, Verifier  # type: ignore[import-untyped]  # ships no types
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from litestar import Litestar, Request, Response
from sqlalchemy import select

from tests.deliver.conftest import MovableClock, message
from tests.deliver.test_push import Steps
from tocsin import fediverse_routes
from tocsin.clock import SystemClock
from tocsin.deliver.abroad import Abroad
from tocsin.deliver.activitypub import TYPE, Actor, Fediverse
from tocsin.deliver.channel import ChannelDown
from tocsin.deliver.endpoint import EndpointWrong
from tocsin.deliver.follow import Inbox
from tocsin.deliver.followers import BOX_BYTES, Followers
from tocsin.deliver.model import Kind
from tocsin.deliver.pointers import Budget
from tocsin.deliver.tables import note, server
from tocsin.errors import TocsinError
from tocsin.store.db import Database

pytestmark = pytest.mark.anyio
CITY = "Minneapolis (sample)"
OURS = "http://city.example"
KEYS = [rsa.generate_private_key(65_537, 2_048) for _ in range(2)]


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass
class Elsewhere:
    """Another server with one person on it."""

    key: rsa.RSAPrivateKey
    origin: str = ""
    status: int = 202
    shared: bool = True
    came: list[tuple[dict[str, str], str, dict[str, Any]]] = field(default_factory=list)
    asked: int = 0

    @property
    def person(self) -> str:
        return f"{self.origin}/users/ada"

    def document(self) -> dict[str, Any]:
        key = {"id": f"{self.person}#main-key", "owner": self.person, "publicKeyPem": pem(self.key)}
        told: dict[str, Any] = {"id": self.person, "type": "Person", "inbox": f"{self.person}/inbox", "publicKey": key}
        return told | ({"endpoints": {"sharedInbox": f"{self.origin}/inbox"}} if self.shared else {})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                method, path, _ = first.split()
                body, status = b"", 200
                if method == "POST":
                    raw = await reader.readexactly(int(headers["content-length"]))
                    checked = Verifier(PUBLIC, "POST", f"{self.origin}{path}", headers, raw).verify(raise_on_fail=True)
                    assert checked == f"{OURS}/ap/actor#main-key"
                    self.came.append((headers, path, json.loads(raw)))
                    status = self.status
                else:
                    self.asked += 1
                    body = json.dumps(self.document()).encode()
                writer.write(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    def says(self, kind: str, what: Any, number: int = 1) -> bytes:
        told = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"{self.person}/{kind}/{number}",
            "type": kind,
        }
        return json.dumps(told | {"actor": self.person, "object": what}).encode()

    def follow(self, number: int = 1) -> bytes:
        return self.says("Follow", f"{OURS}/ap/actor", number)

    def undo(self, number: int = 1) -> bytes:
        return self.says("Undo", json.loads(self.follow(number)))

    def signed(self, raw: bytes, key: rsa.RSAPrivateKey | None = None) -> dict[str, str]:
        headers = {"host": "city.example", "content-type": TYPE}
        signer = Signer(headers, key or self.key, "POST", f"{OURS}/ap/inbox", f"{self.person}#main-key", raw)
        found: dict[str, str] = signer.sign()
        return {name.lower(): value for name, value in found.items()}


@asynccontextmanager
async def elsewhere(key: rsa.RSAPrivateKey) -> AsyncIterator[Elsewhere]:
    other = Elsewhere(key)
    listening = await asyncio.start_server(other.serve, "127.0.0.1", 0)
    other.origin = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield other
    finally:
        listening.close()


OUR_KEY = rsa.generate_private_key(65_537, 2_048)
PUBLIC = OUR_KEY.public_key()


def inbox_at(tables: Database, clock: MovableClock, *others: str) -> Inbox:
    secret = OUR_KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    seal, abroad, tls = (lambda: b"k" * 32), Abroad(others), ssl.create_default_context()
    actor = Actor(OURS, "tocsin", CITY, pem(OUR_KEY))
    followers = Followers(tables, seal, clock)
    budget = Budget(clock, 24)
    return Inbox(Fediverse(actor, lambda: secret, seal, followers, tables, clock, budget, abroad, tls), abroad, tls)


@asynccontextmanager
async def served(inbox: Inbox) -> AsyncIterator[httpx.AsyncClient]:
    def refused(_: Request[Any, Any, Any], error: TocsinError) -> Response[dict[str, str]]:
        return Response({"code": error.code}, status_code=error.status)

    application = Litestar(
        fediverse_routes.routes(inbox), exception_handlers={TocsinError: refused}, openapi_config=None
    )
    transport = httpx.ASGITransport(application)  # type: ignore[arg-type]  # two spellings of one protocol
    async with httpx.AsyncClient(transport=transport, base_url=OURS) as client:
        yield client
    inbox.fediverse.close()


@pytest.fixture
def now() -> MovableClock:
    """An hour that the other side's library, which reads the machine's clock, takes for now."""
    return MovableClock(SystemClock().now_ms())


async def test_an_account_follows_is_told_and_leaves_and_nothing_of_it_is_kept(
    tables: Database, now: MovableClock
) -> None:
    async with elsewhere(KEYS[0]) as other:
        inbox = inbox_at(tables, now, other.origin)
        async with served(inbox) as client:
            found = (await client.get("/.well-known/webfinger", params={"resource": "acct:tocsin@city.example"})).json()
            actor = (await client.get(found["links"][0]["href"], headers={"accept": TYPE})).json()
            assert actor["publicKey"]["publicKeyPem"] == pem(OUR_KEY)
            raw = other.follow()
            for _ in range(2):  # sent again by a server that did not hear the answer
                assert (await client.post("/ap/inbox", content=raw, headers=other.signed(raw))).status_code == 202
            [accepted, *_] = [said for _, path, said in other.came]
            assert (accepted["type"], accepted["object"]["id"]) == ("Accept", json.loads(raw)["id"])

            other.came.clear()
            sent = message(Kind.ALERT, body=b'{"area":"corcoran"}')
            sent = type(sent)(sent.id, sent.kind, sent.body, now.ms + 2_000, sent.zones)
            await inbox.fediverse.send(sent, Steps())
            [(_, path, created)] = other.came
            assert path == "/inbox", "one copy for a server, whoever follows there"
            assert created["object"]["content"] == f"<p>There is news from {CITY}. Open your Tocsin page.</p>"
            assert created["object"]["published"][14:] == "00:00Z"
            at = created["object"]["id"]
            assert "corcoran" not in json.dumps(created)
            assert sent.id.hex() not in json.dumps(created)
            assert (await client.get(at)).json()["id"] == at

            now.ms += 2_000
            await inbox.fediverse.tidy()
            assert [said["type"] for _, _, said in other.came] == ["Create", "Delete"]
            assert other.came[-1][2]["object"]["id"] == at
            assert (await client.get(at)).status_code == 410
            assert tables.read_now(lambda c: c.execute(select(note)).all()) == []

            [row] = tables.read_now(lambda c: c.execute(select(server)).all())
            assert (row.people, len(row.box)) == (1, 12 + BOX_BYTES + 16)
            assert other.origin.encode() not in bytes(row.box) + bytes(row.id)
            raw = other.undo()
            assert (await client.post("/ap/inbox", content=raw, headers=other.signed(raw))).status_code == 202
            assert await inbox.fediverse.followers.all() == []


async def test_what_nobody_signed_or_somebody_else_did_follows_nobody(tables: Database, now: MovableClock) -> None:
    async with elsewhere(KEYS[0]) as other:
        inbox = inbox_at(tables, now, other.origin)
        async with served(inbox) as client:
            raw, good = other.follow(), other.signed(other.follow())
            changed = raw.replace(b"/Follow/1", b"/Follow/2")
            refused = [
                (raw, {}),
                (raw, {**good, "signature": "nonsense"}),
                (raw, other.signed(raw, KEYS[1])),
                (changed, good),
                (changed, {**other.signed(changed), "digest": good["digest"]}),
                (raw, {**good, "date": "Mon, 02 Nov 2026 10:00:00 GMT"}),
                (raw, {**good, "signature": good["signature"].replace(" digest", "")}),
                (raw, {**good, "signature": good["signature"].replace("/users/ada", "/users/eve")}),
                (raw.replace(b"/users/ada", b"/users/eve"), other.signed(raw.replace(b"/users/ada", b"/users/eve"))),
                (b"[]", good),
            ]
            for body, headers in refused:
                answer = await client.post("/ap/inbox", content=body, headers={"host": "city.example", **headers})
                assert answer.status_code == 401, (body, headers)
            other.shared = False
            assert (await client.post("/ap/inbox", content=raw, headers=good)).status_code == 401, (
                "a person's own inbox"
            )
            asked = other.asked
            ignored = other.says("Delete", other.person)
            assert (await client.post("/ap/inbox", content=ignored, headers=good)).status_code == 202
            assert other.asked == asked, "nobody is asked about what is let go anyway"
        assert await inbox.fediverse.followers.count() == 0


async def test_nobody_makes_the_node_ask_inside_the_house(tables: Database, now: MovableClock) -> None:
    async with elsewhere(KEYS[0]) as other:
        inbox = inbox_at(tables, now)  # nothing on the loopback is anybody's
        async with served(inbox) as client:
            raw = other.follow()
            assert (await client.post("/ap/inbox", content=raw, headers=other.signed(raw))).status_code == 401
        assert other.asked == 0


@pytest.mark.parametrize(
    "digits", ["127.0.0.1", "169.254.169.254", "10.0.0.7", "8.8.8.8", "127.1", "0x7f.0.0.0x1", "0177.0.0.1", "[::1]"]
)
async def test_an_address_in_digits_is_nobodys_server(digits: str) -> None:
    """A stranger names it in an unsigned request: the node would have opened a connection to what listens there."""
    with pytest.raises(EndpointWrong):
        Abroad().split(f"https://{digits}/ap/actor")
    with pytest.raises(EndpointWrong):
        await Abroad().addresses(f"https://{digits}")
    assert Abroad().split("https://social.example/ap/actor") == ("https://social.example", "/ap/actor")


async def test_a_server_that_is_away_delays_itself_and_one_that_is_gone_is_forgotten(
    tables: Database, now: MovableClock
) -> None:
    async with elsewhere(KEYS[0]) as well, elsewhere(KEYS[1]) as away:
        fediverse = inbox_at(tables, now, well.origin, away.origin).fediverse
        for other in (well, away):
            await fediverse.followers.add(f"{other.origin}/inbox")
        away.status = 500
        told = message(Kind.CANCEL)
        with pytest.raises(ChannelDown):
            await fediverse.send(told, Steps())
        assert len(well.came) == 1
        away.status = 202
        await fediverse.send(told, Steps())
        assert (len(well.came), len(away.came)) == (1, 2), "who was told is not told again"
        assert away.came[0][2]["object"]["id"] == away.came[1][2]["object"]["id"]
        away.status = 410
        await fediverse.send(message(Kind.ALERT), Steps())
        assert await fediverse.followers.all() == [f"{well.origin}/inbox"]
        fediverse.close()


async def test_without_a_name_there_is_no_address() -> None:
    assert fediverse_routes.routes(None) == []
