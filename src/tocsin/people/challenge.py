"""Challenges: random bytes that a browser signs once to prove a door. In memory only; a restart makes pages ask for another."""

from tocsin.clock import Clock
from tocsin.crypto.keys import verify_ed25519
from tocsin.errors import TocsinError
from tocsin.ids import b64, unb64

CHALLENGE_BYTES = 32
LIFE_S = 300.0
MOST = 4_096
SIGN_IN = b"tocsin.staff/v1 sign-in\n"
HOLD_KEYS = b"tocsin.staff/v1 keys\n"


class ChallengeGone(TocsinError):
    code = "challenge_gone"
    status = 409
    message = "This took longer than five minutes, or was tried twice. Try again; nothing was changed."


class Challenges:
    """Those that wait to be signed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[bytes, float] = {}

    def fresh(self) -> str:
        """A challenge, good for one answer."""
        now = self._clock.monotonic()
        self._until = {one: until for one, until in self._until.items() if until > now}
        if len(self._until) >= MOST:
            del self._until[next(iter(self._until))]
        made = self._clock.random_bytes(CHALLENGE_BYTES)
        self._until[made] = now + LIFE_S
        return b64(made)

    def take(self, challenge: str) -> bytes:
        """Its bytes, and never again. Raises `ChallengeGone`."""
        try:
            raw = unb64(challenge)
        except ValueError as error:
            raise ChallengeGone from error
        if self._until.pop(raw, 0.0) <= self._clock.monotonic():
            raise ChallengeGone
        return raw


def is_signed(label: bytes, public: bytes, signature: bytes, origin: str, challenge: bytes, about: bytes = b"") -> bool:
    """Whether a browser at `origin` signed this challenge with this key. The origin is in it as in WebAuthn: what was signed for
    another node's page opens nothing here.
    """
    return verify_ed25519(public, signature, label + origin.encode() + b"\n" + challenge + about)
