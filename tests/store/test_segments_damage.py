"""Damaged segments: exact bytes or a refusal, whatever happens to the files (trial F3)."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.segment_trials import (
    KEY,
    SOME_BYTES,
    append_all,
    check_only_truth,
    made,
    newest,
    some,
    store,
    tmp_path_is_fresh,
)
from tocsin.store.segment_format import FIRST_FRAME, Frame


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
