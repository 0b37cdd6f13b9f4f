"""A clock that trials can move and a log on a disk."""

from dataclasses import dataclass, field
from hashlib import shake_128
from pathlib import Path

import pytest
from hypothesis import settings

from tocsin.crypto.keys import SigningKey
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog.log import Log

# A loaded machine is slow, not wrong: no property here is about time.
settings.register_profile("tlog", deadline=None)
settings.load_profile("tlog")

ORIGIN = "tocsin.example/sample-city"
BEAT = 1_800_000_000


@dataclass
class MovableClock:
    """Wall time stands until it is moved; randomness is counted, so that a failing trial repeats."""

    ms: int = BEAT * 1000
    drawn: int = field(default=0)

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def random_bytes(self, count: int) -> bytes:
        self.drawn += 1
        return shake_128(self.drawn.to_bytes(8, "big")).digest(count)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def signer() -> SigningKey:
    return SigningKey(b"l" * 32)


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "log")


@pytest.fixture
def log(blobs: DiskBlobs, signer: SigningKey, clock: MovableClock) -> Log:
    return Log.open(blobs, ORIGIN, signer, clock)
