"""What a node may put back, in one file sealed to a key that is kept elsewhere (docs/run/backup.md).

Promise: never `erase.keys`, never a recording, never an unlocked key. Tables are read at one instant beside a node that goes
on, then the log at a head that is no older, so that everything the tables say stands in it. Nothing is written in clear anywhere,
and memory does not grow with the node.

    backup.json                  format, version, time, schema
    published.json, settings.json, keys/, pack/, roots/
    tables/<table>/<number>      rows as they are to stand after a restore
    log/...                      the log by the names under which the node serves it, and its keys: `tocsin package --log` reads it
    sums/<number>                SHA-256 of the parts before it, as `sha256sum -c` reads them
    manifest.json                the last part: sums of those lists, size and root of the log, newest beat, number of parts
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from tocsin import __version__
from tocsin.alerts import tables as alerts
from tocsin.circle import tables as circle
from tocsin.clock import Clock
from tocsin.crypto import canonical
from tocsin.deliver.tables import message as outbox_message
from tocsin.deliver.tables import note as fediverse_note
from tocsin.deliver.tables import row as outbox_row
from tocsin.deliver.tables import server as fediverse_server
from tocsin.deliver.tables import subscription
from tocsin.desk.tables import item, paper
from tocsin.encounters.model import ShareState, State
from tocsin.encounters.tables import frame, hold, indexed_to, recording
from tocsin.errors import TocsinError
from tocsin.jurisdictions.load import shipped
from tocsin.own_keys import PUBLISHED, read_published
from tocsin.passport.tables import code, issued, spent
from tocsin.passport.tables import key as passport_key
from tocsin.people import tables as people
from tocsin.people.tables import statement
from tocsin.registry import tables as registry
from tocsin.settings import Settings
from tocsin.store import archive, disk, migrate, rows
from tocsin.store.archive import Part, part_of, part_of_file
from tocsin.store.blobs import DiskBlobs, is_name
from tocsin.store.rows import Change
from tocsin.store.tables import work
from tocsin.tlog import note as notes
from tocsin.tlog import stored
from tocsin.tlog.merkle import as_base64
from tocsin.tlog.public import HIDDEN, public_entry

FORMAT = "tocsin.backup/v1"
ABOUT, MANIFEST, SETTINGS, CONFIG = "backup.json", "manifest.json", "settings.json", "log/client-config"
LISTED = 4096
"""Parts in one list of sums."""
REMEMBERED = "backed-up.json"
"""In the node's folder: when the last backup was made."""

HOUR_S = 3_600
HERE_ONLY = frozenset({"folder", "runtime", "database", "tls_certificate", "tls_key"})
"""Settings that belong to one machine."""

Told = Callable[[int, int], None]
"""Called now and then with the number of parts and of bytes."""


class BackupTaken(TocsinError):
    code = "backup_taken"
    status = 409
    message = "There is already a file of that name. Nothing was overwritten; give another name."


class BackupToItself(TocsinError):
    """The recipient is a key of this node."""

    code = "backup_to_itself"
    status = 422
    message = "This is the node's own key: whoever takes the node would open its backups. Make one elsewhere with `tocsin identity`."


class BackupNowhere(TocsinError):
    code = "backup_nowhere"
    status = 409
    message = "There is no folder to write the backup into, or it cannot be written to. Is the stick there?"


class SchemaOlder(TocsinError):
    """The program was renewed and the node was not started since."""

    code = "schema_older"
    status = 503
    message = (
        "The database is of an older version of Tocsin. Start the node once with this version, then make the backup."
    )


class NothingToBackUp(TocsinError):
    code = "nothing_to_back_up"
    status = 404
    message = "There is no log here yet. Start the node once, then make the backup."


