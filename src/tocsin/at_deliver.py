"""Where delivery meets the node: its keys, its settings, its channels; and what it does by itself.

`Delivery` is what the composition root hands to rooms: `outbox.put` in their own transaction, `hub` for the live page, `sender` for
endpoints in memory alone.
"""

import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from tocsin.crypto.alert import Alert, Kind, Status, sign
from tocsin.crypto.keys import SigningKey
from tocsin.deliver import channels
from tocsin.deliver.abroad import Abroad
from tocsin.deliver.activitypub import Actor, Fediverse
from tocsin.deliver.ahead import Ahead
from tocsin.deliver.endpoint import Allowed
from tocsin.deliver.follow import Inbox
from tocsin.deliver.followers import Followers
from tocsin.deliver.outbox import Outbox
from tocsin.deliver.pointers import Budget
from tocsin.deliver.push import PushChannel
from tocsin.deliver.sse import Hub
from tocsin.deliver.subscription import Subscriptions
from tocsin.deliver.vapid import Vapid
from tocsin.deliver.webpush import Quota, Sender
from tocsin.jurisdictions.model import RiskRoom
from tocsin.jurisdictions.risk import may_answer
from tocsin.jurisdictions.zones import Zone, zones_of
from tocsin.node import Node
from tocsin.own_keys import FEDIVERSE_KEY, PUSH_KEY, TEST_KEY, VAPID_KEY, read_published
from tocsin.store.key_custody import KeyUnknown

BEGIN_S, TIDY_S, EXPIRE_S = 1.0, 60.0, 3_600.0
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
    inbox: Inbox | None = None

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
        if self.inbox is not None:
            self.inbox.fediverse.close()


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
    inbox = _inbox_of(node, seal_key)
    own = [] if inbox is None else [inbox.fediverse]
    outbox = Outbox(node.database, clock, [hub, push, *channels.configured(settings, node.pack.name, clock), *own])
    tests = Quota(clock, TESTS_AN_HOUR)
    return Delivery(node, outbox, hub, sender, subscriptions, ahead, zones_of(node.pack.areas), tests, inbox)


def _inbox_of(node: Node, seal_key: Callable[[], bytes]) -> Inbox | None:
    """The city's actor; None while it has no name, or was given one and no key yet."""
    settings, clock = node.settings, node.clock
    if not settings.fediverse_name or not may_answer(node.pack, RiskRoom.ALERTS):
        return None
    public = read_published(settings).get(FEDIVERSE_KEY)
    if public is None:
        node.troubles["fediverse"] = "fediverse_name is set and its key is missing: run `tocsin keys init` again."
        return None
    actor = Actor(settings.public_url, settings.fediverse_name, node.pack.name, public)
    followers, abroad, tls = Followers(node.database, seal_key, clock), Abroad(), ssl.create_default_context()
    budget = Budget(clock, settings.outside_a_day)
    secret = partial(node.custody.get, FEDIVERSE_KEY)
    return Inbox(Fediverse(actor, secret, seal_key, followers, node.database, clock, budget, abroad, tls), abroad, tls)


def loops(delivery: Delivery) -> list[Coroutine[Any, Any, None]]:
    """The outbox, the stream's pulse, what is made ahead, and who has ended."""
    node = delivery.node
    delivery.outbox.well = partial(node.troubles.pop, "outbox", None)  # that loop never returns while it is well
    inbox = delivery.inbox
    abroad = [] if inbox is None else [node.every("fediverse", inbox.fediverse.tidy, TIDY_S)]
    return [
        *abroad,
        node.every("outbox", delivery.outbox.run, BEGIN_S),
        node.every("stream", delivery.hub.beat, BEGIN_S),
        node.every("push", delivery.ahead.run, BEGIN_S),
        node.every("subscriptions", delivery.subscriptions.expire, EXPIRE_S),
    ]
