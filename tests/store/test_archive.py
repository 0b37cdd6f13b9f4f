"""Promises of the sealed archive: what went in comes out, and nothing of a changed or shortened file is believed."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.store import archive
from tocsin.store.archive import ArchiveDamaged, ArchiveNotForUs, Part, part_of

IDENTITY, RECIPIENT = envelope.new_identity(SystemClock())
PARTS = {"a": b"", "folder/b.txt": b"x" * 511, "folder/c": random.Random(1).randbytes(200_000), "d": b"y" * 512}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sealed.age"
    archive.new(path, [RECIPIENT], (part_of(name, content) for name, content in PARTS.items()))
    return path


class Taken:
    def __init__(self, found: dict[str, bytes], name: str) -> None:
        self._found, self._name, self._raw = found, name, b""

    def write(self, raw: bytes) -> None:
        self._raw += raw

    def close(self) -> None:
        self._found[self._name] = self._raw


def read(path: Path, identity: str = IDENTITY) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with path.open("rb") as sealed:
        archive.read(sealed, identity, lambda name, _: Taken(found, name))
    return found


def test_what_went_in_comes_out(file: Path) -> None:
    assert read(file) == PARTS
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_tar_program_reads_what_age_opens(file: Path, tmp_path: Path) -> None:
    import pyrage  # type: ignore[import-untyped]

    opened = tmp_path / "opened.tar"
    opened.write_bytes(pyrage.decrypt(file.read_bytes(), [pyrage.x25519.Identity.from_str(IDENTITY)]))
    (to := tmp_path / "to").mkdir()
    subprocess.run(["tar", "-x", "-f", opened, "-C", to], check=True)
    assert {name: (to / name).read_bytes() for name in PARTS} == PARTS


def test_every_change_and_every_cut_is_refused(file: Path, tmp_path: Path) -> None:
    whole, source, other = file.read_bytes(), random.Random(20261121), tmp_path / "other.age"
    for _ in range(40):
        changed = bytearray(whole)
        changed[source.randrange(len(whole))] ^= 1 << source.randrange(8)
        for raw in (bytes(changed), whole[: source.randrange(len(whole))]):
            other.write_bytes(raw)
            with pytest.raises((ArchiveDamaged, ArchiveNotForUs)):
                read(other)


def test_another_identity_opens_nothing(file: Path) -> None:
    with pytest.raises(ArchiveNotForUs):
        read(file, envelope.new_identity(SystemClock())[0])


def test_a_name_that_leads_elsewhere_is_neither_written_nor_read(tmp_path: Path) -> None:
    for name in ("../x", "/x", "a/../b", "x" * 101):
        with pytest.raises(ValueError):
            archive.new(tmp_path / "sealed.age", [RECIPIENT], [part_of(name, b"")])
    assert not list(tmp_path.iterdir())


def test_what_breaks_on_the_way_leaves_no_file_and_keeps_its_name(tmp_path: Path) -> None:
    def parts() -> Iterator[Part]:
        yield part_of("a", b"1")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        archive.new(tmp_path / "sealed.age", [RECIPIENT], parts())
    assert not list(tmp_path.iterdir())


def test_a_taken_name_is_left_as_it_was(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(FileExistsError):
        archive.new(file, [RECIPIENT], [part_of("a", b"")])
    assert file.read_bytes() == before
