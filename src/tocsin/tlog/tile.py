"""Tiles and entry bundles: the tree as files of 256 hashes (C2SP tlog-tiles)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tocsin.errors import TocsinError
from tocsin.tlog.merkle import HASH_BYTES, Hash, Reader, node_hash

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
HIGHEST_LEVEL = 63
LONGEST_ENTRY = 2**16 - 1

ENTRIES = -1
"""Level of entry bundles, which stand beside the tiles of level 0."""

PATH = re.compile(r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class TileMissing(TocsinError):
    """No such tile in the published tree, or no such path."""

    code = "tile_missing"
    status = 404
    message = "The log has no such tile yet. Ask for one that the checkpoint you hold implies."


class BundleMalformed(TocsinError):
    """An entry bundle or a tile has not the shape it must have."""

    code = "bundle_malformed"
    status = 422
    message = "A file of the log is damaged or was changed. Do not rely on it."


@dataclass(frozen=True)
class Tile:
    """Where a tile is: `level` (or `ENTRIES`), `index` in its level, `width` from 1 to 256."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Below `tile/`, as the standard spells it: `0/x001/234.p/5`."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{level}/{'/'.join(groups)}{partial}"


def parse_path(path: str) -> Tile:
    """Inverse of `Tile.path`. Raises `TileMissing` for every other spelling."""
    match = PATH.fullmatch(path)
    if match is None:
        raise TileMissing
    level = ENTRIES if match[1] == "entries" else int(match[1])
    tile = Tile(level, int(match[2].replace("x", "").replace("/", "")), int(match[3] or TILE_WIDTH))
    if level > HIGHEST_LEVEL or tile.path != path:
        raise TileMissing
    return tile


def width_at(size: int, level: int, index: int) -> int:
    """How many hashes tile `index` of `level` has in a tree of `size`; 0 where it does not exist."""
    hashes = size >> (TILE_HEIGHT * max(level, 0))
    return min(max(hashes - index * TILE_WIDTH, 0), TILE_WIDTH)


def split_tile(raw: bytes, width: int) -> list[Hash]:
    """The hashes of a tile. Raises `BundleMalformed`."""
    if len(raw) != width * HASH_BYTES:
        raise BundleMalformed
    return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


def join_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries, each behind its length in two bytes. Raises `ValueError` for one that is too long."""
    if any(len(entry) > LONGEST_ENTRY for entry in entries):
        raise ValueError("entry longer than 65,535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def split_bundle(raw: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle. Raises `BundleMalformed`."""
    entries: list[bytes] = []
    at = 0
    while at < len(raw):
        end = at + 2 + int.from_bytes(raw[at : at + 2], "big")
        if at + 2 > len(raw) or end > len(raw):
            raise BundleMalformed
        entries.append(raw[at + 2 : end])
        at = end
    if len(entries) != width:
        raise BundleMalformed
    return entries


def cut(raw: bytes, tile: Tile, width: int) -> bytes:
    """The first `tile.width` items of a stored tile or bundle of `width`."""
    if tile.width == width:
        return raw
    if tile.level != ENTRIES:
        return raw[: tile.width * HASH_BYTES]
    return join_bundle(split_bundle(raw, width)[: tile.width])


def fold(hashes: Sequence[Hash]) -> Hash:
    """Root of a complete subtree given its `2**n` leaves."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


FetchTile: TypeAlias = Callable[[Tile], Sequence[Hash]]


def reader_of_tiles(size: int, fetch: FetchTile) -> Reader:
    """A `merkle.Reader` of the tree of `size` leaves; `fetch` answers the hashes of a tile at the width it has at that
    size.
    """

    def read(level: int, index: int) -> Hash:
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        where, offset = divmod(first, TILE_WIDTH)
        hashes = fetch(Tile(tile_level, where, width_at(size, tile_level, where)))
        return fold(hashes[offset : offset + (1 << height)])

    return read
