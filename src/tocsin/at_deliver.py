"""Where delivery meets the node: its keys, its settings, its channels; and what it does by itself.

`Delivery` is what the composition root hands to rooms: `outbox.put` in their own transaction, `hub` for the live page, `sender` for
endpoints in memory alone.
"""

from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from tocsin.crypto.alert import Alert, Kind, Status, sign
from tocsin.crypto.keys import SigningKey
from tocsin.deliver import channels
from tocsin.deliver.ahead import Ahead
from tocsin.deliver.endpoint import Allowed
from tocsin.deliver.outbox import Outbox
from tocsin.deliver.push import PushChannel
from tocsin.deliver.sse import Hub
from tocsin.deliver.subscription import Subscriptions
from tocsin.deliver.vapid import Vapid
from tocsin.deliver.webpush import Quota, Sender
from tocsin.jurisdictions.zones import Zone, zones_of
from tocsin.node import Node
from tocsin.own_keys import PUSH_KEY, TEST_KEY, VAPID_KEY
from tocsin.store.key_custody import KeyUnknown

BEGIN_S, EXPIRE_S = 1.0, 3_600.0
TESTS_AN_HOUR = 10_000
"""Test messages, one for each phone that subscribes or asks: a city comes in over days."""
TEST_LIFE_S = 900


@dataclass
class Delivery:
    """The node's channels, and who waits behind them."""

    node: Node
    outbox: Outbox
    hub: Hub
    sender: Sender
    subscriptions: Subscriptions
    ahead: Ahead
    zones: tuple[Zone, ...]
    tests: Quota

    def test_message(self) -> bytes:
        """A signed trial: it says that messages arrive, under the key of trials alone. Raises `KeyLocked`."""
        now = self.node.clock.now_ms() // 1000
        sent, seen = now - now % 300, now - now % 600
        expires = now - now % 900 + TEST_LIFE_S
        area = self.node.pack.areas[0].id
        number = self.node.clock.random_bytes(16)
        city = self.node.settings.log_origin
        told = Alert(number, Kind.ACTIVITY, area, city, seen - 600, seen, sent, expires, status=Status.TEST)
        return sign(told, SigningKey(self.node.custody.get(TEST_KEY)))

    def close(self) -> None:
        self.sender.close()


def delivery_of(node: Node) -> Delivery:
    """What a node sends by. The page and push are always there; other channels where the settings name them."""
    settings, clock = node.settings, node.clock

    def seal_key() -> bytes:
        try:
            return node.custody.get(PUSH_KEY)
        except KeyUnknown:  # kept without a pass phrase: then it is on no disk, and a reboot ends every subscription
            return node.custody.of_this_boot(PUSH_KEY, clock)

    vapid = Vapid(lambda: node.custody.get(VAPID_KEY), settings.push_contact, clock)
    sender = Sender(vapid, Allowed(settings.push_services), clock)
    subscriptions = Subscriptions(node.database, seal_key, clock)
    ahead = Ahead(sender, subscriptions)
    hub = Hub(clock)
    push = PushChannel(sender, subscriptions, ahead, clock)
    outbox = Outbox(node.database, clock, [hub, push, *channels.configured(settings, node.pack.name, clock)])
    tests = Quota(clock, TESTS_AN_HOUR)
    return Delivery(node, outbox, hub, sender, subscriptions, ahead, zones_of(node.pack.areas), tests)


def loops(delivery: Delivery) -> list[Coroutine[Any, Any, None]]:
    """The outbox, the stream's pulse, what is made ahead, and who has ended."""
    node = delivery.node
    delivery.outbox.well = partial(node.troubles.pop, "outbox", None)  # that loop never returns while it is well
    return [
        node.every("outbox", delivery.outbox.run, BEGIN_S),
        node.every("stream", delivery.hub.beat, BEGIN_S),
        node.every("push", delivery.ahead.run, BEGIN_S),
        node.every("subscriptions", delivery.subscriptions.expire, EXPIRE_S),
    ]
