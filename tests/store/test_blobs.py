"""Blobs: whole, exact and durable, or refused."""

import errno
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tocsin.store import disk
from tocsin.store.blobs import BlobDamaged, BlobExists, BlobMissing, DiskBlobs


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "blobs")


@pytest.mark.parametrize("content", [b"", b"x", bytes(100_000)])
def test_what_was_put_is_got(blobs: DiskBlobs, content: bytes) -> None:
    blobs.put("tile/0/x001/234.p/5", b"old")
    blobs.put("tile/0/x001/234.p/5", content)
    assert blobs.get("tile/0/x001/234.p/5") == content
    assert blobs.exists("tile/0/x001/234.p/5")


def test_what_was_not_put_is_missing(blobs: DiskBlobs) -> None:
    blobs.put("a", b"")
    for name in ("b", "a/b"):
        assert not blobs.exists(name)
        with pytest.raises(BlobMissing):
            blobs.get(name)


def test_put_new_never_overwrites(blobs: DiskBlobs) -> None:
    blobs.put_new("a", b"first")
    with pytest.raises(BlobExists):
        blobs.put_new("a", b"second")
    assert blobs.get("a") == b"first"


def test_of_many_that_put_new_at_once_one_succeeds(blobs: DiskBlobs) -> None:
    def attempt(number: int) -> int | None:
        try:
            blobs.put_new("a", bytes([number]))
        except BlobExists:
            return None
        return number

    with ThreadPoolExecutor(8) as threads:
        winners = [number for number in threads.map(attempt, range(40)) if number is not None]
    assert blobs.get("a") == bytes(winners)


def test_names_are_listed_by_prefix(blobs: DiskBlobs) -> None:
    for name in ("tile/1/000", "tile/0/001", "tile/0/000", "checkpoint"):
        blobs.put(name, b"")
    assert blobs.list("tile/0/") == ["tile/0/000", "tile/0/001"]
    assert blobs.list() == ["checkpoint", "tile/0/000", "tile/0/001", "tile/1/000"]
    blobs.remove("checkpoint")
    blobs.remove("checkpoint")
    assert blobs.list("c") == []


@pytest.mark.parametrize("name", ["", "/a", "a/", "../a", "a/../b", ".hidden", "a//b", "a\0", "a\n", "é"])
def test_names_that_could_leave_the_directory_are_refused(blobs: DiskBlobs, name: str) -> None:
    with pytest.raises(ValueError, match="blob name"):
        blobs.put(name, b"")


def test_every_flipped_bit_and_every_truncation_is_found(blobs: DiskBlobs, tmp_path: Path) -> None:
    blobs.put("a", random.Random(1).randbytes(500))
    file = tmp_path / "blobs" / "a"
    whole = file.read_bytes()
    wrong = [whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :] for at in range(len(whole))]
    for raw in wrong + [whole[:length] for length in range(len(whole))]:
        file.write_bytes(raw)
        with pytest.raises(BlobDamaged):
            blobs.get("a")
    assert blobs.damaged() == ["a"]


def test_one_blob_cannot_pass_for_another(blobs: DiskBlobs, tmp_path: Path) -> None:
    blobs.put("a", b"x")
    (tmp_path / "blobs" / "a").rename(tmp_path / "blobs" / "b")
    with pytest.raises(BlobDamaged):
        blobs.get("b")


def test_a_full_disk_leaves_what_was_there(blobs: DiskBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _parts: object, _offset: int) -> int:
        raise OSError(errno.ENOSPC, "full")

    blobs.put("a", b"old")
    monkeypatch.setattr(disk, "write_at", full)
    with pytest.raises(disk.DiskFull):
        blobs.put("a", b"new")
    assert blobs.get("a") == b"old"
    assert blobs.list() == ["a"]


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    DiskBlobs(tmp_path).put("t/a", b"")
    left = tmp_path / "t" / ".b.7.unfinished"
    left.write_bytes(b"half")
    assert DiskBlobs(tmp_path).list() == ["t/a"]
    assert not left.exists()
