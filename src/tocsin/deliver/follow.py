"""What comes into the actor's inbox: Follow and Undo of it, by whom their own server's key says. Everything else is let go unread.

Of who asks nothing is kept: their document is read, their signature checked, and their server's shared inbox remembered (`followers`).
"""

import ssl
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from tocsin.deliver.abroad import Abroad, fetch
from tocsin.deliver.activitypub import TYPE, Fediverse
from tocsin.deliver.endpoint import EndpointWrong
from tocsin.deliver.http_signature import SignatureWrong, key_id_of, signed, verify
from tocsin.errors import TocsinError

ASKED_A_MINUTE = 120
"""Documents of strangers that are fetched: more than a city's followers bring, and too few to make the node a weapon."""
MINUTE_S = 60.0
REMEMBERED = 10_000


class FollowWrong(TocsinError):
    code = "follow_wrong"
    status = 401
    message = "Nobody could be found who signed this."


class FollowsMany(TocsinError):
    code = "follows_many"
    status = 429
    message = "Many ask at this moment. Ask again in a minute."


class Who(NamedTuple):
    """Who signed: their address, and where their server takes what is for all of its people."""

    id: str
    shared_inbox: str


@dataclass
class Inbox:
    """Made once. What it remembers of what came is a few bytes of a digest, in memory, so that a repeated Follow counts once."""

    fediverse: Fediverse
    abroad: Abroad
    tls: ssl.SSLContext
    _seen: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    _asked: list[float] = field(default_factory=list)

    async def take(self, path: str, headers: Mapping[str, str], raw: bytes) -> None:
        """One activity. Raises `FollowWrong`, `FollowsMany`, `ServersFull`, `KeyLocked`."""
        try:
            activity = msgspec.json.decode(raw, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise FollowWrong from error
        follow = self._follow_of(activity)
        if follow is None:
            return
        who = await self._who(path, headers, raw)
        if who.id != activity.get("actor") or who.id != follow.get("actor"):
            raise FollowWrong
        is_new = self._is_new(raw)
        if activity["type"] == "Undo":
            if is_new:
                await self.fediverse.followers.remove(who.shared_inbox)
            return
        if is_new:
            await self.fediverse.followers.add(who.shared_inbox)
        number = self.fediverse.clock.random_bytes(16)
        await self.fediverse.tell([who.shared_inbox], self.fediverse.actor.accepted(follow, number))

    def _follow_of(self, activity: dict[str, Any]) -> dict[str, Any] | None:
        """The Follow of our actor that this is or undoes."""
        told = activity.get("object") if activity.get("type") == "Undo" else activity
        is_ours = (
            isinstance(told, dict) and told.get("type") == "Follow" and told.get("object") == self.fediverse.actor.id
        )
        return told if is_ours and isinstance(told, dict) else None

    async def _who(self, path: str, headers: Mapping[str, str], raw: bytes) -> Who:
        """Who signed a request. Their server is asked with a signature of ours, for those that answer nobody else."""
        fediverse, now_s = self.fediverse, self.fediverse.clock.now_ms() // 1000
        self._spend()
        try:
            key_id = key_id_of(headers)
            origin, at = self.abroad.split(key_id)
            host = origin.partition("://")[2]
            mine = signed(fediverse.key, fediverse.actor.key_id, "GET", host, at, now_s) | {"Accept": TYPE}
            document = await fetch(self.abroad, origin + at, mine, self.tls)
            who, pem = read(document, key_id, origin)
            if self.abroad.split(who.shared_inbox)[0] != origin:
                raise FollowWrong
            verify(pem, "POST", path, headers, raw, fediverse.actor.host, now_s)
        except (SignatureWrong, EndpointWrong, OSError, KeyError, TypeError) as error:
            raise FollowWrong from error
        return who

    def _spend(self) -> None:
        now = self.fediverse.clock.monotonic()
        self._asked = [at for at in self._asked if at > now - MINUTE_S]
        if len(self._asked) >= ASKED_A_MINUTE:
            raise FollowsMany(retry_after=int(MINUTE_S))
        self._asked.append(now)

    def _is_new(self, raw: bytes) -> bool:
        """Whether these bytes came for the first time."""
        mark = sha256(raw).digest()[:16]
        if mark in self._seen:
            return False
        self._seen[mark] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True


def read(document: dict[str, Any], key_id: str, origin: str) -> tuple[Who, str]:
    """An actor's document: who they are, and their key, which must be the one asked for. Raises `FollowWrong`, `KeyError`."""
    key, number = document["publicKey"], document["id"]
    shared = document["endpoints"]["sharedInbox"]
    is_theirs = key["id"] == key_id and key["owner"] == number and str(number).startswith(f"{origin}/")
    if not is_theirs or not isinstance(shared, str):
        raise FollowWrong
    return Who(number, shared), str(key["publicKeyPem"])
