"""Segments on a disk that is full, broken, or cut off: nothing acknowledged is lost (trials F1, F4)."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.store.segment_trials import KEY, append_all, check_only_truth, some, store
from tocsin.store import disk
from tocsin.store.disk import DiskFull
from tocsin.store.segment_format import FIRST_FRAME, Frame, Position


def test_a_drop_that_was_killed_halfway_is_finished(tmp_path: Path) -> None:
    with store(tmp_path, 30_000) as opened:
        append_all(opened, some(100))
        oldest = tmp_path / f"{opened.numbers()[0]:08d}.segment"
    oldest.rename(oldest.with_suffix(".dropped"))
    with store(tmp_path) as opened:
        assert opened.scrub().damage == ()
        assert oldest.with_suffix(".dropped").stat().st_size == FIRST_FRAME


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size`: the kernel itself refuses, in the middle of a write if it must."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_refuses_and_keeps_what_it_had(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        stored = append_all(opened, some(20))
        with file_size_limit(opened.end_position().offset // 4096 * 4096 + 40_960):
            with pytest.raises(DiskFull) as refused:
                opened.append_now(KEY, 99, b"", bytes(900_000))
            assert refused.value.fields == {"retry_after": 30}
            assert not check_only_truth(opened, stored)
        stored |= append_all(opened, some(5))
        assert not check_only_truth(opened, stored)
    with store(tmp_path) as opened:
        assert not check_only_truth(opened, stored)
        assert not opened.cut


def test_a_refused_frame_never_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_at = disk.write_at

    def write_then_fail(descriptor: int, parts: list[bytes], offset: int) -> int:
        write_at(descriptor, parts, offset)
        raise OSError(28, "No space left on device")

    with store(tmp_path) as opened:
        stored = append_all(opened, some(3))
        with monkeypatch.context() as patched:
            patched.setattr(disk, "write_at", write_then_fail)
            with pytest.raises(DiskFull):
                append_all(opened, some(8))
        stored |= append_all(opened, some(1, size=10))
    with store(tmp_path) as opened:
        assert dict(opened.scan()) == stored


def test_after_a_failed_sync_nothing_more_goes_into_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with store(tmp_path) as opened:
        stored = append_all(opened, some(3))
        with monkeypatch.context() as patched:
            patched.setattr(disk, "sync", fail)
            with pytest.raises(OSError, match="Input/output"):
                append_all(opened, some(1))
        fresh = append_all(opened, some(2))
        assert {at.segment for at in fresh} == {2}
        assert not check_only_truth(opened, stored | fresh)
    with store(tmp_path) as opened:
        assert dict(opened.scan()) == stored | fresh


def test_a_new_file_that_failed_at_once_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []

    def fail_at_the_first_frame(descriptor: int) -> None:
        syncs.append(descriptor)
        if len(syncs) == 3:  # after the number and the header of the new file
            raise OSError(5, "Input/output error")

    with store(tmp_path) as opened:
        stored = append_all(opened, some(3))
    with store(tmp_path) as opened:
        with monkeypatch.context() as patched:
            patched.setattr(disk, "sync", fail_at_the_first_frame)
            with pytest.raises(OSError, match="Input/output"):
                append_all(opened, some(1))
        stored |= append_all(opened, some(2))
        assert {at.segment for at in stored} == {1, 3}
    with store(tmp_path) as opened:
        assert dict(opened.scan()) == stored
        assert opened.scrub().damage == ()


KILLED = """
import asyncio, os, random, sys
from pathlib import Path
from tocsin.store import fail_points
from tocsin.store.segments import SegmentStore

fail_points.arm(os.environ, trials=True)
store = SegmentStore.open(Path(sys.argv[1]), 200_000)

async def caller(number):
    for turn in range(1000):
        seq = number * 1000 + turn
        position = await store.append(bytes(16), seq, b"", seq.to_bytes(8, "big") * 100)
        os.write(1, b"%d %d\\n" % (seq, position.packed))

async def main():
    await asyncio.gather(*(caller(number) for number in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "point", ["before_new_file:2", "before_write:9", "before_sync:9", "after_sync:9", "before_sync:1"]
)
def test_a_kill_at_every_fail_point_loses_nothing_acknowledged(tmp_path: Path, point: str) -> None:
    environment = {**os.environ, "TOCSIN_FAIL_POINT": f"segments.{point}"}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], env=environment, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    acknowledged = {int(seq): int(packed) for seq, packed in map(bytes.split, done.stdout.splitlines())}
    with store(tmp_path) as opened:
        for seq, packed in acknowledged.items():
            assert opened.read(Position.unpack(packed)) == Frame(bytes(16), seq, b"", seq.to_bytes(8, "big") * 100)
        found = [frame.seq for _, frame in opened.scan()]
        assert len(found) == len(set(found))
        assert set(acknowledged) <= set(found)
        assert opened.scrub().damage == ()


def test_space_a_dead_process_had_set_aside_is_given_back(tmp_path: Path) -> None:
    with store(tmp_path, 64 << 20) as opened:
        written = append_all(opened, some(5))
        os.truncate(tmp_path / "00000001.segment", 16 << 20)
        [copied] = [path.read_bytes() for path in tmp_path.glob("*.segment")]
    (tmp_path / "00000001.segment").write_bytes(copied)  # as it stands before a clean close
    with store(tmp_path, 64 << 20) as again:
        assert (tmp_path / "00000001.segment").stat().st_size < 1 << 20
        assert dict(again.scan()) == written
        assert not again.scrub().damage
