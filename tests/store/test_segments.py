"""Segments: what was appended is read back, in order, exactly, once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.segment_trials import KEY, append_all, check_only_truth, frames, some, store, tmp_path_is_fresh
from tocsin.store import disk
from tocsin.store.disk import StoreInUse
from tocsin.store.group import StoreClosed
from tocsin.store.segment_append import LARGEST_FRAME
from tocsin.store.segment_format import FIRST_FRAME, Frame, Position
from tocsin.store.segments import SegmentStore


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


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    with store(tmp_path), pytest.raises(StoreInUse):
        SegmentStore.open(tmp_path)


def test_a_closed_store_refuses(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        pass
    with pytest.raises(StoreClosed):
        opened.append_now(KEY, 0, b"", b"")
