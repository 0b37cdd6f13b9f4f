"""Challenges: bytes that a browser signs once to prove a door.

A challenge says by itself until when it is good and that this process made it, so a flood of people who ask for one costs nobody
theirs. Kept, in memory and until then, is only which were answered. A restart makes pages ask for another.
"""

import hmac
from hashlib import sha256

from tocsin.clock import Clock
from tocsin.crypto.keys import verify_ed25519
from tocsin.errors import TocsinError
from tocsin.ids import b64, unb64

LIFE_S = 300
MOST = 65_536
"""Answered ones that are remembered; only a flood of answers within five minutes reaches it."""
NONCE_BYTES, UNTIL_BYTES, MAC_BYTES = 12, 4, 16
SIGN_IN = b"tocsin.staff/v1 sign-in\n"
HOLD_KEYS = b"tocsin.staff/v1 keys\n"


class ChallengeGone(TocsinError):
    code = "challenge_gone"
    status = 409
    message = "This took longer than five minutes, or was tried twice. Try again; nothing was changed."


class Challenges:
    """Makes them and knows them again. Times are the clock's monotonic seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = clock.random_bytes(32)
        # Where the count begins is nobody's business: it would say for how long this machine has been up.
        self._zero = int.from_bytes(clock.random_bytes(3)) - int(clock.monotonic())
        self._answered: dict[bytes, float] = {}

    def fresh(self) -> str:
        """A challenge of 32 bytes, good for one answer."""
        until = int(self._now() + LIFE_S).to_bytes(UNTIL_BYTES)
        said = self._clock.random_bytes(NONCE_BYTES) + until
        return b64(said + self._mac(said))

    def take(self, challenge: str) -> bytes:
        """Its bytes, and never again. Raises `ChallengeGone`."""
        try:
            raw = unb64(challenge)
        except ValueError as error:
            raise ChallengeGone from error
        said, mac, now = raw[:-MAC_BYTES], raw[-MAC_BYTES:], self._now()
        if not hmac.compare_digest(self._mac(said), mac):
            raise ChallengeGone
        until = int.from_bytes(said[NONCE_BYTES:])
        if until <= now or raw in self._answered:
            raise ChallengeGone
        self._remember(raw, until, now)
        return raw

    def _remember(self, raw: bytes, until: float, now: float) -> None:
        if len(self._answered) >= MOST:
            self._answered = {one: end for one, end in self._answered.items() if end > now}
        while len(self._answered) >= MOST:
            del self._answered[next(iter(self._answered))]
        self._answered[raw] = until

    def _now(self) -> float:
        return self._clock.monotonic() + self._zero

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, sha256)[:MAC_BYTES]


def is_signed(label: bytes, public: bytes, signature: bytes, origin: str, challenge: bytes, about: bytes = b"") -> bool:
    """Whether a browser at `origin` signed this challenge with this key. The origin is in it as in WebAuthn: what was signed for
    another node's page opens nothing here.
    """
    return verify_ed25519(public, signature, label + origin.encode() + b"\n" + challenge + about)
