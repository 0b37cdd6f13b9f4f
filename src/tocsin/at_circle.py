"""Where circles meet the node: its database, its sender of push, and how much of it they may use."""

from collections.abc import Coroutine
from functools import partial
from typing import Any

from litestar.handlers import HTTPRouteHandler

from tocsin.at_deliver import Delivery
from tocsin.circle import routes
from tocsin.circle.expire import expire
from tocsin.circle.room import Circles
from tocsin.deliver.webpush import Quota
from tocsin.node import Node
from tocsin.own_keys import VAPID_KEY, read_published
from tocsin.web.render import PageConfig

EXPIRE_S = 3_600.0
SENT_AN_HOUR = 30_000
"""Messages of all circles together: two thousand tellings of fifteen people each."""


def circles_of(node: Node, delivery: Delivery) -> Circles:
    """The room of a node. No pack turns it on: it tells nobody but who asked to be told."""
    quota = Quota(node.clock, SENT_AN_HOUR)
    return Circles(node.database, node.clock, delivery.sender, quota, delivery.tests)


def routes_of(node: Node, circles: Circles, config: PageConfig) -> list[HTTPRouteHandler]:
    """Every address of the room."""
    return routes.routes(circles, config, read_published(node.settings).get(VAPID_KEY, ""))


def loops(node: Node, circles: Circles) -> list[Coroutine[Any, Any, None]]:
    """Circles end by themselves."""
    return [node.every("circles", partial(expire, circles), EXPIRE_S)]
