"""F2: the power goes. The node is stopped in mid-load, its disk is copied as it is, and a node goes on with the copy."""

import asyncio
import os
import random
import signal
from pathlib import Path

from tests.faults import image
from tests.faults.crowd import Crowd, Logged
from tests.faults.f01_kill import check_everything, check_interrupted
from tests.faults.image import Disk
from tests.faults.outcome import Outcome
from tests.faults.readback import Tally
from tests.faults.served import Served, serving
from tests.faults.wire import Wire
from tocsin.store.blobs import DiskBlobs
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys
from tocsin.store.segments import SegmentStore

DRAIN_S = 0.1
"""What was acknowledged before the stop may still be in a socket: so long it is read out."""


def run(folder: Path, times: int) -> Tally:
    """Cut the power `times` times under load; the last copy is read through at the end."""
    tally = Tally()
    room = image.MEGABYTES + times  # what a life leaves is not taken back while the trial lasts
    with image.mounted(folder, room) as disk, serving(folder / "trial", disk.place / "node") as node:
        crowd = Crowd(node.share_recipient)
        tally.ready_s.append(node.start())
        for _ in range(times):
            copy = asyncio.run(load_until_cut(node, crowd, disk, random.uniform(0.05, 0.7)))
            go_on_with(node, disk, copy, tally)
            asyncio.run(check_interrupted(node, crowd))
        asyncio.run(crowd.finish(node.port))
        tally.add(check_everything(node, crowd))
        node.kill(signal.SIGTERM)
        check_stores(node)
    tally.kills = times
    return tally


def go_on_with(node: Served, disk: Disk, copy: Path, tally: Tally) -> None:
    """The machine comes back with what was on its disk."""
    node.kill()
    assert disk.replace(copy), "the file system was not in order"
    tally.ready_s.append(node.start())


async def load_until_cut(node: Served, crowd: Crowd, disk: Disk, seconds: float) -> Path:
    """Load; after `seconds` the node stands still, everything it said is read, and the disk is copied."""
    load = asyncio.create_task(crowd.press_on(node.port))
    await asyncio.wait([load], timeout=seconds)
    assert not load.done(), "the node went away by itself"
    os.kill(node.pid, signal.SIGSTOP)
    await asyncio.wait([load], timeout=DRAIN_S)
    copy = await asyncio.to_thread(disk.cut)
    await asyncio.to_thread(node.kill)
    await load
    return copy


def killed_then_cut(folder: Path) -> None:
    """A second that a killed node had written and not synced is acknowledged after the restart: from then on it is durable."""
    with image.mounted(folder) as disk, serving(folder / "trial", disk.place / "node") as node:
        node.start("segments.before_sync:9")
        crowd = Crowd(node.share_recipient, width=1, longest=3)
        crowd.going = [Logged(Crowd(node.share_recipient)._fresh().phone, 40)]
        asyncio.run(crowd.press_on(node.port))
        node.wait()
        node.start()
        only = crowd.going[0]
        known = len(only.receipts)
        asyncio.run(send_again(node, only))
        assert len(only.receipts) == known + 1
        os.kill(node.pid, signal.SIGSTOP)
        go_on_with(node, disk, disk.cut(), Tally())
        asyncio.run(check_interrupted(node, crowd))


async def send_again(node: Served, one: Logged) -> None:
    """The second whose answer was lost, which the node says it has."""
    wire = Wire(node.port)
    answer = await wire.ask("GET", f"{one.path}/state", one.phone.upload)
    assert answer.json["next"] == len(one.raws) == len(one.receipts) + 1
    await one.send(wire, len(one.receipts))
    wire.close()


def check_stores(node: Served) -> None:
    """Every store of a stopped node, read through."""
    database = Database.open(node.settings.database_url)
    found = database.read_now(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar())
    database.close()
    assert found == "ok", found
    segments = SegmentStore.open(node.place / "segments")
    damage = [one for one in segments.scrub().damage if one.acknowledged]
    segments.close()
    assert not damage, damage
    assert not DiskBlobs(node.place / "log").damaged()
    erase_keys = EraseKeys.open(node.place / "erase.keys")
    assert not erase_keys.damaged()
    erase_keys.close()


def perform(folder: Path, is_full: bool) -> Outcome:
    """200 cuts, or 20."""
    if reason := image.why_not():
        return Outcome(is_good=True, skipped=[f"F2 altogether: {reason}"])
    killed_then_cut(folder / "twice")
    tally = run(folder / "cut", 200 if is_full else 20)
    return Outcome(tally.is_good, tally.as_dict())
