"""A clock that trials can move and a log on a disk."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import shake_128
from pathlib import Path

import pytest

from tocsin.crypto.keys import SigningKey
from tocsin.tlog.log import Log

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


class FolderBlobs:
    """The smallest store the log can live in: whole files, replaced by rename."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(content)
        fresh.rename(path)

    def get(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def exists(self, name: str) -> bool:
        return (self.root / name).is_file()

    def remove(self, name: str) -> None:
        (self.root / name).unlink()

    def list(self, prefix: str) -> Iterator[str]:
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and (name := path.relative_to(self.root).as_posix()).startswith(prefix):
                yield name


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def signer() -> SigningKey:
    return SigningKey(b"l" * 32)


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "log")


@pytest.fixture
def log(blobs: FolderBlobs, signer: SigningKey, clock: MovableClock) -> Log:
    return Log.open(blobs, ORIGIN, signer, clock)
