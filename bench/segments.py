"""`./run bench segments`: durable appends of 64 KiB a second, sixteen callers at once, beside one write and one sync each.

The peer is the same disk without a group: the same bytes written and synced one after the other. `bare groups` is
sixteen at once without callers, checksums or answers: one plain write and one sync. With 4 ms added to every sync nothing can
be faster than 16 / (4 ms + the disk's own time).
"""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from bench._machine import described, own_folder, say
from bench._report import Headline, asked, finish, table
from tocsin.store import disk
from tocsin.store.segments import SegmentStore

BODY_BYTES, META_BYTES, CALLERS = 65_536, 212, 16
DISK_MS = (0, 4)
ROUNDS, SECONDS = (2, 5), (1.0, 4.0)
"""Short, full."""


def main() -> None:
    given = asked("durable appends a second, beside one sync each")
    rounds, seconds = (ROUNDS[0], SECONDS[0]) if given.is_short else (ROUNDS[1], SECONDS[1])
    with own_folder() as folder:
        print(described(folder))
        measured = {added: measure(folder, added, rounds, seconds) for added in DISK_MS}
    rows = []
    headlines = []
    for added, (ours, alone, limit) in measured.items():
        figures = [statistics.median(values) for values in (ours, alone, limit)]
        rows.append([f"+{added} ms a sync", *(f"{figure:.0f}" for figure in figures)])
        name = "durable_appends_per_second" + (f"_{added}ms_disk" if added else "")
        headlines.append(Headline(name, round(figures[0]), round(figures[1]), round(figures[0] / figures[1], 2), "1/s"))
    table(["64 KiB appends a second", "segments", "one sync each", "bare groups"], rows)
    finish(given, headlines)


def measure(folder: Path, added_ms: float, rounds: int, seconds: float) -> tuple[list[float], list[float], list[float]]:
    """Rates of ours, of one sync each and of the bare disk, in turn, so that all meet the same neighbours."""
    disk.slow_every_sync(added_ms)
    rates: tuple[list[float], list[float], list[float]] = ([], [], [])
    for number in range(rounds):
        say(f"+{added_ms} ms, round {number + 1} of {rounds}")
        place = folder / f"{added_ms}-{number}"
        rates[0].append(asyncio.run(appended(place, seconds)))
        rates[1].append(bare(place, 1, seconds))
        rates[2].append(bare(place, CALLERS, seconds))
        for path in place.iterdir():
            path.unlink()
    return rates


async def appended(place: Path, seconds: float) -> float:
    """Appends a second through the segment store."""
    store = SegmentStore.open(place)
    body, meta, count = os.urandom(BODY_BYTES), bytes(META_BYTES), 0
    began = time.perf_counter()

    async def caller() -> None:
        nonlocal count
        while time.perf_counter() - began < seconds:
            await store.append(bytes(16), count, meta, body)
            count += 1

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    took = time.perf_counter() - began
    store.close()
    return count / took


def bare(place: Path, together: int, seconds: float) -> float:
    """Appends a second by plain writes, `together` of them to a sync, into space set aside."""
    parts: Sequence[bytes] = [os.urandom(BODY_BYTES + META_BYTES)] * together
    descriptor = os.open(place / "bare", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    count, offset, ahead = 0, 0, 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        if offset + together * len(parts[0]) > ahead:
            os.posix_fallocate(descriptor, ahead, 16 << 20)
            ahead += 16 << 20
        offset = disk.write_at(descriptor, parts, offset)
        disk.sync(descriptor)
        count += together
    took = time.perf_counter() - began
    os.close(descriptor)
    return count / took


if __name__ == "__main__":
    main()
