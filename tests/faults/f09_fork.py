"""F9: a node that shows two trees, or goes back to an old one, is refused by its witness and proven; an honest one never is."""

import asyncio
import re
import shutil
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import httpx

from tests.faults import readback
from tests.faults.elsewhere import Witness, witness
from tests.faults.outcome import Outcome
from tests.faults.served import Served, serving
from tests.tlog.town import Town
from tests.waiting import wait_until
from tocsin.clock import SystemClock
from tocsin.crypto.keys import SigningKey
from tocsin.own_keys import LOG_KEY, open_custody
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import note as notes
from tocsin.tlog.ask import Outcome as Heard
from tocsin.tlog.ask import WitnessAddress, Witnesses
from tocsin.tlog.log import Log


async def honest_polls(folder: Path, count: int) -> int:
    """`count` beats of an honest log before two witnesses that restart, are away and come back; alarms and forks among them."""
    town, alarms = Town(folder), 0
    async with town.client() as client, town.client(dead="w2") as partly:
        asked = Witnesses(town.addresses, client, seconds=0.2)
        for number in range(1, count + 1):
            town.beat(number=number)
            asked.client = partly if number % 97 == 0 else client
            if number % 50 == 0:
                town.log = town.open_log("log")
            answers = await asked.ask(town.log)
            alarms += sum(one.outcome not in (Heard.COSIGNED, Heard.SILENT) for one in answers)
    forks = sum(len(server.state.forks()) for server in town.servers.values())
    return alarms + forks


def newest(outside: Witness, vkey: str) -> int:
    """The size of the newest head that the witness cosigned; 0 for none."""
    from hashlib import sha256

    origin = notes.parse_vkey(vkey).name
    try:
        with urllib.request.urlopen(
            f"{outside.url}/{sha256(origin.encode()).hexdigest()}/checkpoint", timeout=5
        ) as answer:
            return checkpoints.parse_text(notes.parse(answer.read()).text).size
    except OSError:
        return 0


def page(node: Served) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{node.port}/en/status", timeout=5) as answer:
        return str(answer.read().decode())


def is_alarmed(node: Served) -> bool:
    return "Something does not work." in page(node)


def cosigned(outside: Witness, vkey: str, more: int) -> int:
    """Wait until the witness has cosigned `more` further beats; the newest size."""
    before = newest(outside, vkey)
    return wait_until(lambda: (size := newest(outside, vkey)) >= before + 64 * more and size, 60)


def restarts(node: Served, outside: Witness, times: int) -> None:
    """Both die and come back, and nothing is an alarm."""
    for _ in range(times):
        node.kill()
        node.start()
        cosigned(outside, node.log_vkey, 2)
        outside.kill()
        outside.start()
        cosigned(outside, node.log_vkey, 2)
    assert outside.fork_count == 0
    wait_until(lambda: "Everything that was tried works." in page(node), 30)


def rolled_back(node: Served, outside: Witness) -> int:
    """The log goes back to an old copy of itself: its witness stays where it was, and the node says so itself."""
    node.kill()
    old = node.folder / "old-log"
    shutil.copytree(node.place / "log", old)
    node.start()
    cosigned(outside, node.log_vkey, 3)
    node.kill()
    size = newest(outside, node.log_vkey)
    shutil.rmtree(node.place / "log")
    shutil.copytree(old, node.place / "log")
    node.start()
    wait_until(lambda: is_alarmed(node), 60)
    assert newest(outside, node.log_vkey) == size, "something was signed on an old copy"
    node.kill()
    return size


def forked(node: Served, outside: Witness) -> dict[str, str]:
    """Whoever has the log's key goes on from a copy, to a size that the node has shown, and asks the same witness to cosign that too.

    A node would refuse itself (`rolled_back`); this is one that lies. The witness refuses, and keeps two heads of one size.
    """
    node.start()
    cosigned(outside, node.log_vkey, 2)
    node.kill()
    shutil.copytree(node.place / "log", node.folder / "other-log")
    node.start()
    shown = cosigned(outside, node.log_vkey, 3)
    node.kill()
    key = SigningKey(open_custody(node.settings).get(LOG_KEY))
    lying = Log.open(DiskBlobs(node.folder / "other-log"), node.settings.log_origin, key, SystemClock())
    while lying.size < shown:
        lying.append_beat(lying.newest_beat + 1, [])
    assert asyncio.run(asked_to_cosign(lying, outside)) is Heard.FORKED
    outside.kill()
    return outside.forks()[0]


async def asked_to_cosign(log: Log, outside: Witness) -> Heard:
    """What the witness says to this tree."""
    address = WitnessAddress.parse(outside.url, outside.vkeys)
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await Witnesses([address], client, seconds=30).ask(log))[0].outcome


def check_proof(proof: dict[str, str], vkey: str) -> None:
    """Both heads are the log's own, of one size, with different roots."""
    key = notes.parse_vkey(vkey)
    first, second = (checkpoints.open_checkpoint(proof[name], key)[0] for name in ("first", "second"))
    assert first.size == second.size
    assert first.root != second.root
    assert re.fullmatch(r"[\w./-]+", first.origin)


def run(folder: Path, polls: int, times: int) -> dict[str, Any]:
    """All of it. Raises `AssertionError`."""
    told: dict[str, Any] = {"honest_polls": polls, "false_alarms": asyncio.run(honest_polls(folder / "town", polls))}
    assert told["false_alarms"] == 0, f"{told['false_alarms']} false alarms"
    with witness(folder / "w1") as outside, serving(folder / "honest", witnesses=[outside.as_setting]) as node:
        node.watch_scale = 0.02
        outside.follow(node.log_vkey)
        outside.start()
        node.start()
        readback.wait_for_beats(node.port, 2)
        restarts(node, outside, times)
        told["restarts"] = 2 * times
        told["witness_stayed_at"] = rolled_back(node, outside)
    with witness(folder / "w2") as outside, serving(folder / "forked", witnesses=[outside.as_setting]) as node:
        outside.follow(node.log_vkey)
        outside.start()
        check_proof(forked(node, outside), node.log_vkey)
        told["forks_proven"] = outside.fork_count
    return told


def perform(folder: Path, is_full: bool) -> Outcome:
    """1,000 honest polls and five restarts of both, or 100 and one."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        return Outcome(is_good=True, figures=run(Path(place), *((1000, 5) if is_full else (100, 1))))
