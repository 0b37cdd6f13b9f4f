"""What lawyers write is sealed, dies with the recording, and is not lost between two windows."""

import asyncio

import pytest
from sqlalchemy import select

from tests.desk.lawyer import CLOCK, Lawyer, recorded
from tests.desk.test_take import taken
from tests.encounters.test_owner import owner_secret
from tocsin.crypto import envelope
from tocsin.desk import keep
from tocsin.desk.keep import Sealed
from tocsin.desk.model import NotYours, PaperChanged, PapersMany
from tocsin.desk.room import Desk
from tocsin.desk.tables import paper
from tocsin.encounters import erase
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.store.erase_keys import KeyErased

pytestmark = pytest.mark.anyio


def sealed(lawyer: Lawyer, text: bytes, turn: int = 0) -> Sealed:
    return Sealed(b64(envelope.seal_to([lawyer.recipient], text)), turn)


async def test_a_paper_is_kept_changed_and_deleted_and_each_version_dies(
    node: Node, desk: Desk, wren: Lawyer, kestrel: Lawyer
) -> None:
    phone = await recorded(node, wren)
    capability, number = await taken(desk, wren, phone.id), CLOCK.random_bytes(16)
    who = (desk, wren.caller, phone.id, capability)
    assert await keep.keep(*who, number, sealed(wren, b"first")) == 1
    [(first, raw)] = await keep.papers(*who)
    assert envelope.open_with(wren.identity, raw) == b"first"
    assert await keep.keep(*who, number, sealed(wren, b"second", 1)) == 2
    with pytest.raises(KeyErased):
        desk.open(first.slot, phone.id, first.box)
    [(second, raw)] = await keep.papers(*who)
    assert envelope.open_with(wren.identity, raw) == b"second"
    with pytest.raises(NotYours):
        await keep.papers(desk, kestrel.caller, phone.id, CLOCK.random_bytes(32))
    await keep.drop(*who, number)
    await keep.drop(*who, number)
    assert await keep.papers(*who) == []
    with pytest.raises(KeyErased):
        desk.open(second.slot, phone.id, second.box)


async def test_of_two_windows_one_is_told_that_the_other_was_faster(node: Node, desk: Desk, wren: Lawyer) -> None:
    phone = await recorded(node, wren)
    capability, number = await taken(desk, wren, phone.id), CLOCK.random_bytes(16)
    who = (desk, wren.caller, phone.id, capability)
    await keep.keep(*who, number, sealed(wren, b"begun"))
    windows = (keep.keep(*who, number, sealed(wren, text, 1)) for text in (b"here", b"there"))
    answers = await asyncio.gather(*windows, return_exceptions=True)
    assert sorted(map(str, answers)) == ["2", "paper_changed"]
    for turn in (0, 1, 3):
        with pytest.raises(PaperChanged):
            await keep.keep(*who, number, sealed(wren, b"late", turn))


async def test_papers_go_with_the_recording(node: Node, desk: Desk, wren: Lawyer) -> None:
    phone = await recorded(node, wren)
    capability = await taken(desk, wren, phone.id)
    for _ in range(3):
        paper_id = CLOCK.random_bytes(16)
        await keep.keep(desk, wren.caller, phone.id, capability, paper_id, sealed(wren, b"A-number 123456789"))
    rows = await desk.database.read(lambda c: c.execute(select(paper.c.slot, paper.c.box)).all())
    assert len(rows) == 3
    await erase.ask(node.encounters, phone.id, owner_secret(phone))
    for slot, box in rows:
        with pytest.raises(KeyErased):
            desk.open(slot, phone.id, box)


async def test_a_desk_is_no_dead_drop(node: Node, desk: Desk, wren: Lawyer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "MOST", 2)
    phone = await recorded(node, wren)
    capability = await taken(desk, wren, phone.id)
    free = len(desk.erase_keys._free)
    for _ in range(2):
        await keep.keep(desk, wren.caller, phone.id, capability, CLOCK.random_bytes(16), sealed(wren, b"x"))
    with pytest.raises(PapersMany):
        await keep.keep(desk, wren.caller, phone.id, capability, CLOCK.random_bytes(16), sealed(wren, b"x"))
    assert len(desk.erase_keys._free) == free - 2
    with pytest.raises(envelope.EnvelopeMalformed):
        await keep.keep(desk, wren.caller, phone.id, capability, CLOCK.random_bytes(16), Sealed(b64(b"in clear"), 0))
