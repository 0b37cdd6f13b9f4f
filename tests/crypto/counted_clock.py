"""A clock whose randomness is a counter under SHA-256 and whose time is moved by hand: for vectors and trials only."""

from hashlib import sha256


class CountedClock:
    """Deterministic `Clock`. `seed` names the run."""

    def __init__(self, seed: bytes = b"vector", now_ms: int = 1_800_000_000_000) -> None:
        self._seed, self._count, self.ms = seed, 0, now_ms

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def random_bytes(self, count: int) -> bytes:
        out = b""
        while len(out) < count:
            out += sha256(self._seed + self._count.to_bytes(8)).digest()
            self._count += 1
        return out[:count]
