"""Push to a city: everybody of the zone, nobody else; a service that is away holds up nobody; a disk shows no endpoint and no zone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.deliver.conftest import NOON, RELEASE, MovableClock, message
from tests.deliver.services import Browser, Service, serving
from tocsin.deliver import push as pushing
from tocsin.deliver.ahead import Ahead
from tocsin.deliver.channel import ChannelDown
from tocsin.deliver.endpoint import Allowed
from tocsin.deliver.message_encryption import BODY_BYTES
from tocsin.deliver.model import Message
from tocsin.deliver.outbox import Outbox
from tocsin.deliver.push import PushChannel
from tocsin.deliver.subscription import BOX_BYTES, WEEKS, Subscriptions, SubscriptionUnknown
from tocsin.deliver.tables import subscription
from tocsin.deliver.vapid import Vapid
from tocsin.deliver.webpush import Sender
from tocsin.errors import TocsinError
from tocsin.store.db import Database
from tocsin.store.key_custody import KeyLocked

pytestmark = pytest.mark.anyio
WEEK_MS = 7 * 24 * 3600 * 1000


@dataclass
class City:
    """Subscribers of two zones at as many services as are given."""

    channel: PushChannel
    subscriptions: Subscriptions
    ahead: Ahead
    services: list[Service]
    browsers: dict[str, tuple[Browser, str, bytes]] = field(default_factory=dict)
    """By address: who, which zone, and what it leaves by."""

    async def join(self, zone: str, service: int = 0) -> str:
        browser, secret = Browser(), len(self.browsers).to_bytes(32)
        path = f"/secret-endpoint/{len(self.browsers)}"
        told = browser.told(self.services[service].origin + path)
        await self.subscriptions.put(secret, self.channel.sender.allowed.endpoint_of(told), zone)
        self.browsers[path] = browser, zone, secret
        return path

    def got(self, service: int = 0) -> dict[str, list[bytes]]:
        """What each address was sent, opened."""
        found: dict[str, list[bytes]] = {}
        for _, body, first in self.services[service].came:
            path = first.split()[1]
            assert len(body) == BODY_BYTES
            found.setdefault(path, []).append(self.browsers[path][0].open(body))
        return found


@dataclass
class Steps:
    """A turn that is noted and may be ended."""

    came_to: bytes = b""
    goes_on: bool = True

    async def reached(self, place: bytes) -> bool:
        self.came_to = place if self.goes_on else self.came_to
        return self.goes_on


@asynccontextmanager
async def city(
    tables: Database, clock: MovableClock, *services: Service, key: bytes = b"k" * 32
) -> AsyncIterator[City]:
    allowed = Allowed([one.origin for one in services])
    sender = Sender(Vapid(lambda: b"v" * 32, "", clock), allowed, clock)
    subscriptions = Subscriptions(tables, lambda: key, clock)
    ahead = Ahead(sender, subscriptions)
    yield City(PushChannel(sender, subscriptions, ahead, clock), subscriptions, ahead, list(services))
    sender.close()


async def test_everybody_of_the_zone_has_it_once_and_nobody_else(tables: Database, clock: MovableClock) -> None:
    async with serving() as service, city(tables, clock, service) as town:
        north = [await town.join("north") for _ in range(7)]
        for _ in range(3):
            await town.join("south")
        await town.ahead.fill(0)
        assert len(town.ahead) == 10
        sent = message(body=b'{"for":"north"}')
        await town.channel.send(sent, Steps())
        assert town.got() == {path: [sent.body] for path in north}
        assert len(town.ahead) == 3, "what was made ahead is used once"
        everybody = Message(bytes(16), sent.kind, b"{}", sent.ends_ms)
        await town.channel.send(everybody, Steps())
        assert len(town.got()) == 10
        keys = [body[21:86] for _, body, _ in service.came]
        assert len(set(keys)) == len(keys) == 17


async def test_who_is_gone_is_forgotten(tables: Database, clock: MovableClock) -> None:
    gone = b"410 Gone\r\nContent-Length: 0"
    absent, well = b"404 Not Found\r\nContent-Length: 0", b"201 Created\r\nContent-Length: 0"
    async with serving(gone, absent, well) as service, city(tables, clock, service) as town:
        for _ in range(3):
            await town.join("north")
        await town.channel.send(message(), Steps())
        assert await town.subscriptions.count() == 1


async def test_a_service_that_is_away_holds_up_nobody_and_is_tried_again(
    tables: Database, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, well = b"429 Busy\r\nRetry-After: 1\r\nContent-Length: 0", b"201 Created\r\nContent-Length: 0"
    monkeypatch.setattr(pushing, "BATCH", 4)
    monkeypatch.setattr(pushing, "STEP", 4)
    async with serving(busy, well) as slow, serving() as other, city(tables, clock, slow, other) as town:
        for number in range(20):
            await town.join("north", number % 2)
        sent, steps = message(), Steps()
        with pytest.raises(ChannelDown) as down:
            await town.channel.send(sent, steps)
        assert down.value.after_s >= 1
        assert len(town.got(1)) == 10, "who is elsewhere has it"
        assert len(town.channel.held[sent.id][1]) + len(town.got(0)) - 1 == 10 - 0
        town.channel.sender.lane(slow.origin)._paused_until = 0
        await town.channel.send(sent, steps)
        assert len(town.got(1)) == sum(len(bodies) for bodies in town.got(1).values()) == 10, "nobody twice"
        assert len({first for _, _, first in slow.came}) == 10
        assert not town.channel.held


async def test_it_goes_on_where_everybody_before_had_it_and_stops_when_it_may_not(
    tables: Database, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "BATCH", 2)
    monkeypatch.setattr(pushing, "STEP", 2)
    async with serving() as service, city(tables, clock, service) as town:
        for _ in range(10):
            await town.join("north")
        ended = Steps(goes_on=False)
        await town.channel.send(message(), ended)
        assert len(service.came) == 2, "withdrawn: nobody more"
        half = (await town.subscriptions.after(b"", 5))[-1].id
        await town.channel.send(message(), Steps(half))
        assert len(service.came) == 2 + 5


async def test_the_outbox_sends_it_and_keeps_nothing(tables: Database, clock: MovableClock) -> None:
    async with serving() as service, city(tables, clock, service) as town:
        await town.join("north")
        outbox = Outbox(tables, clock, [town.channel])
        await tables.write(lambda c: outbox.put(c, message(), RELEASE))
        assert await outbox.turn(town.channel) == 1
        assert len(service.came) == 1
        assert not await outbox.waiting()


async def test_a_phone_leaves_by_its_own_secret_and_renews_by_it(tables: Database, clock: MovableClock) -> None:
    async with serving() as service, city(tables, clock, service) as town:
        path = await town.join("north")
        _, _, secret = town.browsers[path]
        found = await town.subscriptions.find(secret)
        assert (found.zone, found.endpoint.path) == ("north", path)
        await town.subscriptions.put(secret, found.endpoint, "south")
        assert (await town.subscriptions.find(secret)).zone == "south"
        assert await town.subscriptions.count() == 1
        await town.subscriptions.drop(b"s" * 32)
        await town.subscriptions.drop(secret)
        with pytest.raises(SubscriptionUnknown):
            await town.subscriptions.find(secret)


async def test_what_nobody_renews_ends(tables: Database, clock: MovableClock) -> None:
    async with serving() as service, city(tables, clock, service) as town:
        await town.join("north")
        clock.ms = NOON + WEEKS * WEEK_MS
        await town.subscriptions.expire()
        assert await town.subscriptions.count() == 1
        clock.ms += WEEK_MS
        await town.subscriptions.expire()
        assert await town.subscriptions.count() == 0


async def test_a_disk_has_no_endpoint_no_zone_and_no_length_of_either(
    tables: Database, clock: MovableClock, tmp_path: Path
) -> None:
    async with serving() as service, city(tables, clock, service) as town:
        for zone in ("quince", "a-zone-with-a-much-longer-name", "quince"):  # words of no table
            await town.join(zone)
        rows = await tables.read(lambda c: c.execute(subscription.select()).all())
        assert {len(row.box) for row in rows} == {12 + BOX_BYTES + 16}
        assert {row.ends_week for row in rows} == {NOON // WEEK_MS + WEEKS}
        raw = b"".join(bytes(row.box) + bytes(row.id) for row in rows)
        raw += b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
        for needle in (b"secret-endpoint", b"quince", b"much-longer", service.origin.encode()):
            assert needle not in raw
        other = Subscriptions(tables, lambda: b"x" * 32, clock)
        assert await other.after(b"", 10) == [], "another key opens nothing, and breaks nothing"


async def test_while_the_key_is_locked_boxes_wait(tables: Database, clock: MovableClock) -> None:
    def locked() -> bytes:
        raise KeyLocked("push", "reboot")

    async with serving() as service, city(tables, clock, service) as town:
        await town.join("north")
        town.channel.subscriptions = Subscriptions(tables, locked, clock)
        with pytest.raises(TocsinError):
            await town.channel.send(message(), Steps())
        assert not service.came
