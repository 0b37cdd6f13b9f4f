"""Promises of a copy of a log: it follows what the log signed, and takes nothing else."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tlog.conftest import ORIGIN
from tests.tlog.town import LOG_KEY, Town
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import note as notes
from tocsin.tlog import outside, stored
from tocsin.tlog.audit import Auditor
from tocsin.tlog.catch_up import LogForked, catch_up
from tocsin.tlog.log import Log, LogLied
from tocsin.tlog.outside import LogBehind, ahead_of
from tocsin.tlog.source import LocalSource


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def beats(town: Town, numbers: Sequence[int]) -> None:
    for number in numbers:
        town.beat(number=number)
        town.log.publish()


def copy_in(town: Town, name: str = "copy") -> Log:
    return Log.copy(DiskBlobs(town.place / name), town.log.vkey, town.clock)


def test_a_copy_follows_from_nothing_and_from_anywhere_between(town: Town) -> None:
    for numbers in ((1, 2, 3), (4,), (5, 6, 7, 8, 9), ()):
        beats(town, numbers)
        added = catch_up(copy_in(town), LocalSource(town.log))
        copy = copy_in(town)
        assert (added.beats, added.size) == (len(numbers), town.log.size)
        assert (copy.size, copy.root, copy.newest_beat) == (town.log.size, town.log.root, town.log.newest_beat)
        assert copy.published_note() == town.log.published_note()
    assert Auditor(town.log.vkey).audit(LocalSource(copy_in(town))).is_clean


def test_a_log_restored_from_a_copy_goes_on_as_the_same_log(town: Town) -> None:
    beats(town, (1, 2, 3))
    catch_up(copy_in(town), LocalSource(town.log))
    again = town.open_log("copy")
    town.beat(again, number=4)
    again.publish()
    catch_up(copy_in(town, "third"), LocalSource(town.log))
    assert catch_up(copy_in(town, "third"), LocalSource(again)).beats == 1


def test_a_fork_changes_nothing_in_a_copy(town: Town) -> None:
    beats(town, (1, 2))
    other = Log.open(DiskBlobs(town.place / "other"), ORIGIN, LOG_KEY, town.clock)
    copy = copy_in(town)
    catch_up(copy, LocalSource(town.log))
    for number in (1, 2, 3):  # a shorter one, one of the same size, a longer one
        town.beat(other, [b"\1" * 32], number=number)
        other.publish()
        with pytest.raises(LogForked):
            catch_up(copy, LocalSource(other))
        assert (copy.size, copy.root) == (town.log.size, town.log.root)


def test_a_copy_takes_only_entries_that_lead_to_the_signed_head(town: Town) -> None:
    beats(town, (1,))
    copy = copy_in(town)
    entries = [town.log.entry(index) for index in range(town.log.size)]
    signed = notes.parse(town.log.checkpoint_note())
    with pytest.raises(LogLied):
        copy.adopt([*entries[:-1], entries[0]], signed)
    copy = copy_in(town)
    assert copy.size == 0
    copy.adopt(entries, signed)
    assert copy.root == town.log.root


def test_a_copy_read_beside_the_writer_is_whole(town: Town, tmp_path: Path) -> None:
    """What a backup reads: everything under one head, though beats go on meanwhile."""
    beats(town, range(1, 12))
    blobs = DiskBlobs(town.place / "log", is_ours=False)
    edge = stored.edge_of(blobs, town.log.vkey)
    assert stored.newest_beat(blobs, edge) == town.log.newest_beat
    beats(town, range(12, 30))
    to = DiskBlobs(tmp_path / "laid", is_draft=True)
    to.put(stored.HEAD, edge.raw)
    for name, content in edge.partial.items():
        to.put(name, content)
    for name in stored.rest(blobs, edge.head.size):
        assert stored.stored_name(stored.served_name(name)) == name
        to.put(name, blobs.get(name))
    file = (tmp_path / "log" / stored.HEAD).stat().st_ino
    assert Log.copy(blobs, town.log.vkey, town.clock, is_ours=False).size == town.log.size
    assert (tmp_path / "log" / stored.HEAD).stat().st_ino == file, "a reader wrote"
    laid = Log.copy(to, town.log.vkey, town.clock)
    assert (laid.size, laid.root) == (edge.head.size, edge.head.root)
    assert Auditor(town.log.vkey).audit(LocalSource(laid)).is_clean
    assert catch_up(laid, LocalSource(town.log)).beats == 18


def test_a_log_that_was_rolled_back_learns_it_from_its_witness(town: Town) -> None:
    async def run() -> None:
        async with town.client() as client:
            urls = [address.url for address in town.addresses]
            beats(town, (1, 2))
            await town.witnesses(client).ask(town.log)
            catch_up(copy_in(town), LocalSource(town.log))
            assert await outside.refuse_behind(client, urls, town.log)
            beats(town, (3,))
            await town.witnesses(client).ask(town.log)
            with pytest.raises(LogBehind):
                await outside.refuse_behind(client, urls, town.open_log("copy"))

    asyncio.run(run())


def test_silence_settles_nothing_and_a_witness_that_knows_nothing_does(town: Town) -> None:
    async def run(urls: list[str], dead: str) -> bool:
        async with town.client(dead) as client:
            seen = await outside.ask(client, urls, town.log.vkey, seconds=0.05)
            assert all(one.head is None for one in seen)
            return any(one.is_answer for one in seen)

    first, second = (address.url for address in town.addresses)
    assert not asyncio.run(run([first], "w1"))
    assert asyncio.run(run([first, second], "w1"))


def test_a_witness_cannot_hold_a_log_up_with_a_head_the_log_did_not_sign(town: Town) -> None:
    async def run() -> list[outside.Seen]:
        async with town.client() as client:
            return await outside.ask(client, [town.addresses[0].url], town.log.vkey)

    beats(town, (1,))
    forged = checkpoints.sign(checkpoints.Checkpoint(ORIGIN, 999, b"\1" * 32), type(LOG_KEY)(b"x" * 32))
    state = town.servers["w1"].state
    state.newest = lambda _origin: type("Head", (), {"note": str(forged)})()  # type: ignore[method-assign, assignment]
    (seen,) = asyncio.run(run())
    assert seen.head is None
    assert ahead_of(town.log, [seen]) == []
