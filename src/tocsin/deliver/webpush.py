"""The sender of web push (RFC 8030, 8291, 8292): own and lean, one size for every message, the same headers for all.

    sender = Sender(vapid, allowed, clock)
    endpoint = allowed.endpoint_of(msgspec.json.decode(raw, type=endpoint.Told))
    answer = await sender.send(endpoint, payload, ttl_s=60)          Answer.TAKEN | GONE | SLOW | FAILED | REFUSED

`send` is for endpoints that exist only in memory, a few at a time: it has a quota (`Quota`), because a city is reached by `push`
alone, which the outbox calls with what two people released. Nothing of an endpoint is logged, counted by itself or kept.
"""

import asyncio
import ssl
from collections import deque

from tocsin.clock import Clock
from tocsin.deliver import message_encryption as encryption
from tocsin.deliver.endpoint import Allowed, Endpoint
from tocsin.deliver.http2 import Post
from tocsin.deliver.lane import MOST_CONNECTIONS, Answer, Lane, Told
from tocsin.deliver.message_encryption import Prepared
from tocsin.deliver.vapid import Vapid
from tocsin.errors import TocsinError

QUOTA, QUOTA_S = 2_000, 3_600.0
"""Messages in an hour that need no two people: test alerts and circles. A city's subscribers are many times that."""
MOST_TTL_S = 2 * 3600


class QuotaSpent(TocsinError):
    code = "push_quota_spent"
    status = 429
    message = "The node has sent as many single messages as it may in an hour. Try again later."

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)


class Quota:
    """At most `most` in any `seconds`."""

    def __init__(self, clock: Clock, most: int = QUOTA, seconds: float = QUOTA_S) -> None:
        self._clock = clock
        self._most = most
        self._seconds = seconds
        self._spent: deque[float] = deque()

    def spend(self) -> None:
        """Raises `QuotaSpent` with when to come again."""
        now = self._clock.monotonic()
        while self._spent and self._spent[0] <= now - self._seconds:
            self._spent.popleft()
        if len(self._spent) >= self._most:
            raise QuotaSpent(int(self._spent[0] + self._seconds - now) + 1)
        self._spent.append(now)


class Sender:
    """Sends. Made once, used in one event loop; `close` it."""

    def __init__(
        self,
        vapid: Vapid,
        allowed: Allowed,
        clock: Clock,
        *,
        quota: Quota | None = None,
        connections: int = MOST_CONNECTIONS,
        tls: ssl.SSLContext | None = None,
        http2: ssl.SSLContext | None = None,
    ) -> None:
        """`tls`, `http2`: whom to trust where that is not what the machine trusts; the second offers HTTP/2 too."""
        self.vapid = vapid
        self.allowed = allowed
        self._clock = clock
        self._quota = quota or Quota(clock)
        self._connections = connections
        self._lanes: dict[str, Lane] = {}
        self._tls = tls or ssl.create_default_context()
        self._http2 = http2 if tls else offering_http2(ssl.create_default_context())

    async def send(self, endpoint: Endpoint, payload: bytes, *, ttl_s: int, quota: Quota | None = None) -> Answer:
        """Send one message now, of the sender's own quota or another. Raises `QuotaSpent`, `KeyLocked`, and `ValueError` for a
        payload that does not fit or a point that is none.
        """
        record = encryption.padded(payload)
        (quota or self._quota).spend()
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def told(answer: Answer) -> None:
            if not answered.done():
                answered.set_result(answer)

        self.push(endpoint, self.prepare(endpoint), record, ttl_s, told)
        return await answered

    def prepare(self, endpoint: Endpoint) -> Prepared:
        """What one message to `endpoint` needs besides its text; may be done ahead, is used once. Raises `ValueError`."""
        return encryption.prepare(endpoint.subscriber, endpoint.auth, self._clock.random_bytes(encryption.SALT_BYTES))

    def push(self, endpoint: Endpoint, prepared: Prepared, record: bytes, ttl_s: int, told: Told) -> None:
        """Send a padded record; `told` is called once. No quota: for who has what two people released."""
        body = encryption.seal(prepared, record)
        self.lane(endpoint.origin).push(self._post(endpoint, ttl_s, body), told)

    def lane(self, origin: str) -> Lane:
        """The push service's lane."""
        found = self._lanes.get(origin)
        if found is None:
            found = self._lanes[origin] = Lane(origin, self.allowed, self._tls, self._connections, self._http2)
        return found

    def close(self) -> None:
        for lane in self._lanes.values():
            lane.close()

    def _post(self, endpoint: Endpoint, ttl_s: int, body: bytes) -> Post:
        """The same for everybody but address and service: no topic, one urgency (7-threats: what differs tells)."""
        origin = endpoint.origin
        host = origin.partition("://")[2]
        return Post(host, endpoint.path, self.vapid.line(origin), min(max(ttl_s, 0), MOST_TTL_S), body)


def offering_http2(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, with HTTP/2 offered before HTTP/1.1."""
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
