"""Put back what a backup holds, after proving that its log is the one the world knows (docs/run/backup.md).

Order: everything is read into a folder of another name and every sum checked; the log's entries are hashed up to its signed
root; the world outside is asked what it has seen; only then does the folder get its name. Whatever refuses leaves nothing.

A log that goes on from an old copy is a second log under one name, and the node would be the one who forked it. So it is
restored to go on only where nothing newer was seen outside, or where what came after can be had from a copy and fits. Otherwise
the log has ended: a new one begins under a new name with new keys, and its first beat says which log it continues.
"""

import asyncio
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.own_keys import PUBLISHED
from tocsin.restored_parts import Unpacked, unpack
from tocsin.restored_tables import Counted, lay_tables
from tocsin.settings import toml_of
from tocsin.store import disk
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import note as notes
from tocsin.tlog import outside, stored
from tocsin.tlog.audit import Auditor
from tocsin.tlog.catch_up import CaughtUp, Told, catch_up
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.log import Log
from tocsin.tlog.outside import Seen
from tocsin.tlog.source import HttpSource, LocalSource, LogUnreachable, WholeSource

ENDED = "ended-log"
"""Folder of a log that will not go on, by the names under which it was served: `tocsin package --log` reads it."""
LEAST_OF_A_BEAT = 64


class FolderNotEmpty(TocsinError):
    code = "folder_not_empty"
    status = 409
    message = "There is something in this folder. A backup is restored into a new one; nothing was overwritten."


class KeyNotTheOne(TocsinError):
    code = "log_key_differs"
    status = 422
    message = "This backup is of another log than the key you gave. Nothing was restored."


class LogEnded(TocsinError):
    """The world has seen more of this log than the backup and what was given beside it hold."""

    code = "log_ended"
    status = 409

    def __init__(self, copy: Log, ahead: Sequence[Seen]) -> None:
        super().__init__()
        newest = max(ahead, key=lambda one: one.head.size if one.head else 0)
        more = (newest.head.size if newest.head else 0) - copy.size
        self.message = (
            f"The log went on after this backup: {newest.who} holds {more} entries more, at most {more // LEAST_OF_A_BEAT} "
            f"beats after {when(copy.newest_beat)}. If it went on from here there would be two logs under one name, and every "
            "witness would refuse it. Nothing was restored. Give what is missing with --log, an address or a folder where a "
            "copy of the log is; or begin a new log with --new-log NAME."
        )


class LogUnproven(TocsinError):
    code = "log_unproven"
    status = 409
    message = (
        "Nobody outside could be asked whether this log went on after the backup. Nothing was restored. Reach a witness, give "
        "--log or --checkpoint; or begin a new log with --new-log NAME."
    )


@dataclass(frozen=True)
class Asked:
    """What to hold the log to. `log_key`: its verifier key from a card or a newspaper; `source`: where a copy of the log is."""

    log_key: str = ""
    source: str = ""
    checkpoint: bytes = b""
    witnesses: tuple[str, ...] = ()
    new_log: str = ""
    database: str = ""
    """Where to, when not to SQLite in the folder."""


@dataclass
class Restored:
    """What came of it, for the words that are printed."""

    unpacked: Unpacked
    size: int
    beat: int
    """The recovery point, Unix seconds: the newest beat in the restored log."""
    backup_beat: int
    caught_up: CaughtUp | None
    seen: list[Seen]
    ahead: list[Seen]
    tables: Counted
    troubles: list[str] = field(default_factory=list)
    settings: Path = Path()


