"""Where an entry stands in a log of our own, newest first: for who knows what was put there and not when."""

from tocsin.tlog import tile
from tocsin.tlog.log import Log
from tocsin.tlog.tile import ENTRIES, TILE_WIDTH, Tile


def find(log: Log, entry: bytes, most: int) -> int | None:
    """The index of `entry` among about the newest `most`; None where it is not there. Reads so many entries from the disk."""
    size = log.size
    last = (size - 1) // TILE_WIDTH
    for where in range(last, max(-1, last - most // TILE_WIDTH - 1), -1):
        bundle = Tile(ENTRIES, where, tile.width_at(size, ENTRIES, where))
        raw = log.tile(bundle.path)
        found = tile.split_bundle(raw, bundle.width) if entry in raw else []
        if entry in found:
            return where * TILE_WIDTH + found.index(entry)
    return None
