"""The drill: a node that records is backed up, lost, put back elsewhere and goes on, and its log is the same one."""

import asyncio
import base64
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from tests.backup.world import CLOCK, COSIGNER, Vault, witness
from tests.encounters.stewards import Pair, founding, leave, of_desk, signed
from tests.faults.crowd import Crowd
from tests.faults.readback import wait_for_beats
from tests.faults.served import Served, health, serving
from tests.faults.wire import Wire
from tests.waiting import wait_until
from tocsin import new_keys
from tocsin.backup_commands import words_of
from tocsin.crypto import envelope
from tocsin.encounters.tables import recording
from tocsin.jurisdictions.load import load
from tocsin.node import Node
from tocsin.people.statement import Act
from tocsin.restore import Asked, LogEnded, LogUnproven
from tocsin.scrub import scrub
from tocsin.settings import Settings, settings_of
from tocsin.store.blobs import DiskBlobs
from tocsin.store.db import Database
from tocsin.tlog import note as notes
from tocsin.tlog.audit import Auditor, Report, Seen
from tocsin.tlog.catch_up import catch_up
from tocsin.tlog.log import Log
from tocsin.tlog.outside import LogBehind
from tocsin.tlog.source import HttpSource, LocalSource
from tocsin.watch import Watch
from tocsin.web.status import FAILS

NAME = "marker"


@contextmanager
def recording_goes_on(node: Served, crowd: Crowd) -> Iterator[None]:
    """Phones send without a pause meanwhile."""
    over = threading.Event()

    async def press_on() -> None:
        until = asyncio.Event()
        waiting = asyncio.get_running_loop().run_in_executor(None, over.wait)
        waiting.add_done_callback(lambda _: until.set())
        await crowd.press_on(node.port, until)
        await crowd.finish(node.port)

    thread = threading.Thread(target=lambda: asyncio.run(press_on()))
    thread.start()
    try:
        wait_until(lambda: crowd.acknowledged > 30 and any(one.step == "erased" for one in crowd.finished), 60)
        yield
    finally:
        over.set()
        thread.join()


