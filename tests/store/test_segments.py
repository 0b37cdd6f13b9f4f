"""Segments: exact bytes or a refusal, whatever happens to the files (trials F1, F3, F4)."""

import asyncio
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.store import disk
from tocsin.store.disk import DiskFull, StoreInUse
from tocsin.store.group import StoreClosed
from tocsin.store.segment_append import LARGEST_FRAME
from tocsin.store.segment_format import FIRST_FRAME, FRAME_BYTES, Frame, Position
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
tmp_path_is_fresh = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


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


@tmp_path_is_fresh
@given(groups=st.lists(st.lists(frames, min_size=1, max_size=8), max_size=5), segment_bytes=st.integers(20_000, 60_000))
def test_what_was_appended_is_read_back_in_order(
    tmp_path_factory: pytest.TempPathFactory, groups: list[list[Frame]], segment_bytes: int
) -> None:
    directory = tmp_path_factory.mktemp("segments")
    stored: dict[Position, Frame] = {}
    for group in groups:
        with store(directory, segment_bytes) as opened:
            fresh = append_all(opened, group)
            assert not stored.keys() & fresh.keys()
            stored |= fresh
            assert not check_only_truth(opened, stored)
    with store(directory) as opened:
        assert list(opened.scan()) == sorted(stored.items(), key=lambda item: item[0])
        assert not opened.cut
        scrubbed = opened.scrub()
        assert (scrubbed.frames, scrubbed.damage) == (len(stored), ())


def test_scanning_begins_where_it_is_told(tmp_path: Path) -> None:
    with store(tmp_path, 30_000) as opened:
        stored = list(append_all(opened, some(100)).items())
        assert list(opened.scan(stored[60][0])) == stored[60:]
        middle = opened.end_position()
        more = list(append_all(opened, some(3)).items())
        assert list(opened.scan(middle)) == more


def test_positions_pack_into_one_integer_in_order() -> None:
    places = [Position(1, 8192), Position(1, 2**39), Position(2, 8192), Position(2**22, 0)]
    assert sorted(place.packed for place in places) == [place.packed for place in places]
    assert [Position.unpack(place.packed) for place in places] == places


@pytest.mark.parametrize("clean", [True, False], ids=["after a clean stop", "after a kill"])
def test_truncation_at_every_byte_of_the_last_page_gives_no_wrong_byte(tmp_path: Path, clean: bool) -> None:
    stored = made(tmp_path, clean)
    file = newest(tmp_path)
    whole = file.read_bytes()
    for length in range(len(whole) - 1, len(whole) - 4096 - 1, -1 if clean else -7):
        os.truncate(file, length)
        with store(tmp_path) as opened:
            lost = check_only_truth(opened, stored)
            assert lost == {at for at in stored if at.offset + SOME_BYTES > length}
            assert opened.cut or not any(at.offset < length for at in lost)
    file.write_bytes(whole)
    with store(tmp_path) as opened:
        assert not check_only_truth(opened, stored)


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


def test_every_flipped_bit_is_found_and_hurts_one_frame_at_most(tmp_path: Path) -> None:
    stored = made(tmp_path, clean=True)
    file = newest(tmp_path)
    whole = file.read_bytes()
    chosen = random.Random(20261121)
    for _ in range(1000):
        offset, bit = chosen.randrange(len(whole)), chosen.randrange(8)
        file.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1 << bit]) + whole[offset + 1 :])
        with store(tmp_path) as opened:
            lost = check_only_truth(opened, stored)
            assert len(lost) <= 1
            assert opened.cut or opened.scrub().damage, f"bit {bit} of byte {offset} went unseen"
    file.write_bytes(whole)


@tmp_path_is_fresh
@given(offset=st.floats(0, 1, exclude_max=True), noise=st.binary(min_size=1, max_size=5000))
def test_overwritten_stretches_give_no_wrong_byte(
    tmp_path_factory: pytest.TempPathFactory, offset: float, noise: bytes
) -> None:
    directory = tmp_path_factory.mktemp("segments")
    stored = made(directory, clean=True)
    file = newest(directory)
    whole = file.read_bytes()
    at = int(offset * len(whole))
    changed = (whole[:at] + noise + whole[at + len(noise) :])[: len(whole)]
    file.write_bytes(changed)
    with store(directory) as opened:
        lost = check_only_truth(opened, stored)
        assert changed == whole or opened.cut or opened.scrub().damage
        untouched = {p for p in stored if p.offset + SOME_BYTES <= at or p.offset >= at + len(noise)}
        assert not untouched & lost or at < FIRST_FRAME


