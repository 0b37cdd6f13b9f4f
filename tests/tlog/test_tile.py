"""Tiles are named and cut as C2SP tlog-tiles says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.tlog import merkle, tile
from tocsin.tlog.tile import ENTRIES, BundleMalformed, Tile, TileMissing


@pytest.mark.parametrize(
    ("where", "path"),
    [
        (Tile(0, 0), "0/000"),
        (Tile(0, 1234067), "0/x001/x234/067"),
        (Tile(1, 1, 17), "1/001.p/17"),
        (Tile(ENTRIES, 273, 112), "entries/273.p/112"),
        (Tile(63, 999_999), "63/x999/999"),
    ],
)
def test_paths_are_spelt_in_groups_of_three_digits(where: Tile, path: str) -> None:
    assert where.path == path
    assert tile.parse_path(path) == where


@pytest.mark.parametrize(
    "path",
    ["", "0", "0/0", "0/0000", "00/000", "64/000", "0/x000/001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "-1/000"],
)
def test_every_other_spelling_is_missing(path: str) -> None:
    with pytest.raises(TileMissing):
        tile.parse_path(path)


def test_the_example_of_seventy_thousand_entries() -> None:
    widths = [tile.width_at(70_000, 0, 272), tile.width_at(70_000, 0, 273), tile.width_at(70_000, 0, 274)]
    assert widths == [256, 112, 0]
    assert [tile.width_at(70_000, 1, 0), tile.width_at(70_000, 1, 1), tile.width_at(70_000, 2, 0)] == [256, 17, 1]
    assert [tile.width_at(256, 0, 0), tile.width_at(256, 1, 0)] == [256, 1]


@given(st.lists(st.binary(max_size=300), max_size=50))
def test_bundles_read_back(entries: list[bytes]) -> None:
    assert tile.split_bundle(tile.join_bundle(entries), len(entries)) == entries


@pytest.mark.parametrize(("raw", "width"), [(b"\0", 1), (b"\0\1", 1), (b"\0\0", 2), (b"\0\0\0\0", 1)])
def test_a_torn_bundle_is_refused(raw: bytes, width: int) -> None:
    with pytest.raises(BundleMalformed):
        tile.split_bundle(raw, width)


def test_an_entry_too_long_for_its_length_is_refused() -> None:
    with pytest.raises(ValueError, match="65,535"):
        tile.join_bundle([b"\0" * 65_536])


@given(st.integers(1, 2000), st.data())
def test_a_tree_read_through_tiles_has_the_same_root_and_proofs(size: int, draw: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(number.to_bytes(2, "big")) for number in range(size)]
    levels = [leaves]
    while len(levels[-1]) >= 256:
        below = levels[-1]
        levels.append([tile.fold(below[at : at + 256]) for at in range(0, len(below) - 255, 256)])
    reader = tile.reader_of_tiles(size, lambda t: levels[t.level][t.index * 256 : t.index * 256 + t.width])
    plain = merkle.reader_of(leaves)
    index, old = draw.draw(st.integers(0, size - 1)), draw.draw(st.integers(0, size))
    assert merkle.root(size, reader) == merkle.root(size, plain)
    assert merkle.inclusion_proof(index, size, reader) == merkle.inclusion_proof(index, size, plain)
    assert merkle.consistency_proof(old, size, reader) == merkle.consistency_proof(old, size, plain)