def _as_restored(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A recording as a restored node has it: its owner can be told the truth, and nothing in it opens anything."""
    state = State.ERASED if row["state"] == State.ERASED else State.LOST
    emptied = {"box": b"", "custody_public": b"", "slot": 0, "share_state": str(ShareState.GONE)}
    return {**row, **emptied, "state": str(state)}


def _as_public(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A public entry as it is; not what waits to be hidden among filler, which a row in an old file would tell for ever."""
    return None if row["kind"] == HIDDEN else row


def _as_braked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A freeze outlives the machine; the hour of an alert, and who would lift it, do not. The third voice ends on a whole hour."""
    until_s = -(-row["third_until_s"] // HOUR_S) * HOUR_S
    return {**row, "recent_s": "", "lifting": b"", "third_until_s": until_s}


CARRIED: dict[Any, Change] = {
    recording: _as_restored,
    public_entry: _as_public,
    **dict.fromkeys(people.STAFF, dict),  # sealed in browsers: a recovery sheet opens it on the restored node
    alerts.brake: _as_braked,
    **dict.fromkeys(registry.BACKED_UP, dict),  # public; only how far an import came stays
}
LEFT = (
    *(frame, hold, indexed_to, item, paper, passport_key, people.invitation),
    *(registry.progress, registry.sheet),
    *(spent, issued, code, statement, work, outbox_message, outbox_row, subscription),
    *(fediverse_server, fediverse_note),
    *(circle.place, circle.door),
    *(alerts.report, alerts.matter, alerts.voice, alerts.standing, alerts.attribution, alerts.warning, alerts.threat),
    *(alerts.count, alerts.timer),
)
"""Where a second lies, and work, holds, stewards' statements, what is on its way, what the desk has on what is not in a backup.
Passport keys die with the node, and with them every mark made under one: a restored node takes them off the log and makes others.
No invitation comes back to life. Of alerts the brake alone is carried: rows live hours, and their boxes lie under slots of
`erase.keys`.
A phone joins its circle anew. Sheets of the registry are worked out again.
"""


@dataclass
class Made:
    """What a backup holds. `beat` is its recovery point, Unix seconds."""

    made_ms: int
    tree_size: int
    beat: int
    parts: int = 0
    bytes: int = 0
    recordings: int = 0
    """Recordings that are kept on the node and are not in it."""


@dataclass
class _Listing:
    """Sums of the parts as they pass."""

    lists: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def pass_on(self, part: Part) -> Iterator[Part]:
        """The part itself, summed; behind every so many a list of sums."""
        content = b"".join(part.content)
        self.lines.append(f"{sha256(content).hexdigest()}  {part.name}\n")
        yield Part(part.name, part.size, (content,))
        if len(self.lines) == LISTED:
            yield from self.end()

    def end(self) -> Iterator[Part]:
        """The list of what was not listed yet."""
        if self.lines:
            content, name = "".join(self.lines).encode(), f"sums/{len(self.lists) + 1:06}"
            self.lists[name], self.lines = sha256(content).hexdigest(), []
            yield part_of(name, content)


def make(settings: Settings, path: Path, recipients: tuple[str, ...], clock: Clock, told: Told) -> Made:
    """Make the backup at `path`: whole and durable, or not there. Works beside the node that runs, and without it.

    Raises `BackupTaken`, `BackupToItself`, `BackupNowhere`, `SchemaOlder`, `RecipientMalformed`, `NothingToBackUp`, and what the
    stores raise where they are damaged.
    """
    published = read_published(settings)
    if published["share"] in recipients:
        raise BackupToItself
    if path.exists():
        raise BackupTaken
    if not os.access(path.absolute().parent, os.W_OK | os.X_OK):
        raise BackupNowhere
    blobs = DiskBlobs(Path(settings.folder) / "log", is_ours=False)
    if not blobs.exists(stored.HEAD):
        raise NothingToBackUp
    with rows.reading(settings.database_url) as connection:
        schema = migrate.current(connection)  # the first question fixes the instant at which the tables are read
        if schema != migrate.revisions()[-1]:
            raise SchemaOlder
        edge = stored.edge_of(blobs, notes.parse_vkey(published["log"]))
        made = Made(clock.now_ms(), edge.head.size, stored.newest_beat(blobs, edge))
        holds = connection.execute(select(func.count()).select_from(hold)).scalar_one()
        about = {**_about(made), "holds": int(holds), "schema": schema}
        held = _held(settings, connection, blobs, edge, about, made)
        archive.new(path, recipients, _listed(held, made, edge, told))
    made.bytes = path.stat().st_size
    disk.write_new_file(Path(settings.folder) / REMEMBERED, [json.dumps({"made_ms": made.made_ms}).encode()])
    return made


def last_made_ms(folder: Path) -> int:
    """When the last backup of the node in `folder` was made, Unix ms; 0 for never."""
    path = folder / REMEMBERED
    return int(json.loads(path.read_text())["made_ms"]) if path.exists() else 0


def _about(made: Made) -> dict[str, Any]:
    return {"format": FORMAT, "version": __version__, "made": made.made_ms // 1000}


def _held(
    settings: Settings, connection: Connection, blobs: DiskBlobs, edge: stored.Edge, about: dict[str, Any], made: Made
) -> Iterator[Part]:
    """Everything but sums and manifest."""
    place = Path(settings.folder)
    yield part_of(ABOUT, canonical.dumps(about))
    yield part_of_file(PUBLISHED, place / PUBLISHED)
    yield part_of(CONFIG, json.dumps(_config(settings)).encode())
    yield from _surroundings(settings)
    for path in sorted(place.glob("keys/*")):
        if path.suffix in (".key", ".age"):  # not which boot unlocked them
            yield part_of_file(f"keys/{path.name}", path)
    for table, change in CARRIED.items():
        yield from _rows(connection, table, change, made)
    yield part_of(f"log/{stored.HEAD}", edge.raw)
    for name, content in edge.partial.items():
        yield part_of(f"log/{name}", content)
    for name in stored.rest(blobs, edge.head.size):
        yield part_of(f"log/{stored.served_name(name)}", blobs.get(name))


def _rows(connection: Connection, table: Any, change: Change, made: Made) -> Iterator[Part]:
    def counted(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        carried = change(row)
        made.recordings += table is recording and carried is not None and carried["state"] == State.LOST
        return carried

    for number, piece in enumerate(rows.dump(connection, table, counted)):
        yield part_of(f"tables/{table.name}/{number:06}", piece)


def _surroundings(settings: Settings) -> Iterator[Part]:
    """Settings that hold anywhere, an operator's own pack, and the roots of the timestamp authorities."""
    carried = {name: value for name, value in msgspec.to_builtins(settings).items() if name not in HERE_ONLY}
    for number, authority in enumerate(settings.timestamp_authorities):
        if authority.roots:
            name = f"roots/{number}.pem"
            carried["timestamp_authorities"][number]["roots"] = name
            yield part_of_file(name, Path(authority.roots))
    folder = Path(settings.pack)
    if settings.pack and settings.pack not in shipped():
        carried["pack"] = "pack"
        for path in sorted(folder.rglob("*")):
            if path.is_file() and is_name(name := f"pack/{path.relative_to(folder).as_posix()}"):
                yield part_of_file(name, path)
    yield part_of(SETTINGS, json.dumps(carried, indent=1).encode())


def _config(settings: Settings) -> dict[str, Any]:
    """What `tocsin package --log FOLDER` wants to know beside a log."""
    published = read_published(settings)
    witnesses = [{"vkey": vkey, "outside": one.outside} for one in settings.witnesses for vkey in one.vkeys]
    receipts = published["receipts"]
    return {"log": published["log"], "receipts": [receipts], "receipt_key": receipts, "witnesses": witnesses}


def _listed(held: Iterator[Part], made: Made, edge: stored.Edge, told: Told) -> Iterator[Part]:
    """The parts with their sums and the manifest behind them."""
    listing = _Listing()
    for part in held:
        made.parts += 1
        made.bytes += part.size
        told(made.parts, made.bytes)
        yield from listing.pass_on(part)
    yield from listing.end()
    log = {"beat": made.beat, "root": as_base64(edge.head.root), "size": made.tree_size}
    manifest = {**_about(made), "origin": edge.head.origin, "log": log, "parts": made.parts, "sums": listing.lists}
    yield part_of(MANIFEST, canonical.dumps({**manifest, "not_in_it": ["erase.keys", "recordings", "unlocked keys"]}))
