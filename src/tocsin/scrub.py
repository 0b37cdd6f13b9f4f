"""Read everything a stopped node keeps, and say what is not as it was written. Nothing is changed, nothing is opened.

What is damaged is never given out (each store checks what it reads); this finds it before somebody asks for it.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select
from sqlalchemy.exc import DatabaseError

from tocsin.crypto.profiles import NONCE_BYTES
from tocsin.encounters import queries
from tocsin.encounters.model import State
from tocsin.encounters.tables import frame
from tocsin.errors import TocsinError
from tocsin.own_keys import open_custody
from tocsin.settings import Settings, settings_of
from tocsin.store.blobs import DiskBlobs
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys, KeyErased
from tocsin.store.segment_format import Position
from tocsin.store.segments import SegmentCorrupt, SegmentStore


class Read(NamedTuple):
    """What reading one store showed: how many pieces, and each damage as a plain sentence."""

    store: str
    pieces: int
    damage: tuple[str, ...]


def scrub(settings: Settings) -> Iterator[Read]:
    """Read every store of a stopped node through. Raises `StoreInUse` while it runs."""
    place = Path(settings.folder)
    yield _keys(settings)
    yield _log(place)
    database = _attempt(lambda: Database.open(settings.database_url))
    if isinstance(database, str):
        yield Read("tables", 0, (database,))
    segments = SegmentStore.open(place / "segments")
    with closing(segments), closing(EraseKeys.open(place / "erase.keys", settings.erase_slots)) as erase_keys:
        yield _segments(segments)
        yield Read("erase.keys", settings.erase_slots, tuple(f"slot {at} is damaged" for at in erase_keys.damaged()))
        if isinstance(database, Database):
            with closing(database):
                yield _asked("tables", partial(_tables, database))
                yield _asked("index", partial(_index, database, segments))
                yield _asked("envelopes", partial(_envelopes, database, erase_keys))


def _attempt(verb: Callable[[], Database]) -> Database | str:
    try:
        return verb()
    except TocsinError as error:
        if error.code == "store_in_use":
            raise
        return error.message


def _asked(store: str, verb: Callable[[], Read]) -> Read:
    """What `verb` read; where a flipped bit keeps the database from answering at all, that is the damage."""
    try:
        return verb()
    except DatabaseError:
        return Read(store, 0, ("the database cannot read its own tables",))


def _keys(settings: Settings) -> Read:
    custody, damage = open_custody(settings), list[str]()
    states = custody.state()
    for state in states:
        try:
            if state.is_unlocked:
                custody.get(state.name)
        except TocsinError as error:
            damage.append(f"{state.name}: {error.message}")
    return Read("keys", len(states), tuple(damage))


def _log(place: Path) -> Read:
    blobs = DiskBlobs(place / "log")
    return Read("log", len(blobs.list()), tuple(f"{name} is damaged" for name in blobs.damaged()))


def _segments(segments: SegmentStore) -> Read:
    found = segments.scrub()
    lost = [one for one in found.damage if one.acknowledged]
    said = (
        f"file {one.position.segment} at {one.position.offset}: {one.reason}, {one.length} bytes lost" for one in lost
    )
    return Read("segments", found.frames, tuple(said))


def _tables(database: Database) -> Read:
    def check(connection: Connection) -> list[str]:
        if connection.dialect.name != "sqlite":
            return []  # PostgreSQL checks its own pages, where it was told to (initdb --data-checksums)
        return [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]

    said = database.read_now(check)
    return Read("tables", 1, tuple(line for line in said if line != "ok"))


def _index(database: Database, segments: SegmentStore) -> Read:
    """Every indexed frame is where the index says, and the one it says."""
    rows = database.read_now(lambda c: c.execute(select(frame)).all())
    lost = 0
    for row in rows:
        try:
            found = segments.read(Position(row.segment, row.offset))
            lost += (found.key, found.seq) != (row.recording_id, row.number)
        except SegmentCorrupt:
            lost += 1
    return Read("index", len(rows), (f"{lost} pieces of recordings are lost",) if lost else ())


def _envelopes(database: Database, erase_keys: EraseKeys) -> Read:
    """Every kept recording's envelope lies under the key its row names, every held one's under its hold's. None is looked into."""
    listed = database.read_now(queries.listed)
    rows = [
        (row.slot, row.box, row.id) for row in listed if row.state is not State.LOST
    ]  # a restored node never had it
    rows += [(held.slot, held.box, held.recording_id) for held, _ in database.read_now(queries.holds)]
    lost = 0
    for slot, box, recording_id in rows:
        try:
            AESGCM(erase_keys.key(slot)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], recording_id)
        except KeyErased:
            continue  # an erasure that the next start ends
        except (TocsinError, InvalidTag):
            lost += 1
    return Read("envelopes", len(rows), (f"{lost} recordings cannot be handed out any more",) if lost else ())


@click.command("scrub")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def scrub_command(path: Path | None, *, as_json: bool) -> None:
    """Read everything a stopped node keeps and say what is damaged. Exit status 1 when something is."""
    is_whole = True
    for read in scrub(settings_of(path)):
        is_whole &= not read.damage
        if as_json:
            click.echo(json.dumps(read._asdict()))
            continue
        click.echo(f"{'DAMAGED' if read.damage else 'whole  '} {read.store}: {read.pieces} read")
        for line in read.damage:
            click.echo(f"        {line}")
    sys.exit(0 if is_whole else 1)
