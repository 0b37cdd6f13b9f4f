"""B18, the coercive partner: with the words, the links and the phone's secret, on a whole node, nothing is started or read."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import Connection

from tests.circle.phone import Owner
from tests.deliver.services import Service, serving
from tests.encounters.conftest import settings_in
from tocsin import new_keys
from tocsin.app import litestar_of
from tocsin.clock import SystemClock
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.store.tables import metadata

pytestmark = pytest.mark.anyio
OWN = {"circle_place", "circle_door"}
ANSWERED: dict[str, set[str]] = {"tell": {"reached"}, "look": {"uses", "taken", "words", "until"}}
"""What each act answers; the others nothing."""


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serving() as found:
        yield found


@pytest.fixture
async def node(tmp_path: Any, service: Service) -> AsyncIterator[Node]:
    settings = msgspec.structs.replace(settings_in(tmp_path), push_services=(service.origin,))
    new_keys.make(settings, None, SystemClock())
    made = Node.open(settings, load.load(settings.pack), SystemClock())
    yield made
    await made.end()


def counts(node: Node) -> dict[str, int]:
    """Rows of every table but the circle's own."""

    def counted(connection: Connection) -> dict[str, int]:
        return {
            name: len(connection.execute(table.select()).all())
            for name, table in metadata.tables.items()
            if name not in OWN
        }

    return node.database.read_now(counted)


async def test_nothing_is_started_or_read_through_a_circle(node: Node, service: Service) -> None:
    application = litestar_of(node)
    transport = httpx.ASGITransport(application)  # type: ignore[arg-type]  # litestar's types are narrower
    owner, before = Owner(), counts(node)
    people = [owner.contact(at, service.origin) for at in range(2)]
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:

        async def does(act: str, body: Any, status: int = 200) -> dict[str, Any]:
            raw = msgspec.json.encode(body)
            answer = await client.post(f"/circle/{act}", content=raw, headers={"content-length": str(len(raw))})
            assert answer.status_code == status, answer.text
            told: dict[str, Any] = answer.json()
            assert status != 200 or set(told) == ANSWERED.get(act, set()), "an answer that says more than it may"
            return told

        await does("begin", owner.begin({0: "for Rosa alone"}))
        for one in people:
            await does("place", one.fill())
        for teller in (owner, owner.words):
            assert await does("tell", teller.tell()) == {"reached": "everybody"}
            await does("tell", teller.tell("false_alarm"))
        seen = await does("look", owner.own)
        assert all(isinstance(one, bool) for one in seen["taken"])
        await does("change", owner.change({}))
        for kind in ("start", "open_camera", "place", "record", "read"):
            await does("tell", owner.words.tell(kind), 400)
        routes = [path for path in (route.path for route in application.routes) if path.startswith("/circle")]
        for path in routes:
            answer = await client.get(path)
            assert "for Rosa" not in answer.text
            assert answer.status_code in (200, 405), path
        await does("end", owner.own)
    assert counts(node) == before, "no recording, no call, no work, no row of any other room"
    for _, body, _ in service.came:
        opened = [one.browser.open(body) for one in people if _opens(one.browser, body)]
        assert [set(msgspec.json.decode(raw)) for raw in opened] == [{"circle", "said", "sig", "cert", "letter"}]


def _opens(browser: Any, body: bytes) -> bool:
    try:
        browser.open(body)
    except Exception:  # noqa: BLE001  another browser's message
        return False
    return True
