"""Parsers, for some seconds under coverage; `./run fuzz` goes on for hours."""

import io
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.__main__ import parser
from tests.fuzz.targets import TARGETS, exports
from tocsin.evidence.sealed import Sealed, SealedMalformed

needs_atheris = pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has wheels for x86_64 Linux alone")


@pytest.mark.parametrize("target", TARGETS, ids=lambda one: one.name)
def test_every_target_takes_what_it_begins_with_and_its_beginnings(target: object) -> None:
    seeds = list(getattr(target, "seeds")())  # noqa: B009
    assert seeds
    for seed in [*seeds, b"", b"\0", seeds[0][:-1], seeds[0] + b"\n", seeds[0][::-1]]:
        getattr(target, "read")(seed)  # noqa: B009


@needs_atheris
def test_no_input_breaks_a_parser(tmp_path: Path) -> None:
    is_well, said = parser("all", 4, tmp_path)
    assert is_well, said


@needs_atheris
def test_a_hole_that_is_planted_is_found(tmp_path: Path) -> None:
    is_well, said = parser("planted", 20, tmp_path)
    assert not is_well
    assert "KeyError" in said
    assert list(tmp_path.rglob("found-*"))


@pytest.mark.parametrize("way", ["offset", "compressed", "locked"])
def test_a_bent_export_is_no_export(way: str) -> None:
    """Found by fuzzing: an offset before the file is a `ValueError` of the library."""
    raw = bytearray(next(iter(exports())))
    at = raw.rindex(b"PK\x01\x02") if way == "offset" else raw.index(b"PK\x01\x02")
    if way == "offset":
        end = raw.rindex(b"PK\x05\x06")
        raw[end + 16 : end + 20] = (int.from_bytes(raw[end + 16 : end + 20], "little") + 4000).to_bytes(4, "little")
    elif way == "compressed":
        raw[at + 10] = 8
    else:
        raw[at + 8] |= 1
    with pytest.raises(SealedMalformed), Sealed(io.BytesIO(bytes(raw))) as export:
        assert export.header
