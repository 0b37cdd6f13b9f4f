"""Notice that a log has stopped: a node that is dead cannot say so itself, and its witness sees it within minutes.

A witness is asked to cosign at each beat, so silence needs nothing but waiting: this asks nobody. What is remembered is in
memory, and begins anew with the process. Beats say that the node lives, not that all of it works: the node's own probe says that.
"""

import html
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from threading import Event, Lock

from tocsin.clock import Clock
from tocsin.tlog.asgi import Reply
from tocsin.wake import Alarm

MINUTE = 60.0
LOOK_SECONDS = 10.0
BEATS, SILENT, UNHEARD = "beats", "silent", "not heard yet"
HTML = "text/html; charset=utf-8"
STYLE = "body{font:1.25rem/1.5 sans-serif;margin:2rem}.beats{background:#d8f0d8}.silent{background:#b00020;color:#fff}"
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Silence:
    """When each log was last heard, by the clock that only grows. Any thread."""

    def __init__(self, origins: Sequence[str], minutes: int, clock: Clock, alarm: Alarm) -> None:
        self._clock, self._alarm, self._longest = clock, alarm, minutes * MINUTE
        self._began = clock.monotonic()
        self._heard: dict[str, float | None] = dict.fromkeys(origins)
        self._lock = Lock()

    def heard(self, origin: str) -> None:
        """The log of this name was cosigned just now."""
        with self._lock:
            self._heard[origin] = self._clock.monotonic()

    def states(self) -> dict[str, str]:
        """Each log: `BEATS`, `SILENT` for too long, or `UNHEARD` since a short while ago, when this process began."""
        now = self._clock.monotonic()
        with self._lock:
            known = dict(self._heard)
        return {
            origin: SILENT if now - (at or self._began) > self._longest else BEATS if at else UNHEARD
            for origin, at in known.items()
        }

    def page(self) -> Reply:
        """What the page shows: red, and 503 for a program that asks, while any log is silent."""
        states = self.states()
        is_bad = SILENT in states.values()
        rows = "".join(f"<li>{html.escape(origin)}: {state}</li>" for origin, state in states.items())
        body = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="60">'
            f"<title>{SILENT if is_bad else BEATS}</title><style>{STYLE}</style>"
            f'<body class="{SILENT if is_bad else BEATS}"><h1>Logs this witness follows</h1><ul>{rows}</ul></body></html>'
        )
        return Reply(503 if is_bad else 200, HTML, body.encode(), ((b"content-security-policy", POLICY.encode()),))

    def watch(self, over: Event) -> None:
        """Look every few seconds and wake whoever is to be woken, until `over`. For a thread of its own."""
        while not over.wait(LOOK_SECONDS):
            self._alarm.look(is_bad=SILENT in self.states().values(), now=self._clock.monotonic())
