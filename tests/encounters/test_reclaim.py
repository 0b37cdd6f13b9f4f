"""What was erased gives its room back, and nothing that is kept is touched."""

from functools import partial
from pathlib import Path

import pytest

from tests.encounters.conftest import open_node
from tests.encounters.phone import Phone
from tests.encounters.test_owner import owner_secret
from tests.encounters.test_receive import begin, send
from tocsin.encounters import erase, reclaim, start
from tocsin.node import Node
from tocsin.store.segments import SegmentStore

pytestmark = pytest.mark.anyio


async def filled(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    for _ in range(12):
        await send(node, phone, phone.second(node.clock.random_bytes(200_000)))


async def test_files_in_which_nothing_kept_lies_are_dropped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.node.SegmentStore.open", partial(SegmentStore.open, segment_bytes=1 << 20))
    node = open_node(folder)
    await start.start(node.encounters)
    first, second = Phone(node.share_recipient), Phone(node.share_recipient)
    await filled(node, first)
    await filled(node, second)
    files = node.encounters.segments.numbers()
    assert await reclaim.reclaim(node.encounters, today=0) == 0
    await erase.ask(node.encounters, first.id, owner_secret(first))
    dropped = await reclaim.reclaim(node.encounters, today=0)
    assert dropped >= 1
    assert len(node.encounters.segments.numbers()) == len(files) - dropped
    await send(node, second, second.second(final=True))
    await node.end()
    again = open_node(folder)
    await start.start(again.encounters)
    live = await again.encounters.live(second.id)
    assert live is not None
    assert live.next_seq == 13
    await again.end()


async def test_a_tombstone_stays_for_a_day_and_is_then_forgotten(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    await erase.ask(node.encounters, phone.id, owner_secret(phone))
    today = node.encounters.lives[phone.id].row.day
    await reclaim.reclaim(node.encounters, today)
    assert await node.encounters.live(phone.id) is not None
    await reclaim.reclaim(node.encounters, today + 1)
    assert await node.encounters.live(phone.id) is None


async def test_a_file_that_was_still_written_to_goes_once_the_next_one_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.node.SegmentStore.open", partial(SegmentStore.open, segment_bytes=1 << 20))
    node = open_node(folder)
    await start.start(node.encounters)
    first, second = Phone(node.share_recipient), Phone(node.share_recipient)
    await begin(node, second)
    await send(node, second, second.second())
    await filled(node, first)
    await erase.ask(node.encounters, first.id, owner_secret(first))
    await reclaim.reclaim(node.encounters, today=0)
    assert await reclaim.reclaim(node.encounters, today=0) == 0
    await send(node, second, second.second(node.clock.random_bytes(900_000)))
    assert await reclaim.reclaim(node.encounters, today=0) == 1
    await node.end()
