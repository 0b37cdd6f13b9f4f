"""F3 and F10: bits flip, files are cut short, SQLite's files go missing. Said plainly, never served, never silently empty."""

import asyncio
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from tests.faults.crowd import Crowd
from tests.faults.f01_kill import check_interrupted
from tests.faults.outcome import Outcome
from tests.faults.served import Died, Served, serving
from tocsin.errors import TocsinError
from tocsin.scrub import scrub
from tocsin.settings import Settings
from tocsin.store.db import Database

LIVE = ("segments/*.segment", "erase.keys", "tocsin.sqlite", "log/**/*", "keys/*.key")


def stopped_node(node: Served, seconds: float) -> Crowd:
    """A node that recorded for a while and was stopped in order."""
    crowd = Crowd(node.share_recipient, width=2)
    node.start()

    async def record() -> None:
        until = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, until.set)
        await crowd.press_on(node.port, until)
        await crowd.finish(node.port)

    asyncio.run(record())
    node.kill(signal.SIGTERM)
    return crowd


def files_of(place: Path) -> dict[str, list[Path]]:
    """The stores' files, by store."""
    found = {pattern.split("/")[0]: sorted(path for path in place.glob(pattern) if path.is_file()) for pattern in LIVE}
    assert all(found.values()), found
    return found


def flip(path: Path) -> None:
    """One bit, anywhere."""
    raw = bytearray(path.read_bytes())
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    path.write_bytes(raw)


def shorten(path: Path) -> None:
    """The end is missing, by up to a page."""
    raw = path.read_bytes()
    path.write_bytes(raw[: max(0, len(raw) - random.randrange(1, 4096))])


def is_found(settings: Settings) -> bool:
    """Whether reading everything says that something is damaged."""
    try:
        return any(read.damage for read in scrub(settings))
    except (TocsinError, OSError, ValueError):
        return True


def rows_of(settings: Settings) -> object:
    """Everything the tables say, or why they say nothing."""
    try:
        database = Database.open(settings.database_url)
    except TocsinError as error:
        return error.code
    with closing(database):
        try:
            return database.read_now(
                lambda c: [
                    sorted(map(repr, c.execute(select(table)).all())) for table in Database.metadata.sorted_tables
                ]
            )
        except DatabaseError:
            return "a text that is none any more"


def rot(node: Served, folder: Path, times: int) -> Counter[str]:
    """Damage a copy of the stopped node `times` times a store; found or not, by store and kind."""
    told: Counter[str] = Counter()
    home, kept = node.place, folder / "kept"
    shutil.copytree(home, kept)
    assert not is_found(node.settings), "a whole node was said to be damaged"
    rows = rows_of(node.settings)
    verbs: tuple[Callable[[Path], None], ...] = (flip, flip, flip, shorten)
    for store, files in files_of(home).items():
        for number in range(times):
            chosen, damage = random.choice(files), verbs[number % len(verbs)]
            damage(chosen)
            # What is neither found nor changes anything lay in padding or in free pages.
            seen = "found" if is_found(node.settings) else "silent" if rows_of(node.settings) != rows else "harmless"
            told[f"{store} {damage.__name__} {seen}"] += 1
            shutil.rmtree(home)
            shutil.copytree(kept, home)
    return told


def spoil_sqlite(node: Served, crowd: Crowd) -> dict[str, str]:
    """F10: each way to hurt SQLite's files and what a start then says; "" where it starts and has lost nothing."""
    database = node.place / "tocsin.sqlite"
    kept = node.folder / "before"
    shutil.copytree(node.place, kept)
    beside = {end: database.with_name(database.name + end) for end in ("-wal", "-shm")}
    ways: dict[str, Callable[[], object]] = {
        "header overwritten": lambda: database.write_bytes(b"\0" * 100 + database.read_bytes()[100:]),
        "middle overwritten": lambda: database.write_bytes(
            database.read_bytes()[:4096] + random.randbytes(8192) + database.read_bytes()[12288:]
        ),
        "emptied": lambda: database.write_bytes(b""),
        "gone": database.unlink,
        "-wal gone": beside["-wal"].unlink,
        "-shm gone": beside["-shm"].unlink,
    }
    said = {}
    for name, spoil in ways.items():
        spoil()
        try:
            node.start()
            asyncio.run(check_interrupted(node, crowd))
            said[name] = ""
        except Died as died:
            said[name] = str(died).strip().splitlines()[-1]
        node.kill()
        shutil.rmtree(node.place)
        shutil.copytree(kept, node.place)
    return said


def run_sqlite(folder: Path) -> dict[str, str]:
    """F10 on a node that was killed, so that its newest commits are in the write-ahead file alone."""
    with serving(folder) as node:
        crowd = Crowd(node.share_recipient, width=1)
        node.start()

        async def record() -> None:
            until = asyncio.Event()
            asyncio.get_running_loop().call_later(0.5, until.set)
            await crowd.press_on(node.port, until)

        asyncio.run(record())
        node.kill()
        return spoil_sqlite(node, crowd)


def is_plain(said: dict[str, str]) -> bool:
    """Started with everything there, or refused in words with a code. What cannot be mended must be refused."""
    lost = [said[name] for name in ("emptied", "gone", "-wal gone")]
    return all(lost) and all(line.endswith(")") and ". (" in line for line in said.values() if line)


def perform(folder: Path, is_full: bool) -> Outcome:
    """400 hurts a store, or 4. A row of SQLite has no checksum of its own: what changes one in silence is counted and told."""
    with serving(folder / "rot") as node:
        stopped_node(node, 1.0)
        told = rot(node, folder, 400 if is_full else 4)
    silent = sum(count for name, count in told.items() if "silent" in name and not name.startswith("tocsin.sqlite"))
    return Outcome(silent == 0, {name.replace(" ", "_"): count for name, count in sorted(told.items())})


def perform_sqlite(folder: Path, is_full: bool) -> Outcome:
    """The same in both forms."""
    said = run_sqlite(folder)
    return Outcome(is_plain(said), {name: line or "started, nothing lost" for name, line in said.items()})
