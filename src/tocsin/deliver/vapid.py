"""RFC 8292: who sends. One signed line for each push service, renewed now and then; it says which node, nothing about whom to."""

import json
from collections.abc import Callable
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tocsin.clock import Clock
from tocsin.deliver.message_encryption import CURVE
from tocsin.ids import b64

SEED_BYTES = 32
LIFE_S = 12 * 3600
"""RFC 8292 section 2 allows 24 h; half of it bears a clock that is wrong by hours."""
RENEW_S = 3600
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Vapid:
    """The node's own key towards push services. `contact` is a `mailto:` or `https:` address of the operator, or empty."""

    def __init__(self, seed: Callable[[], bytes], contact: str, clock: Clock) -> None:
        """`seed` gives 32 bytes or raises `KeyLocked`; it is asked when something is to be sent."""
        self._seed = seed
        self._contact = contact
        self._clock = clock
        self._lines: dict[str, tuple[int, str]] = {}

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(self._seed()) % (_ORDER - 1) + 1, CURVE)

    @cached_property
    def public(self) -> str:
        """What a browser takes as `applicationServerKey`."""
        return b64(self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def line(self, origin: str) -> str:
        """The `Authorization` header for a push service's origin."""
        now = self._clock.now_ms() // 1000
        until, line = self._lines.get(origin, (0, ""))
        if not now + RENEW_S < until <= now + LIFE_S:
            until = now + LIFE_S
            line = f"vapid t={self._token(origin, until)}, k={self.public}"
            self._lines[origin] = until, line
        return line

    def _token(self, origin: str, until: int) -> str:
        claims: dict[str, object] = {"aud": origin, "exp": until}
        if self._contact:
            claims["sub"] = self._contact
        parts = [json.dumps(one, separators=(",", ":")).encode() for one in ({"typ": "JWT", "alg": "ES256"}, claims)]
        signed = ".".join(map(b64, parts))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{b64(r.to_bytes(32) + s.to_bytes(32))}"