def test_a_node_that_records_is_put_back_and_its_log_goes_on_as_the_same_one(tmp_path: Path) -> None:
    vault, mirror = Vault(tmp_path / "vault"), tmp_path / "mirror"
    with witness(tmp_path / "witness") as (one, named), serving(tmp_path / "old", witnesses=[named]) as old:
        one.follow(old.log_vkey)
        put_marker(old.place, old.settings.log_origin)
        old.start()
        crowd = Crowd(old.share_recipient, width=2)
        with recording_goes_on(old, crowd):
            wait_until(lambda: marker_in(old), 60)
            made = vault.make(old.settings)
        wait_for_beats(old.port, 1)
        was = follow(old, mirror)
        old.kill(signal.SIGTERM)
        end = finish(old, mirror)
        assert made.tree_size < was.size <= end

        with pytest.raises(LogEnded) as refused:
            vault.restore(tmp_path / "new" / "node")
        assert f"{end - made.tree_size} entries more" in refused.value.message
        assert not any((tmp_path / "new").glob("**/*.sqlite"))

        done = vault.restore(tmp_path / "new" / "node", source=str(mirror), log_key=old.log_vkey)
        assert done.size == end
        assert done.tables.lost == made.recordings
        said = "\n".join(words_of(done, Asked(source=str(mirror)), CLOCK.now_ms() // 1000))
        assert f"{done.caught_up.beats if done.caught_up else 0} beats after it were fetched and proven" in said
        hold_restored(tmp_path / "new", crowd, was, [named])
        hold_to_one_log(old)


def hold_restored(folder: Path, crowd: Crowd, was: Seen, witnesses: list[object]) -> None:
    """The restored node: whole, with its marker, true to its phones, and its log grows on under the witness's eyes."""
    with serving(folder, witnesses=witnesses) as new:
        with closing(Database.open(new.settings.database_url)) as database:
            boxes = database.read_now(lambda c: set(c.execute(select(recording.c.box)).scalars()))
        assert boxes == {b""}
        assert not [read for read in scrub(new.settings) if read.damage]
        new.start()
        wait_for_beats(new.port, 1)
        assert marker_in(new)
        assert not health(new.port)["troubles"]
        report = audit(new, was)
        assert report.is_clean, report
        assert report.size > was.size
        told = asyncio.run(ask_about(new, crowd))
        assert told <= {("done", "recording_lost"), ("erased", "erased"), ("erased", "recording_lost"), ("any", "new")}
        assert {("done", "recording_lost"), ("erased", "erased")} <= told


def hold_to_one_log(old: Served) -> None:
    """The old node comes back by mistake: it signs nothing, because a witness has seen more."""
    before = head_of(old)
    with standing(old.settings) as node:
        with pytest.raises(LogBehind):
            asyncio.run(node.beat(node.encounters.newest_beat + 60))
        assert Watch(node).parts()["tree"] == FAILS
    assert head_of(old) == before


async def ask_about(node: Served, crowd: Crowd) -> set[tuple[str, str]]:
    """What phones hear of what they recorded before: their step, and the answer."""
    wire, heard = Wire(node.port), set()
    for one in crowd.everybody:
        answer = await wire.ask("GET", f"{one.path}/state", one.phone.upload)
        if answer.status == 200:
            heard.add((one.step, answer.json["closed"]))
        elif answer.code == "capability_wrong":  # begun after the backup: this node never heard of it
            heard.add(("any", "new"))
        else:
            heard.add((one.step, answer.code))
    wire.close()
    return heard


def test_without_anybody_outside_nothing_is_restored_and_a_new_log_says_which_one_it_continues(tmp_path: Path) -> None:
    vault, old = Vault(tmp_path / "vault"), settings_in(tmp_path / "old", "city.example/first")
    new_keys.make(old, None, CLOCK)
    with standing(old) as node:
        put_marker(Path(old.folder), old.log_origin)
        asyncio.run(one_beat(node))
    vault.make(old)
    head = DiskBlobs(tmp_path / "old" / "log").get("checkpoint")
    place = tmp_path / "new"
    with pytest.raises(LogUnproven):
        vault.restore(place)
    assert not place.exists()
    vault.restore(place, new_log="city.example/second")
    assert (place / "ended-log" / "checkpoint").read_bytes() == head
    assert not (place / "keys").exists()
    new = settings_of(place / "node.toml")
    new_keys.make(new, None, CLOCK)
    with standing(new) as node:
        assert node.log_vkey.partition("+")[0] == "city.example/second"
        asyncio.run(one_beat(node))
        assert node.log is not None
        report = Auditor(node.log.vkey, ()).audit(LocalSource(node.log))
    stands = {kind: body for _, entry in report.public for kind, _, body in [entry.partition(b"\n")]}
    assert not [kind for kind in stands if b" desk-key" in kind], "stewards sign for the new log anew"
    continued = notes.parse(json.loads(stands[b"tocsin.leaf/v1 continues"])["checkpoint"])
    assert continued.text in head.decode()


async def one_beat(node: Node) -> None:
    """Take what commands left, and beat once."""
    await node.take_inbox()
    await node.beat(CLOCK.now_ms() // 60_000 * 60)


@contextmanager
def standing(settings: Settings) -> Iterator[Node]:
    """A node in this process, whose loops do not run."""
    node = Node.open(settings, load(settings.pack), CLOCK)
    try:
        yield node
    finally:
        node.close()


def settings_in(folder: Path, origin: str, database: str = "") -> Settings:
    return Settings(
        folder=str(folder), log_origin=origin, pack="minneapolis-sample", keys="unattended", database=database
    )


def put_marker(place: Path, origin: str) -> None:
    """A row that must be there again: a lawyer's key, and of the stewards who signed it."""
    _, recipient = envelope.new_identity(CLOCK)
    pair = Pair.fresh()
    leave(place, signed(pair, founding(origin, pair)), of_desk(origin, pair, Act.DESK_ADD, recipient, NAME))


def marker_in(node: Served) -> bool:
    """Whether the node lists it, with its place in the log."""
    keys = httpx.get(f"http://127.0.0.1:{node.port}/desk-keys", trust_env=False, timeout=60).json()["roll"]
    return any(f'"name":"{NAME}"' in base64.b64decode(key["entry"]).decode() for key in keys)


def head_of(node: Served) -> bytes:
    return DiskBlobs(node.place / "log").get("checkpoint")


def follow(node: Served, folder: Path) -> Seen:
    """Keep a copy of the node's log, as a neighbour would; what an auditor saw of it."""
    with httpx.Client(trust_env=False, timeout=60) as client:
        catch_up(copy_in(folder, node), HttpSource(f"http://127.0.0.1:{node.port}/log", client))
        seen = audit(node).seen
    assert seen is not None
    return seen


def finish(node: Served, folder: Path) -> int:
    """Bring the copy to the very end of a node that stopped; how many entries that is."""
    return catch_up(copy_in(folder, node), LocalSource(copy_in(node.place / "log", node))).size


def copy_in(folder: Path, node: Served) -> Log:
    return Log.copy(DiskBlobs(folder), notes.parse_vkey(node.log_vkey), CLOCK)


def audit(node: Served, before: Seen | None = None) -> Report:
    witnesses = COSIGNER.vkeys if node.settings.witnesses else ()
    with httpx.Client(trust_env=False, timeout=60) as client:
        source = HttpSource(f"http://127.0.0.1:{node.port}/log", client)
        return Auditor(notes.parse_vkey(node.log_vkey), witnesses).audit(source, before)
