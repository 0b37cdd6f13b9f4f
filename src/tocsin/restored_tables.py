"""The tables of a restored node: rows as the backup has them, and of the log's public entries only what the log itself shows."""

import shutil
from bisect import bisect_right
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, inspect, select

from tocsin.backup import CARRIED
from tocsin.crypto import canonical
from tocsin.encounters.model import State
from tocsin.encounters.tables import recording
from tocsin.errors import TocsinError
from tocsin.people import desk_keys, steward_keys
from tocsin.restored_parts import TABLES, Unpacked
from tocsin.store import rows
from tocsin.store.archive import ArchiveDamaged
from tocsin.store.db import Database
from tocsin.store.migrate import SchemaNewer, revisions
from tocsin.tlog import entry as entries
from tocsin.tlog import note as notes
from tocsin.tlog import public
from tocsin.tlog.audit import Report
from tocsin.tlog.log import Log
from tocsin.tlog.note import Note
from tocsin.tlog.public import public_entry

PEOPLE = (desk_keys.KIND, steward_keys.KIND)
"""Kinds of public entries that somebody has to add; the node puts its own in line by itself."""


@dataclass(frozen=True)
class Counted:
    """What the tables say now. `lost`: recordings that were on the node; `waiting`: keys that no beat had taken."""

    lost: int
    erased: int
    waiting: int


class DatabaseNotEmpty(TocsinError):
    code = "database_not_empty"
    status = 409
    message = "There are tables in this database. A backup is restored into an empty one; nothing was changed."


def lay_tables(folder: Path, unpacked: Unpacked, copy: Log, report: Report, url: str, *, is_new_log: bool) -> Counted:
    """Build the database at `url` (SQLite in `folder` where there is none) at the backup's schema, bring it to this program's, and
    hold it to the log.

    Raises `SchemaNewer`, `DatabaseNotEmpty`, `ArchiveDamaged` for a table that no backup carries or an entry the log does not have.
    """
    with closing(Database.open(url or f"sqlite:///{folder / 'tocsin.sqlite'}")) as database:
        if database.read_now(lambda c: inspect(c).get_table_names()):
            raise DatabaseNotEmpty
        database.migrate(_known(str(unpacked.about.get("schema"))))
        carried = {table.name for table in CARRIED}
        for piece in unpacked.pieces:
            name, raw = piece.split("/")[1], (folder / piece).read_bytes()
            if name not in carried:
                raise ArchiveDamaged
            database.write_now(partial(rows.load, name=name, raw=raw))
        database.migrate()
        waiting = database.write_now(lambda c: _hold_to_log(c, copy))
        waiting -= database.write_now(lambda c: _take_from_log(c, report))
        if is_new_log:
            database.write_now(lambda c: _begin_anew(c, copy))
        lost, erased = (database.read_now(partial(_count, state=one)) for one in (State.LOST, State.ERASED))
    shutil.rmtree(folder / TABLES, ignore_errors=True)
    return Counted(lost, erased, len(waiting))


def _known(schema: str) -> str:
    """Raise `SchemaNewer` for a schema that this program does not know."""
    if schema not in revisions():
        raise SchemaNewer
    return schema


def _hold_to_log(connection: Connection, copy: Log) -> set[bytes]:
    """Keep of the public entries those that stand in the log where the row says; digests of people's that had not come to stand.

    Whoever slipped us another backup could have put a lawyer's key in line; the log, which its key signed, has none of that.
    """
    has_none = public_entry.c.leaf.is_(None)
    of_people = select(public_entry.c.digest).where(has_none, public_entry.c.kind.in_(PEOPLE))
    waiting = set(connection.execute(of_people).scalars())
    connection.execute(delete(public_entry).where(has_none))
    for row in connection.execute(select(public_entry)):
        if row.leaf >= copy.size or copy.entry(row.leaf) != row.entry or sha256(row.entry).digest() != row.digest:
            raise ArchiveDamaged
    return waiting


def _take_from_log(connection: Connection, report: Report) -> set[bytes]:
    """What came to stand after the backup, by digest: a lawyer's key that was taken off the desk since must not come back.

    Since which checkpoint a witness saw it is not looked up: it counts from the next one, later than it might.
    """
    known = set(connection.execute(select(public_entry.c.digest)).scalars())
    nth = connection.execute(select(func.max(public_entry.c.nth))).scalar() or 0
    for index, entry in report.public:
        digest = sha256(entry).digest()
        if digest not in known:
            known.add(digest)
            nth += 1
            beat = report.beats[bisect_right(report.beats, index, key=lambda one: one.first) - 1]
            stands = {"leaf": index, "tree_size": beat.end, "beat": beat.beat, "cosigned_size": None}
            kind = entries.kind_of(entry)
            connection.execute(insert(public_entry).values(digest=digest, kind=kind, entry=entry, nth=nth, **stands))
    return known


def _begin_anew(connection: Connection, copy: Log) -> None:
    """Put in line what the new log continues, and nothing else: stewards signed for the log that ended, and sign anew."""
    connection.execute(delete(public_entry))
    newest = notes.parse(copy.checkpoint_note())
    signed = Note(newest.text, newest.by(copy.vkey))
    entry = entries.CONTINUES + canonical.dumps({"checkpoint": str(signed)})
    public.queue(connection, sha256(entry).digest(), "continues", entry)


def _count(connection: Connection, state: State) -> int:
    question = select(func.count()).select_from(recording).where(recording.c.state == str(state))
    return int(connection.execute(question).scalar_one())
