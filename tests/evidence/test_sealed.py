"""A sealed export reads back what was written, through any zip reader, and is refused when it was cut."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.evidence import stored_zip
from tocsin.evidence.sealed import Sealed, SealedMalformed, write_sealed
from tocsin.evidence.stored_zip import Archive, OnePass

ITEMS = st.lists(st.binary(max_size=200), max_size=20)


def written(path: Path, chunks: list[bytes], notes: list[bytes]) -> Path:
    more = {"node.json": b'{"version":"0"}', "log/checkpoints/64.txt": b"note"}
    path.write_bytes(b"".join(write_sealed(b"header", b"wraps", chunks, notes, more)))
    return path


@given(ITEMS, ITEMS)
def test_what_was_sealed_reads_back(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes], notes: list[bytes]
) -> None:
    with Sealed(written(tmp_path_factory.mktemp("s") / "a.tocsin", chunks, notes)) as sealed:
        assert list(sealed.chunks()) == chunks
        assert list(sealed.notes()) == notes
        assert (sealed.header, sealed.wraps, sealed.node) == (b"header", b"wraps", {"version": "0"})
        assert sealed.log == {"checkpoints/64.txt": b"note"}


def test_every_zip_reader_can_open_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(written(tmp_path / "a.tocsin", [b"chunk"] * 3, [])) as opened:
        assert opened.testzip() is None


def test_a_cut_export_is_refused_at_every_length(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.tocsin", [b"chunk"] * 3, [b"note"]).read_bytes()
    for length in range(0, len(whole), 7):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(SealedMalformed), Sealed(tmp_path / "cut") as sealed:
            list(sealed.chunks())


def test_members_above_four_gigabytes_use_zip64(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the limit lowered so that the test need not write 4 GiB: any zip reader must agree on what stands where."""
    monkeypatch.setattr(stored_zip, "LARGE", 1000)
    archive = OnePass()
    parts = [archive.begin("long", may_be_long=True), archive.piece(b"x" * 3000), archive.finish()]
    (tmp_path / "a.zip").write_bytes(b"".join([*parts, archive.whole("short", b"y"), archive.end()]))
    assert b"PK\x06\x06" in (tmp_path / "a.zip").read_bytes()


def test_an_archive_refuses_content_that_changed() -> None:
    with pytest.raises(ValueError, match="changed"):
        list(Archive().member("a", 3, 0, [b"abc"]))
