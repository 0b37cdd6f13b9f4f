"""The list: oldest first, silence at once, and honest about what a restart made the node forget."""

from pathlib import Path

import pytest

from tests.desk.lawyer import Lawyer, recorded
from tests.desk.test_take import taken
from tests.encounters.conftest import open_node
from tests.encounters.test_receive import send
from tocsin import at_desk
from tocsin.at_desk import desk_of
from tocsin.desk.board import Board, quiet_of
from tocsin.desk.model import Pulse
from tocsin.encounters import close, start
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.web.status import FAILS, WORKS

pytestmark = pytest.mark.anyio


@pytest.fixture
def database() -> str:
    """What the list shows does not depend on the database; its tables are tested on both elsewhere."""
    return ""


async def test_oldest_first_and_one_owner_each(node: Node, board: Board, wren: Lawyer) -> None:
    board.see_arrivals()
    phones = []
    for number in range(4):
        phones.append(await recorded(node, wren, final=number % 2 == 0))
        board.see_arrivals()
    await board.refresh()
    told = board.told()
    assert [one.line.recording for one in told if one.line.rank] == [b64(phones[1].id), b64(phones[3].id)]
    assert {one.line.recording for one in told} == {b64(one.id) for one in phones}
    await taken(board.desk, wren, phones[1].id)
    await board.refresh()
    states = {one.line.recording: one.line for one in board.told()}
    assert states[b64(phones[1].id)].state == "opened"
    assert states[b64(phones[1].id)].ticket
    assert phones[1].id not in board.arrivals, "once somebody has it memory forgets when it came"
    assert all(not line.ticket and not line.label for line in states.values() if line.state == "waiting")


async def test_silence_is_told_at_once_and_ends_when_seconds_come_again(node: Node, board: Board, wren: Lawyer) -> None:
    phone = await recorded(node, wren, final=False)
    live = node.encounters.lives[phone.id]
    await board.refresh()
    [told] = board.told()
    assert (told.line.quiet, told.silent_s) == ("coming", None)
    live.heard -= 12
    at = board.changes.count
    await board.refresh()
    [told] = board.told(at)
    assert (told.line.quiet, told.silent_s) == ("silent", 12)
    await send(node, phone, phone.second())
    await board.refresh()
    assert [one.line.quiet for one in board.told(at)] == ["coming"]
    await close.close_silent(node.encounters, after_seconds=-1)
    await board.refresh()
    [told] = board.told()
    assert (told.line.stream, told.line.quiet) == ("cut", "")


async def test_after_a_restart_the_list_says_what_it_does_not_know(node: Node, wren: Lawyer, tmp_path: Path) -> None:
    phone = await recorded(node, wren, final=False)
    await node.end()
    again = open_node(tmp_path)
    await start.start(again.encounters)
    board = desk_of(again)[1]
    board.see_arrivals()
    await board.refresh()
    [told] = board.told()
    assert (told.line.quiet, told.line.rank, told.waiting_min) == ("unknown", None, None)
    assert told.silent_s is not None
    await send(again, phone, phone.second())
    await board.refresh()
    assert board.told()[0].line.quiet == "coming"
    await again.end()


async def test_what_nobody_opened_for_days_is_marked(node: Node, board: Board, wren: Lawyer) -> None:
    old, opened = await recorded(node, wren), await recorded(node, wren)
    await taken(board.desk, wren, opened.id)
    for phone in (old, opened):
        live = await node.encounters.live(phone.id)
        assert live is not None
        await node.encounters.replace(live, day=live.row.day - board.late_days - 1)
    await board.refresh()
    assert {one.line.recording: one.line.is_late for one in board.told()} == {b64(old.id): True, b64(opened.id): False}
    assert board.late() == 1
    assert not board.is_overdue(), "a mark first"
    assert at_desk.waiting_long(board) == {"desk": WORKS}
    live = await node.encounters.live(old.id)
    assert live is not None
    await node.encounters.replace(live, day=live.row.day - board.late_days)
    await board.refresh()
    assert at_desk.waiting_long(board) == {"desk": FAILS}
    await taken(board.desk, wren, old.id)
    await board.refresh()
    assert not board.is_overdue(), "somebody has opened it"


async def test_who_watches_hears_changes_and_who_comes_back_only_what_was_missed(
    node: Node, board: Board, wren: Lawyer
) -> None:
    first = await recorded(node, wren)
    watching = board.watch(0, for_s=5.0)
    at, lines, left = await anext(watching)
    assert [one.line.recording for one in lines] == [b64(first.id)]
    await taken(board.desk, wren, first.id)
    at, lines, left = await anext(watching)
    assert [one.line.state for one in lines][-1] in {"taken", "opened"}
    second = await recorded(node, wren)
    await watching.aclose()
    again = board.watch(at, for_s=5.0)
    _, lines, left = await anext(again)
    assert b64(second.id) in {one.line.recording for one in lines}
    await again.aclose()
    assert board.changes.watchers == 0
    assert left == []


def test_what_memory_does_not_know_is_called_unknown() -> None:
    assert quiet_of(None) == quiet_of(Pulse(1.0, is_exact=False)) == "unknown"
    assert [quiet_of(Pulse(silent, is_exact=True)) for silent in (0.0, 2.9, 3.0)] == ["coming", "coming", "silent"]
