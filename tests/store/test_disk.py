"""The few calls that mean "durable"."""

import errno
import os
from pathlib import Path

import pytest

from tocsin.store import disk


def test_a_write_goes_on_where_the_kernel_stopped_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pwritev = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda fd, parts, offset: pwritev(fd, [bytes(parts[0][:7])], offset))
    parts = [b"a" * 20, b"", b"b" * 3, b"c" * 8]
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    assert disk.write_at(descriptor, parts, 5) == 36
    assert disk.read_at(descriptor, 100, 0) == bytes(5) + b"".join(parts)
    os.close(descriptor)


def test_more_parts_than_the_kernel_takes_at_once(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    disk.write_at(descriptor, [b"ab"] * 3000, 0)
    assert disk.read_at(descriptor, 6001, 0) == b"ab" * 3000
    os.close(descriptor)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_full_is_said_plainly(number: int) -> None:
    with pytest.raises(disk.DiskFull) as refused, disk.full_disk_said_plainly():
        raise OSError(number, "")
    assert (refused.value.code, refused.value.status) == ("disk_full", 507)


def test_another_error_is_not_called_full() -> None:
    with pytest.raises(OSError, match="broken"), disk.full_disk_said_plainly():
        raise OSError(errno.EIO, "broken")


def test_a_file_has_its_name_only_when_it_is_whole_and_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[tuple[str, bool]] = []
    path = tmp_path / "file"
    monkeypatch.setattr(disk, "sync", lambda _descriptor: order.append(("content", path.exists())))
    monkeypatch.setattr(disk, "sync_directory", lambda _directory: order.append(("name", path.exists())))
    disk.write_new_file(path, [b"content"])
    assert order == [("content", False), ("name", True)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_directories_are_for_their_owner_only(tmp_path: Path) -> None:
    disk.make_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_where_direct_writes_are_unknown_the_cache_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os_open = os.open

    def without_direct(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "")
        return os_open(path, flags, mode)

    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(os, "open", without_direct)
    descriptor = disk.open_direct(tmp_path / "file")
    disk.write_at(descriptor, [b"odd"], 1)
    os.close(descriptor)
    assert (tmp_path / "file").read_bytes() == b"\0odd"
