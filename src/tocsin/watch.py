"""The node looks at itself: every few minutes it records a rehearsal through its own door, opens and erases it; and it wakes a
steward when it cannot, when its log stands still, when room runs out, or when a witness saw another tree.

What is seen is told in three ways. The public page knows four words and no count. `/health` names what is in trouble. The steward's
`tocsin status` adds coarse counts and error ids. None of it is about anybody, and none of it is written down.
"""

import asyncio
import json
import logging
import shutil
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tocsin.errors import place_of
from tocsin.node import Node
from tocsin.rehearse import record_three_seconds
from tocsin.settings import Settings
from tocsin.wake import Alarm, ways
from tocsin.web.status import FAILS, UNTRIED, WORKS, Shown, step_of

LOG = logging.getLogger("tocsin")

MINUTE = 60.0
LOOK_SECONDS = 10.0
FIRST_PROBE_SECONDS = 20.0
PROBE_PATIENCE_S = 15.0
FAILURES = 2
"""One probe may meet a restart of something; two do not."""
LOG_STILL_MINUTES = 5.0
WITNESS_MINUTES = 15.0
LEAST_FREE_BYTES = 2 * 1024**3

WAKES = frozenset({"recording", "log", "room", "tree", "desk"})
"""What somebody gets up for; `desk` is a recording that nobody opened for days. A witness that is away for an hour is told on the page
and wakes nobody."""


class Watch:
    """What one node knows of itself. Times are of the clock that only grows."""

    def __init__(self, node: Node) -> None:
        self._node, self._clock = node, node.clock
        configured = node.settings.alarm
        self.alarm = Alarm(ways(configured.command, configured.url))
        self._began = self._clock.monotonic()
        self._worked: float | None = None
        self._failures = 0
        self._beat, self._beat_at = node.last_beat, self._began
        self._seen, self._seen_at = node.seen_size, self._began
        self.unpublished: Callable[[], dict[str, str]] = dict
        """Parts that the public page does not show: they say something about those who work here."""
        node.tell_status = self.tell

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """What runs as long as the node does."""
        return [self._looks(), *([self._probes()] if self._node.settings.alarm.probe_minutes else [])]

    async def probe(self) -> None:
        """Record, fetch, open and erase a rehearsal. A failure is named and never raised."""
        try:
            await asyncio.to_thread(self._rehearse)
        except Exception as error:  # noqa: BLE001  whatever broke is the answer
            self._failures += 1
            self._node.troubles["probe"] = type(error).__name__
            LOG.error("the trial recording failed: %s", place_of(error))  # noqa: TRY400  a traceback may hold too much
        else:
            self._worked, self._failures = self._clock.monotonic(), 0
            self._node.troubles.pop("probe", None)

    def parts(self) -> dict[str, str]:
        """How each part stands: `WORKS`, `FAILS` or `UNTRIED`."""
        node, now = self._node, self._clock.monotonic()
        if node.last_beat != self._beat:
            self._beat, self._beat_at = node.last_beat, now
        if node.seen_size != self._seen:
            self._seen, self._seen_at = node.seen_size, now
        found = {"recording": self._recording(now)} if node.settings.alarm.probe_minutes else {}
        still = node.log is None or now - self._beat_at > LOG_STILL_MINUTES * MINUTE
        found["log"] = FAILS if still else WORKS if node.last_beat else UNTRIED
        if any(witness.outside for witness in node.settings.witnesses):
            away = now - self._seen_at > WITNESS_MINUTES * MINUTE
            found["witness"] = FAILS if away else WORKS if self._seen is not None else UNTRIED
        if node.is_contradicted or (node.published and node.published.alarms):
            found["tree"] = FAILS
        found["room"] = WORKS if has_room(node) else FAILS
        return found

    def shown(self) -> Shown:
        """What the public page shows."""
        worked = None if self._worked is None else self._clock.monotonic() - self._worked
        return Shown(tuple(self.parts().items()), step_of(worked))

    def tell(self) -> bytes:
        """What the steward is told, as JSON."""
        noticed = self._node.noticed
        errors = {key: {"hour": found.hour, "place": found.place} for key, found in noticed.errors().items()}
        told = {
            "parts": self.parts() | self.unpublished(),
            "troubles": self._node.troubles,
            "this_hour": noticed.counts(),
            "errors": errors,
            "woken": self.alarm.is_incident,
        }
        return json.dumps(told).encode()

    async def look(self) -> None:
        """Once: whether somebody has to be woken."""
        seen = self.parts() | self.unpublished()
        is_bad = any(name in WAKES and state == FAILS for name, state in seen.items())
        await asyncio.to_thread(self.alarm.look, is_bad=is_bad, now=self._clock.monotonic())
        if self.alarm.is_unheard:
            self._node.troubles["alarm"] = "nobody took the message that a steward is needed"
        else:
            self._node.troubles.pop("alarm", None)

    async def _looks(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def _probes(self) -> None:
        await asyncio.sleep(FIRST_PROBE_SECONDS)
        while True:
            await self.probe()
            # A second try soon: one failure wakes nobody, and nobody should wait ten minutes for two.
            await asyncio.sleep(MINUTE if self._failures == 1 else self._node.settings.alarm.probe_minutes * MINUTE)

    def _recording(self, now: float) -> str:
        patience = 3 * self._node.settings.alarm.probe_minutes * MINUTE
        if self._failures >= FAILURES or now - (self._worked or self._began) > patience:
            return FAILS
        return UNTRIED if self._worked is None else WORKS

    def _rehearse(self) -> None:
        address, host, verify = own_door(self._node.settings)
        with httpx.Client(
            base_url=address, headers={"host": host}, timeout=PROBE_PATIENCE_S, trust_env=False, verify=verify
        ) as client:
            record_three_seconds(client, self._clock)


def own_door(settings: Settings) -> tuple[str, str, ssl.SSLContext | bool]:
    """Where this node listens itself, the name it answers to there, and what its certificate is held to: exactly its own."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)  # noqa: S104
    bracketed = f"[{host}]" if ":" in host else host
    name = settings.hosts[0] if settings.hosts else urlsplit(settings.public_url).netloc
    if not settings.tls_certificate:
        return f"http://{bracketed}:{settings.port}", name, True
    context = ssl.create_default_context(cafile=settings.tls_certificate)
    context.check_hostname = False  # it is asked for by its address; the file above is what it has to show
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return f"https://{bracketed}:{settings.port}", name, context


def has_room(node: Node) -> bool:
    """Whether the disk takes more, with its reserve untouched."""
    return node.encounters.ballast.is_whole and shutil.disk_usage(Path(node.settings.folder)).free >= LEAST_FREE_BYTES
