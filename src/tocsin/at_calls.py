"""Where calls meet sessions, the node's own key, and the desk's page: what the room is handed, and what it shows there."""

from collections.abc import Coroutine
from functools import partial
from typing import Any

from litestar import Request
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from markupsafe import Markup

from tocsin.calls import pages, routes
from tocsin.calls.model import Door, OnDuty
from tocsin.calls.model import Role as CallRole
from tocsin.calls.room import TICK_S, Calls, Relay
from tocsin.crypto.hkdf import hkdf
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.own_keys import RECEIPT_KEY
from tocsin.people.session import IDLE_S, Sessions
from tocsin.people.staff import Role
from tocsin.store.key_custody import KeyCustody
from tocsin.web.i18n import Language
from tocsin.web.render import PageConfig

WARN_S = 120
"""How long before a session ends by itself its page asks."""
ROLES = {Role.LAWYER: CallRole.LAWYER, Role.DISPATCHER: CallRole.LISTENER}
"""A lawyer's key stands in the public roll. A dispatcher who was trained may listen, and says that they are no lawyer (rule 21)."""


def calls_of(node: Node) -> Calls | None:
    """The room of a node; None where the pack names no place that lawyers are admitted to."""
    said = node.pack.calls
    if said is None:
        return None
    relay = Relay(node.settings.relay.urls, node.settings.relay.secret)
    places = frozenset(place.id for place in said.places)
    return Calls(node.clock, key_of(node.custody), frozenset(node.pack.languages), places, relay)


def key_of(custody: KeyCustody) -> bytes:
    """What seals the state that a call's ends keep: the same in each life of a node, and awake whenever it runs."""
    return hkdf(custody.get(RECEIPT_KEY), salt=b"", info=b"tocsin.calls/v1 state", length=32)


def routes_of(calls: Calls | None, sessions: Sessions, config: PageConfig) -> list[HTTPRouteHandler | ASGIRouteHandler]:
    """Every address of the room; none where there is none."""
    if calls is None:
        return []
    words = {code: pages.words(config, language) for code, language in config.languages.items()}
    return routes.routes(calls, door_of(sessions), words, config)


def door_of(sessions: Sessions) -> Door:
    """Who may go on duty. Raises what `Sessions.require` raises."""

    def who(request: Request[Any, Any, Any]) -> OnDuty:
        staff = sessions.require(request, *ROLES)
        roles = frozenset(ROLES[one] for one in staff.roles if one in ROLES)
        told = {"staff": b64(staff.id), "pseudonym": staff.pseudonym, "idle_s": IDLE_S, "warn_s": WARN_S}
        return OnDuty(roles, staff.pseudonym, told)

    return who


def panel_of(calls: Calls | None, config: PageConfig) -> Any:
    """What the desk's page shows of calls, by language; nothing where nobody is rung."""

    def nothing(_: Language) -> Markup:
        return Markup("")

    return nothing if calls is None else partial(pages.panel, config)


def loops(node: Node, calls: Calls | None) -> list[Coroutine[Any, Any, None]]:
    """Calls pass on by themselves."""
    return [] if calls is None else [node.every("calls", calls.tick, TICK_S)]
