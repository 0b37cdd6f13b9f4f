"""Where a push message may go: what a browser says of its subscription, held to a list of push services.

An endpoint is a stranger's address that the node will open a connection to. So: https, a host that is on the list, nothing odd in
the address, and when it is resolved every answer must be a public one; the connection then goes to the address that was looked at,
not to the name again (a name that answers differently the second time gets nowhere).
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

import msgspec

from tocsin.deliver.message_encryption import AUTH_BYTES, POINT_BYTES
from tocsin.errors import TocsinError
from tocsin.ids import unb64

SERVICES = (
    "https://fcm.googleapis.com",
    "https://jmt17.google.com",
    "https://updates.push.services.mozilla.com",
    "https://*.push.apple.com",
    "https://*.notify.windows.com",
)
"""Push services of the browsers there are. An operator adds others (UnifiedPush) in the settings."""
MOST_URL = 512
_ENDPOINT = re.compile(r"(https?://[^/?#@\\\s]+)(/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)")
"""Read by hand: `urllib.parse` keeps what it was asked last, and an endpoint is nobody's to keep (`./run seizure` found it)."""
_HOST = re.compile(r"[a-z0-9.-]{1,253}|\[[0-9a-f:]{2,39}\]")

_CARRYING = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
_NOWHERE = (ipaddress.IPv6Network("64:ff9b:1::/48"),)
"""A house's own translator (RFC 8215), which the standard library of Python 3.11 counts among the public."""

Resolve = Callable[[str, int], Awaitable[list[str]]]


class EndpointWrong(TocsinError):
    code = "endpoint_wrong"
    status = 400
    message = "This browser's push service is not one that the node sends to, or the subscription is not in order."


class Keys(msgspec.Struct, frozen=True):
    p256dh: str
    auth: str


class Told(msgspec.Struct, frozen=True):
    """What `PushSubscription.toJSON()` says (Push API, section 8)."""

    endpoint: str
    keys: Keys


class Endpoint(msgspec.Struct, frozen=True):
    """One browser's way in. `origin` names the push service, `path` is the secret that names the browser there."""

    origin: str
    path: str
    subscriber: bytes
    """P-256 point, uncompressed."""
    auth: bytes

    def __repr__(self) -> str:
        return "Endpoint(...)"


class Allowed:
    """The push services this node sends to. Raises `EndpointWrong` for everything else.

    `more`: origins the operator adds, `https://host[:port]`. An address in digits is taken as it stands, since the operator wrote it,
    and may be `http://` on the loopback; a name has to resolve to public addresses.
    """

    def __init__(self, more: Iterable[str] = (), resolve: Resolve | None = None) -> None:
        origins = [*SERVICES, *more]
        self._exact = frozenset(one for one in origins if "*" not in one)
        self._below = tuple(one.removeprefix("https://*") for one in origins if one.startswith("https://*."))
        self._resolve = resolve or _resolved

    def endpoint_of(self, told: Told) -> Endpoint:
        """Read a subscription."""
        try:
            subscriber, auth = unb64(told.keys.p256dh), unb64(told.keys.auth)
        except ValueError as error:
            raise EndpointWrong from error
        found = _ENDPOINT.fullmatch(told.endpoint) if len(told.endpoint) <= MOST_URL else None
        if found is None or not self.is_allowed(found[1]):
            raise EndpointWrong
        origin, path = found.groups()
        if len(subscriber) != POINT_BYTES or subscriber[0] != 4 or len(auth) != AUTH_BYTES:
            raise EndpointWrong
        return Endpoint(origin, path, subscriber, auth)

    def is_allowed(self, origin: str) -> bool:
        if origin in self._exact:
            return True
        host = origin.removeprefix("https://")
        return host != origin and _HOST.fullmatch(host) is not None and host.endswith(self._below)

    async def addresses(self, origin: str) -> list[tuple[str, int]]:
        """Address and port to connect to, looked at. Raises `EndpointWrong` where one is not public, `OSError` where there is none."""
        if not self.is_allowed(origin):
            raise EndpointWrong
        url = urlsplit(origin)
        host, port = url.hostname or "", url.port or (80 if url.scheme == "http" else 443)
        literal = _literal(host)
        if literal is not None:
            if origin not in self._exact or (url.scheme != "https" and not literal.is_loopback):
                raise EndpointWrong
            return [(host, port)]
        found = await self._resolve(host, port) if url.scheme == "https" else []
        if not all(is_public(one) for one in found):
            raise EndpointWrong
        if not found:
            raise OSError("no address")
        return [(one, port) for one in found]


def is_public(address: str) -> bool:
    """Whether an address is one of the public network. One that carries another of IPv4 is judged by that: a translator at the edge
    of a house (RFC 6052), 6to4 (RFC 3056) and stacks that know the older forms (RFC 4291, section 2.5.5) go where that one is.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and any(found in one for one in _CARRYING):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not any(found in one for one in _NOWHERE)


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


async def _resolved(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
