"""A backup beside the node that goes on, put back on the same disk: the seizure has both, and the key that opens it is elsewhere."""

import contextlib
import io
from collections.abc import Iterator

from tests.seizure.acquire import Seized
from tests.seizure.findings import Finding
from tests.seizure.town import Town
from tests.seizure.truths import Truths
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.store import archive

BACKUP = "backup.age"


def made(town: Town, truths: Truths) -> None:
    """Back the node up while it serves, and restore it beside itself."""
    here, key = town.disk.place, town.elsewhere / "backup-key.txt"
    identity, recipient = envelope.new_identity(SystemClock())
    truths.add("identity", identity)
    key.write_text(identity)
    town.command("backup", str(here / BACKUP), "--to", recipient)
    log = f"http://127.0.0.1:{town.port}/log"
    back = ("--identity", str(key), "--folder", str(here / "restored"), "--log", log)
    town.command("restore", str(here / BACKUP), *back)
    assert (here / "restored" / "tocsin.sqlite").exists()


def attack(seized: Seized) -> Iterator[Finding]:
    """Does any seized key open a backup that lies beside the node?"""
    for path in seized.files.glob("*.age"):
        for identity in identities(seized):
            with path.open("rb") as sealed, contextlib.suppress(archive.ArchiveNotForUs):
                archive.read(sealed, identity, lambda _name, _size: io.BytesIO())
                yield Finding("L3", "identity", "backup", path.name, "a key of the node opens its backup")


def identities(seized: Seized) -> list[str]:
    """Every age identity among the node's keys: as it stands, and each seed as if it were one."""
    found = []
    for key in seized.node_keys():
        found.append(key.decode() if key.startswith(b"AGE-SECRET-KEY-1") else envelope.identity_of(key))
    return found
