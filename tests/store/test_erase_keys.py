"""Erasing is overwriting: the key is gone from the disk, and nobody else's is."""

import itertools
import os
import random
from pathlib import Path

import pytest

from tocsin.ids import SlotNumber
from tocsin.store import disk
from tocsin.store.erase_keys import EraseFailed, EraseKeys, EraseKeysDamaged, KeyErased


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "erase.keys"


def test_keys_are_fresh_and_survive_a_restart(path: Path) -> None:
    keys = EraseKeys.open(path, slots=8)
    slots = [keys.allocate() for _ in range(5)]
    before = [keys.key(slot) for slot in slots]
    keys.close()
    again = EraseKeys.open(path, slots=8)
    assert [again.key(slot) for slot in slots] == before
    assert len(set(before)) == 5
    assert all(len(key) == 32 for key in before)
    assert again.allocate() not in slots
    again.close()


def test_an_erased_key_is_nowhere_in_the_file(path: Path) -> None:
    keys = EraseKeys.open(path, slots=8)
    kept, gone = keys.allocate(), keys.allocate()
    old, other = keys.key(gone), keys.key(kept)
    keys.erase(gone)
    raw = path.read_bytes()
    assert old not in raw
    assert old[:8] not in raw
    assert keys.key(kept) == other
    with pytest.raises(KeyErased):
        keys.key(gone)
    keys.close()


def test_the_overwrite_is_in_place_and_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = EraseKeys.open(path, slots=8)
    slot = keys.allocate()
    before = (path.stat().st_ino, path.stat().st_size, path.stat().st_blocks)
    synced: list[bytes] = []
    monkeypatch.setattr(disk, "sync", lambda descriptor: synced.append(os.pread(descriptor, 1 << 20, 0)))
    keys.erase(slot)
    assert (path.stat().st_ino, path.stat().st_size, path.stat().st_blocks) == before
    assert synced == [path.read_bytes()]
    keys.close()


def test_a_repeated_erasure_never_hits_the_next_owner_of_the_slot(path: Path) -> None:
    keys = EraseKeys.open(path, slots=1)
    first = keys.allocate()
    keys.erase(first)
    second = keys.allocate()
    assert second & 0xFFFFFFFF == first & 0xFFFFFFFF
    mine = keys.key(second)
    keys.erase(first)
    assert keys.key(second) == mine
    with pytest.raises(KeyErased):
        keys.key(first)
    keys.close()


def test_slots_do_not_tell_the_order_in_which_they_were_given_out(path: Path) -> None:
    keys = EraseKeys.open(path, slots=512)
    slots = [keys.allocate() for _ in range(300)]
    for told in ([slot & 0xFFFFFFFF for slot in slots], [slot >> 32 for slot in slots]):
        rising = sum(a < b for a, b in itertools.pairwise(told))
        assert 90 < rising < 210  # 150 by chance, and five standard deviations of 5 around it, with room
    assert max(slots) < 1 << 63
    keys.close()


def test_a_full_file_grows_and_keeps_its_keys(path: Path) -> None:
    keys = EraseKeys.open(path, slots=4)
    slots = [keys.allocate() for _ in range(4)]
    before = [keys.key(slot) for slot in slots]
    more = [keys.allocate() for _ in range(6)]
    assert [keys.key(slot) for slot in slots] == before
    assert len({keys.key(slot) for slot in slots + more}) == 10
    assert path.stat().st_size == 4096 + 12 * 512
    keys.close()


def test_a_slot_never_given_out_is_refused(path: Path) -> None:
    keys = EraseKeys.open(path, slots=4)
    with pytest.raises(KeyErased):
        keys.key(SlotNumber(1 << 32 | 2))
    with pytest.raises(EraseKeysDamaged):
        keys.key(SlotNumber(1 << 32 | 99))
    keys.close()


def test_every_flipped_bit_is_found_and_hurts_one_slot(path: Path) -> None:
    keys = EraseKeys.open(path, slots=8)
    slots = {slot: keys.key(slot) for slot in (keys.allocate() for _ in range(8))}
    keys.close()
    whole = path.read_bytes()
    chosen = random.Random(20261121)
    for _ in range(300):
        at, bit = chosen.randrange(4096, len(whole)), chosen.randrange(8)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        keys = EraseKeys.open(path, slots=8)
        hurt = (at - 4096) // 512
        assert keys.damaged() == [hurt]
        for slot, key in slots.items():
            if slot & 0xFFFFFFFF == hurt:
                with pytest.raises(EraseKeysDamaged):
                    keys.key(slot)
            else:
                assert keys.key(slot) == key
        keys.close()


def test_a_damaged_slot_can_still_be_erased(path: Path) -> None:
    keys = EraseKeys.open(path, slots=1)
    slot = keys.allocate()
    old = keys.key(slot)
    with path.open("r+b") as file:
        file.seek(4096 + 40)
        file.write(b"\xff")
    keys.erase(slot)
    assert old[:8] not in path.read_bytes()
    assert keys.damaged() == []
    keys.close()


def test_another_file_is_refused(path: Path) -> None:
    path.write_bytes(b"something else" * 1000)
    with pytest.raises(EraseKeysDamaged):
        EraseKeys.open(path)


def test_a_disk_that_gives_old_bytes_back_is_not_believed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = EraseKeys.open(path, slots=1)
    slot = keys.allocate()
    monkeypatch.setattr(disk, "write_at", lambda _descriptor, _parts, offset: offset)
    with pytest.raises(EraseFailed):
        keys.erase(slot)
    keys.close()
