"""The kernel's table of mounts, read carefully."""

from pathlib import Path

import pytest

from tocsin.store.mounts import is_in_memory, is_overwritten_in_place


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("ext4 /dev/x rw", True),
        ("ext4 /dev/x rw,data=journal", False),
        ("btrfs /dev/x rw", False),
        ("overlay overlay rw,upperdir=/u", False),
        ("xfs /dev/x rw", True),
    ],
)
def test_file_systems_that_copy_on_write_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, answer: bool
) -> None:
    lines = f"1 0 0:1 / / rw - tmpfs tmpfs rw\n2 1 0:2 / {tmp_path} rw,relatime shared:1 - {kind}\n"
    monkeypatch.setattr(Path, "read_text", lambda _path: lines)
    assert is_overwritten_in_place(tmp_path / "erase.keys") is answer


def test_memory_is_told_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = f"1 0 0:1 / / rw - ext4 /dev/x rw\n2 1 0:2 / {tmp_path}/a\\040b rw - tmpfs tmpfs rw\n"
    monkeypatch.setattr(Path, "read_text", lambda _path: lines)
    assert is_in_memory(tmp_path / "a b" / "file")
    assert not is_in_memory(tmp_path / "file")
