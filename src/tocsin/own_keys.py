"""Where the node's own keys stand: their names, their public halves in clear, their secret halves in custody (`docs/run/keys.md`)."""

import json
from hashlib import sha256
from pathlib import Path

from tocsin.errors import TocsinError
from tocsin.settings import Settings
from tocsin.store.key_custody import KeyCustody

MEMORY = Path("/dev/shm")  # noqa: S108  memory-backed on every Linux; the folder below it is 0700
PUBLISHED = "published.json"
LOG_KEY, RECEIPT_KEY, SHARE_KEY, CITY_KEY = "log", "receipt", "share", "city"
EXERCISE_KEY, TEST_KEY = "exercise", "test"
"""Drills and trials are signed by keys of their own: no reader can take one for the real thing."""
FEDIVERSE_KEY = "fediverse"
"""RSA, because other servers check nothing else: it signs what the city's actor says, and no alert."""
PUSH_KEY, VAPID_KEY = "push", "vapid"
"""What seals subscriptions, and what push services know the node by."""


class KeysMissing(TocsinError):
    code = "keys_missing"
    status = 503
    message = "This node has no keys yet. Make them with `tocsin keys init`."


def read_published(settings: Settings) -> dict[str, str]:
    """The public halves of the node's keys, kept in clear: `log` and `receipts` (vkeys), `share` (age recipient), `city`,
    `exercise` and `test` (base64), `vapid` (base64url), `fediverse` (PEM).
    """
    try:
        found: dict[str, str] = json.loads((Path(settings.folder) / PUBLISHED).read_text())
    except FileNotFoundError as error:
        raise KeysMissing from error
    return found


def open_custody(settings: Settings) -> KeyCustody:
    """The node's keys (`docs/run/keys.md`)."""
    place = sha256(str(Path(settings.folder).resolve()).encode()).hexdigest()[:16]
    runtime = Path(settings.runtime) if settings.runtime else MEMORY / f"tocsin-{place}"
    return KeyCustody.open(Path(settings.folder) / "keys", runtime)
