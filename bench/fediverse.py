"""`./run bench fediverse`: an account on a server that we did not write finds the city, follows, is told, sees it end, and leaves.

The other server is npm Fedify, which other projects of the Fediverse are made of: its WebFinger, its reading of JSON-LD, its
signatures and its checks of ours. **It is not Mastodon**, which no package registry has: what Mastodon makes of us was not seen.
Both sides speak TLS on the loopback. No peer's speed is measured; beside each step stands how long it took.
"""

import asyncio
import json
import os
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from litestar import Litestar, Request, Response

from bench._machine import described, own_folder
from bench._report import Headline, asked, finish, table
from bench._servers import PEERS, free_port
from bench.push import certificates
from tocsin import fediverse_routes
from tocsin.clock import SystemClock
from tocsin.deliver.abroad import Abroad
from tocsin.deliver.activitypub import Actor, Fediverse
from tocsin.deliver.follow import Inbox
from tocsin.deliver.followers import Followers
from tocsin.deliver.model import Kind, Message
from tocsin.deliver.pointers import Budget, pointer
from tocsin.errors import TocsinError
from tocsin.store.db import Database

CITY, NAME = "Minneapolis (sample)", "tocsin"
CLOCK = SystemClock()
PATIENCE_S = 30.0
STANDS_MS = 3_000


class Turn:
    """Nothing has to be durable here."""

    came_to = b""

    async def reached(self, place: bytes) -> bool:  # noqa: ARG002  a turn's signature
        return True


class Step(NamedTuple):
    name: str
    is_good: bool
    ms: float


class Elsewhere:
    """The other server, spoken to by lines."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child
        self.came: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._did: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.child.stdout is not None
        while line := await self.child.stdout.readline():
            told = json.loads(line) if line.startswith(b"{") else {"said": line.decode()}
            await (self.came if "came" in told else self._did).put(told)

    async def does(self, what: str) -> dict[str, Any]:
        assert self.child.stdin is not None
        self.child.stdin.write(f"{what}\n".encode())
        return await self.said()

    async def said(self) -> dict[str, Any]:
        return await asyncio.wait_for(self._did.get(), PATIENCE_S)

    async def gets(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.came.get(), PATIENCE_S)


def main() -> None:
    given = asked("An account elsewhere follows the city.")
    with own_folder() as folder:
        print(described(folder), flush=True)
        steps = asyncio.run(met(folder))
    table(
        ["what an account of Fedify does", "", "ms"],
        [[s.name, "yes" if s.is_good else "NO", f"{s.ms:.0f}"] for s in steps],
    )
    good = sum(one.is_good for one in steps)
    finish(given, [Headline("fediverse_steps", good, len(steps), round(good / len(steps), 2), "steps; peer: all")])
    sys.exit(0 if good == len(steps) else 1)


async def met(folder: Path) -> list[Step]:
    certificate, key = certificates(folder)
    ours, theirs = free_port(), free_port()
    inbox = inbox_of(folder, f"https://127.0.0.1:{ours}", f"https://127.0.0.1:{theirs}", certificate)
    async with served(inbox, ours, certificate, key), elsewhere(theirs, certificate, key) as other:
        steps = [step async for step in played(inbox, other)]
    inbox.fediverse.close()
    return steps


async def played(inbox: Inbox, other: Elsewhere) -> AsyncIterator[Step]:
    """Each step, and whether it was what it has to be."""
    city, actor = inbox.fediverse, inbox.fediverse.actor
    began = time.perf_counter()

    def done(name: str, *, is_good: bool) -> Step:
        nonlocal began
        took, began = time.perf_counter() - began, time.perf_counter()
        return Step(name, is_good, took * 1000)

    found = await other.does(f"find @{actor.name}@{actor.host}")
    is_found = (found.get("id"), found.get("name"), found.get("kind")) == (actor.id, CITY, "Service")
    yield done("finds it by its handle", is_good=is_found)
    follow = await other.does("follow")
    accepted = await other.gets()
    yield done("follows; is accepted", is_good=accepted == {"came": "Accept", "by": actor.id, "of": follow.get("sent")})
    sent = Message(CLOCK.random_bytes(16), Kind.ALERT, b'{"area":"corcoran"}', CLOCK.now_ms() + STANDS_MS, ("z",))
    await city.send(sent, Turn())
    told = await other.gets()
    sentence = f"<p>{pointer(CITY)}</p>"
    is_told = (told["came"], told["by"], told["isNote"], told["content"]) == ("Create", actor.id, True, sentence)
    yield done("is told the one sentence", is_good=is_told)
    looked = await other.does(f"fetch {told.get('id')}")
    yield done("opens the note at its address", is_good=looked.get("content") == sentence)
    await asyncio.sleep(max(0.0, (sent.ends_ms - CLOCK.now_ms()) / 1000))
    began = time.perf_counter()
    await city.tidy()
    gone = await other.gets()
    yield done(
        "is told that it ended",
        is_good=(gone["came"], gone["by"], gone.get("gone")) == ("Delete", actor.id, told["id"]),
    )
    looked = await other.does(f"fetch {told.get('id')}")
    yield done("finds nothing there any more", is_good=not looked.get("isNote"))
    await other.does("undo")
    yield done("leaves; no follower is left", is_good=await city.followers.count() == 0)


def inbox_of(folder: Path, url: str, other: str, certificate: Path) -> Inbox:
    """Our side: a database of its own, a fresh key, and one server in digits that it may ask."""
    database = Database.open(f"sqlite:///{folder / 'city.db'}")
    database.migrate()
    key = rsa.generate_private_key(65_537, 2_048)
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    seal, abroad, tls = (lambda: b"k" * 32), Abroad([other]), ssl.create_default_context(cafile=str(certificate))
    followers = Followers(database, seal, CLOCK)
    actor, budget = Actor(url, NAME, CITY, pem), Budget(CLOCK, 24)
    return Inbox(Fediverse(actor, lambda: secret, seal, followers, database, CLOCK, budget, abroad, tls), abroad, tls)


@asynccontextmanager
async def served(inbox: Inbox, port: int, certificate: Path, key: Path) -> AsyncIterator[None]:
    def refused(_: Request[Any, Any, Any], error: TocsinError) -> Response[dict[str, str]]:
        return Response({"code": error.code}, status_code=error.status)

    routes = fediverse_routes.routes(inbox)
    application = Litestar(routes, exception_handlers={TocsinError: refused}, openapi_config=None)
    config = uvicorn.Config(
        application, port=port, log_level="error", ssl_certfile=str(certificate), ssl_keyfile=str(key), access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield
    server.should_exit = True
    await serving


@asynccontextmanager
async def elsewhere(port: int, certificate: Path, key: Path) -> AsyncIterator[Elsewhere]:
    pipe = asyncio.subprocess.PIPE
    command = ("node", "fedify.js", str(port), str(certificate), str(key))
    environment = os.environ | {"NODE_EXTRA_CA_CERTS": str(certificate)}
    child = await asyncio.create_subprocess_exec(*command, cwd=PEERS, env=environment, stdin=pipe, stdout=pipe)
    other = Elsewhere(child)
    try:
        await other.said()
        yield other
    finally:
        child.kill()
        await child.wait()


if __name__ == "__main__":
    main()