def test_damage_below_what_was_acknowledged_is_told_from_an_unfinished_write(tmp_path: Path) -> None:
    stored = sorted(made(tmp_path, clean=False))
    file = newest(tmp_path)
    whole = bytearray(file.read_bytes())
    whole[stored[3].offset + 100] ^= 1
    whole[-1] ^= 1
    file.write_bytes(whole)
    with store(tmp_path) as opened:
        assert (stored[3], True) in [(one.position, one.acknowledged) for one in opened.scrub().damage]
        assert [(one.position, one.acknowledged) for one in opened.cut] == [(stored[-1], False)]


def test_bytes_of_an_uploader_cannot_pass_for_a_frame(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        inner = append_all(opened, some(1))
        position = next(iter(inner))
    whole = newest(tmp_path).read_bytes()
    forged = whole[position.offset : position.offset + SOME_BYTES]
    with store(tmp_path / "other") as opened:
        outer = next(iter(append_all(opened, [Frame(KEY, 0, b"", forged * 3)])))
    file = newest(tmp_path / "other")
    damaged = bytearray(file.read_bytes())
    damaged[outer.offset + 5] ^= 1
    file.write_bytes(damaged)
    with store(tmp_path / "other") as opened:
        assert list(opened.scan()) == []


def test_a_file_gone_missing_is_told(tmp_path: Path) -> None:
    with store(tmp_path, 30_000) as opened:
        stored = append_all(opened, some(100))
        numbers = opened.numbers()
    (tmp_path / f"{numbers[1]:08d}.segment").unlink()
    with store(tmp_path) as opened:
        assert [one.reason for one in opened.scrub().damage] == ["missing"]
        assert {at.segment for at in check_only_truth(opened, stored)} == {numbers[1]}


def test_positions_in_a_lost_newest_file_are_never_given_to_other_frames(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        stored = append_all(opened, some(3))
    newest(tmp_path).unlink()
    with store(tmp_path) as opened:
        assert [one.reason for one in opened.scrub().damage] == ["missing"]
        fresh = append_all(opened, some(3))
        assert not fresh.keys() & stored.keys()
        assert check_only_truth(opened, fresh | stored) == stored.keys()


def test_a_file_dropped_on_purpose_is_no_damage(tmp_path: Path) -> None:
    with store(tmp_path, 30_000) as opened:
        stored = append_all(opened, some(100))
        opened.drop(opened.numbers()[0])
        with pytest.raises(ValueError, match="newest"):
            opened.drop(opened.numbers()[-1])
    with store(tmp_path) as opened:
        assert opened.scrub().damage == ()
        assert {at.segment for at in check_only_truth(opened, stored)} == {1}
        assert [path.stat().st_size for path in tmp_path.glob("*.dropped")] == [FIRST_FRAME]


def test_a_drop_that_was_killed_halfway_is_finished(tmp_path: Path) -> None:
    with store(tmp_path, 30_000) as opened:
        append_all(opened, some(100))
        oldest = tmp_path / f"{opened.numbers()[0]:08d}.segment"
    oldest.rename(oldest.with_suffix(".dropped"))
    with store(tmp_path) as opened:
        assert opened.scrub().damage == ()
        assert oldest.with_suffix(".dropped").stat().st_size == FIRST_FRAME


def test_sixteen_callers_share_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(disk, "sync", syncs.append)
    with store(tmp_path) as opened:
        append_all(opened, some(64))
    assert len(syncs) <= 10


def test_frames_of_different_sizes_up_to_the_largest(tmp_path: Path) -> None:
    wanted = [
        Frame(KEY, n, b"m" * n, bytes(size)) for n, size in enumerate([0, 1, 4095, 4096, 65536, LARGEST_FRAME - 5])
    ]
    with store(tmp_path) as opened:
        stored = append_all(opened, wanted)
        assert not check_only_truth(opened, stored)
        with pytest.raises(ValueError, match="4 MiB"):
            opened.append_now(KEY, 0, b"", bytes(LARGEST_FRAME + 1))


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


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    with store(tmp_path), pytest.raises(StoreInUse):
        SegmentStore.open(tmp_path)


def test_a_closed_store_refuses(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        pass
    with pytest.raises(StoreClosed):
        opened.append_now(KEY, 0, b"", b"")


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