def restore(file: Path, identity: str, folder: Path, asked: Asked, clock: Clock, told: Told) -> Restored:
    """Restore the backup in `file` into the new `folder`. Raises a `TocsinError` that says why not; then nothing is there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotEmpty
    disk.make_directory(folder.absolute().parent)
    draft = folder.absolute().with_name(f".{folder.name}.{clock.random_bytes(4).hex()}{disk.UNFINISHED}")
    draft.mkdir(mode=0o700)
    try:
        done = _restore(file, identity, draft, asked, clock, told)
        done.settings = _write_settings(draft, folder.absolute(), done, asked)
        os.sync()
        draft.replace(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    disk.sync_directory(folder.absolute().parent)
    return done


def _restore(file: Path, identity: str, draft: Path, asked: Asked, clock: Clock, told: Told) -> Restored:
    unpacked = unpack(file, identity, draft, told, with_keys=not asked.new_log)
    vkey = notes.parse_vkey(unpacked.published["log"])
    if asked.log_key and notes.parse_vkey(asked.log_key) != vkey:
        raise KeyNotTheOne
    blobs = DiskBlobs(draft / "log", is_draft=True)
    copy = Log.copy(blobs, vkey, clock)
    unpacked.hold_to(copy.size, copy.root)
    backup_beat = copy.newest_beat
    seen, caught_up = asyncio.run(_ask_outside(copy, unpacked, asked)), None
    if asked.source:
        with httpx.Client(trust_env=False) as client:
            caught_up = catch_up(copy, source_of(asked.source, copy, client, clock), told)
        seen.append(Seen(asked.source, Checkpoint(copy.origin, caught_up.size, copy.root_at(caught_up.size))))
    if asked.checkpoint:
        seen.append(Seen("the checkpoint you gave", checkpoints.open_checkpoint(asked.checkpoint, vkey)[0]))
    ahead = outside.ahead_of(copy, seen)
    if not asked.new_log:
        if ahead:
            raise LogEnded(copy, ahead)
        if not any(one.head for one in seen):
            raise LogUnproven
    report = Auditor(vkey, ()).audit(LocalSource(copy))
    tables = lay_tables(draft, unpacked, copy, report, asked.database, is_new_log=bool(asked.new_log))
    done = Restored(unpacked, copy.size, copy.newest_beat, backup_beat, caught_up, seen, ahead, tables, report.troubles)
    if asked.new_log:
        _set_aside(draft, blobs, copy, unpacked.config)
    return done


def source_of(text: str, copy: Log, client: httpx.Client, clock: Clock) -> WholeSource:
    """An address below which a log is served, or a folder in which `tocsin log copy` keeps one."""
    if text.startswith(("http://", "https://")):
        return HttpSource(text, client)
    if not (Path(text) / stored.HEAD).is_file():
        raise LogUnreachable
    return LocalSource(Log.copy(DiskBlobs(Path(text), is_ours=False), copy.vkey, clock, is_ours=False))


async def _ask_outside(copy: Log, unpacked: Unpacked, asked: Asked) -> list[Seen]:
    urls = [*asked.witnesses, *(one["url"] for one in unpacked.settings.get("witnesses", ()))]
    async with httpx.AsyncClient(trust_env=False) as client:
        return await outside.ask(client, list(dict.fromkeys(urls)), copy.vkey)


def _set_aside(draft: Path, blobs: DiskBlobs, copy: Log, config: bytes) -> None:
    """The ended log, by served names, so that whoever has a recording still finds its proofs."""
    ended = draft / ENDED
    for name in [stored.HEAD, *stored.edge_of(blobs, copy.vkey).partial, *stored.rest(blobs, copy.size)]:
        path = ended / stored.served_name(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(blobs.get(name))
    (ended / "client-config").write_bytes(config)
    (draft / PUBLISHED).rename(ended / PUBLISHED)
    shutil.rmtree(draft / "log")


def _write_settings(draft: Path, folder: Path, done: Restored, asked: Asked) -> Path:
    """Settings to start with. Names of files in the backup become places in the new folder."""
    told: dict[str, Any] = {**done.unpacked.settings, "folder": str(folder)}
    if told.get("pack") == "pack":
        told["pack"] = str(folder / "pack")
    for authority in told.get("timestamp_authorities", ()):
        if authority["roots"]:
            authority["roots"] = str(folder / authority["roots"])
    if asked.new_log:
        told["log_origin"] = asked.new_log
    if asked.database:
        told["database"] = asked.database
    (draft / "node.toml").touch(0o600)
    (draft / "node.toml").write_text(toml_of(told))
    return folder / "node.toml"


def when(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if unix_s else "its beginning"
