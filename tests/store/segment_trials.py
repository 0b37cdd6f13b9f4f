"""What the trials of the segments share: frames, a store for a block, and the check that only truth is given out."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tocsin.store.segment_format import FRAME_BYTES, Frame, Position
from tocsin.store.segments import SegmentCorrupt, SegmentStore

KEY = bytes(range(16))

SOME_BYTES = FRAME_BYTES + len(b"meta") + 700
"""Length on the disk of each frame of `some`."""

frames = st.builds(
    Frame,
    key=st.binary(min_size=16, max_size=16),
    seq=st.integers(0, 2**64 - 1),
    meta=st.binary(max_size=300),
    body=st.binary(max_size=3000),
)
tmp_path_is_fresh = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=60,
)


@contextmanager
def store(directory: Path, segment_bytes: int = 1 << 20) -> Iterator[SegmentStore]:
    opened = SegmentStore.open(directory, segment_bytes)
    try:
        yield opened
    finally:
        opened.close()


def append_all(opened: SegmentStore, wanted: list[Frame]) -> dict[Position, Frame]:
    """All at once, as many callers would."""

    async def run() -> list[Position]:
        return await asyncio.gather(*(opened.append(one.key, one.seq, one.meta, one.body) for one in wanted))

    return dict(zip(asyncio.run(run()), wanted, strict=True))


def some(count: int, size: int = 700) -> list[Frame]:
    chosen = random.Random(count)
    return [Frame(KEY, seq, b"meta", chosen.randbytes(size)) for seq in range(count)]


def newest(directory: Path) -> Path:
    return max(directory.glob("*.segment"))


def check_only_truth(opened: SegmentStore, stored: dict[Position, Frame]) -> set[Position]:
    """Every stored frame reads back exactly or is refused; nothing else is scanned. Returns what was refused."""
    lost = set()
    for position, frame in stored.items():
        try:
            assert opened.read(position) == frame
        except SegmentCorrupt:
            lost.add(position)
    assert dict(opened.scan()) == {position: frame for position, frame in stored.items() if position not in lost}
    return lost


def made(directory: Path, clean: bool, count: int = 8) -> dict[Position, Frame]:
    """A store with frames in several groups: closed cleanly, or left as a kill would leave it."""
    opened = SegmentStore.open(directory, 1 << 20)
    stored: dict[Position, Frame] = {}
    wanted = some(count)
    for start in range(0, count, 2):
        stored |= append_all(opened, wanted[start : start + 2])
    as_killed = newest(directory).read_bytes()[: opened.end_position().offset]
    opened.close()
    if not clean:
        newest(directory).write_bytes(as_killed)
    return stored
