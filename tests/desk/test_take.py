"""One lawyer has a recording; nobody else gets a byte of it, and its owner sees each opening."""

import asyncio
import json
from hashlib import sha256

import pytest
from sqlalchemy import select

from tests.desk.lawyer import Lawyer, recorded
from tests.encounters.phone import Phone
from tests.encounters.stewards import Pair, hand_in, known, signed, statement
from tests.encounters.test_owner import owner_secret
from tests.encounters.test_receive import send
from tocsin.crypto import envelope
from tocsin.crypto.custody import NoteReader
from tocsin.crypto.stream import Reader, parse_chunk
from tocsin.desk import decline, finish, forget, freeze, give_back, hand_over, take
from tocsin.desk import open as opening
from tocsin.desk.model import (
    Caller,
    CallerWrong,
    EventWrong,
    ItemDeclined,
    ItemFrozen,
    ItemTaken,
    ItemUnknown,
    NotYours,
    State,
)
from tocsin.desk.room import Desk
from tocsin.desk.tables import item
from tocsin.encounters import erase, export, rewrap
from tocsin.errors import TocsinError
from tocsin.ids import RecordingId, b64
from tocsin.node import Node
from tocsin.people import statement as statements
from tocsin.people.statement import Act
from tocsin.people.steward_keys import key_id
from tocsin.store.erase_keys import KeyErased

pytestmark = pytest.mark.anyio
STEWARD = Caller("ab" * 8, is_lawyer=False, is_steward=True)


async def taken(desk: Desk, lawyer: Lawyer, recording: RecordingId) -> bytes:
    """The capability of who has just taken and opened it."""
    await take.take(desk, lawyer.caller, recording, lawyer.take(recording))
    await opening.opening(desk, lawyer.caller, recording, lawyer.capabilities[recording])
    return lawyer.capabilities[recording]


async def acts(node: Node, phone: Phone) -> list[tuple[str, str, str]]:
    """Actor, action and reason of every act noted, as whoever can open the recording reads them."""
    live = await node.encounters.live(phone.id)
    assert live is not None
    reader = NoteReader(phone.id, Reader(phone.rk, phone.writer.header).custody_seed)
    await node.encounters.flush_index()
    sealed = [raw for _, raw in export._notes(node.encounters, live, live.next_seq, live.chain.count)]
    notes = [json.loads(reader.open(raw)) for raw in sealed]
    return [(one["actor"], one["action"], one["reason"]) for one in notes if one["n"] == "act"]


async def test_only_who_takes_it_gets_envelope_and_seconds_and_the_owner_sees_each_opening(
    node: Node, desk: Desk, wren: Lawyer, kestrel: Lawyer
) -> None:
    phone = await recorded(node, wren, kestrel, seconds=4)
    capability = await taken(desk, wren, phone.id)
    _, found = await opening.opening(desk, wren.caller, phone.id, capability)
    assert envelope.open_wraps(wren.identity, found.wraps) == phone.rk
    raw = await opening.chunks(desk, wren.caller, phone.id, capability, 1)
    assert parse_chunk(raw[4 : 4 + int.from_bytes(raw[:4])]).seq == 1
    with pytest.raises(ItemTaken):
        await take.take(desk, kestrel.caller, phone.id, kestrel.take(phone.id))
    for verb in (opening.opening, opening.acts, opening.export, give_back.give_back, finish.finish, freeze.freeze):
        with pytest.raises(NotYours):
            await verb(desk, kestrel.caller, phone.id, kestrel.capabilities[phone.id])
    with pytest.raises(CallerWrong):
        await opening.opening(desk, STEWARD, phone.id, capability)
    b"".join(await opening.export(desk, wren.caller, phone.id, capability))
    who = f"lawyer:{wren.caller.key}"
    told = [one for one in await acts(node, phone) if one[0] == who]
    assert [action for _, action, _ in told] == ["taken", "opened", "opened", "fetched"]


async def test_seconds_can_be_read_while_they_come_and_never_before_an_opening(
    node: Node, desk: Desk, wren: Lawyer
) -> None:
    phone = await recorded(node, wren, seconds=2, final=False)
    await take.take(desk, wren.caller, phone.id, asked := wren.take(phone.id))
    again = await take.take(desk, wren.caller, phone.id, asked)  # the answer may be lost on the way
    assert (again.state, again.turn) == (State.TAKEN, 1)
    capability = wren.capabilities[phone.id]
    for verb in (opening.acts, opening.export):
        with pytest.raises(EventWrong):
            await verb(desk, wren.caller, phone.id, capability)
    await opening.opening(desk, wren.caller, phone.id, capability)
    raw = phone.second()
    await send(node, phone, raw)
    assert await opening.chunks(desk, wren.caller, phone.id, capability, 2) == len(raw).to_bytes(4) + raw
    assert await opening.chunks(desk, wren.caller, phone.id, capability, 3) == b""


async def test_of_many_who_take_at_once_one_has_it(node: Node, desk: Desk) -> None:
    lawyers = [Lawyer(f"Bird {number}") for number in range(8)]
    for _ in range(3):
        phone = await recorded(node, lawyers[0])
        tries = (take.take(desk, one.caller, phone.id, one.take(phone.id)) for one in lawyers)
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(type(one).__name__ for one in answers) == ["Item"] + ["ItemTaken"] * 7
        winner = next(one for one, answer in zip(lawyers, answers, strict=True) if not isinstance(answer, Exception))
        digest = sha256(winner.capabilities[phone.id]).digest()
        assert (await desk.item(phone.id)).digest == digest
        assert [one for one, _, _ in await acts(node, phone) if one.startswith("lawyer")] == [
            f"lawyer:{winner.caller.key}"
        ]


async def test_who_asks_and_may_not_stands_in_the_history_once(
    node: Node, desk: Desk, wren: Lawyer, kestrel: Lawyer
) -> None:
    """Script P3, step 11: it is refused, and the log says who asked."""
    phone = await recorded(node, wren, kestrel)
    capability = await taken(desk, wren, phone.id)
    editor = Caller("cd" * 8, is_lawyer=False, is_steward=False)
    for caller, reason in ((STEWARD, CallerWrong), (editor, CallerWrong), (kestrel.caller, NotYours)):
        for _ in range(3):
            with pytest.raises(reason):
                await opening.opening(desk, caller, phone.id, capability if reason is CallerWrong else bytes(32))
    refused = [one for one in await acts(node, phone) if one[1] == "refused"]
    assert refused == [
        (f"steward:{STEWARD.key}", "refused", "desk_role_missing"),
        (f"staff:{editor.key}", "refused", "desk_role_missing"),
        (f"lawyer:{kestrel.caller.key}", "refused", "capability_wrong"),
    ]
    with pytest.raises(CallerWrong):
        await opening.opening(desk, editor, RecordingId(bytes(16)), capability)


async def test_who_declines_never_gets_it_and_leaves_a_mark_that_only_they_know_again(
    node: Node, desk: Desk, wren: Lawyer, kestrel: Lawyer
) -> None:
    phone, other = await recorded(node, wren, kestrel), await recorded(node, wren, kestrel)
    before = await acts(node, phone)
    await decline.decline(desk, wren.caller, phone.id, wren.decline(phone.id))
    with pytest.raises(ItemDeclined):
        await take.take(desk, wren.caller, phone.id, wren.take(phone.id))
    assert await acts(node, phone) == before  # nothing is noted of it
    await decline.decline(desk, wren.caller, other.id, wren.decline(other.id))
    marks = [(await desk.item(one.id)).declined for one in (phone, other)]
    assert marks[0] != marks[1]
    assert {len(mark) for mark in marks} == {32}
    await decline.decline(desk, wren.caller, other.id, wren.decline(other.id, undo=True))
    await taken(desk, wren, other.id)
    await taken(desk, kestrel, phone.id)


async def test_what_is_handed_over_opens_for_the_colleague_alone_and_the_old_copy_dies_by_its_slot(
    node: Node, desk: Desk, wren: Lawyer, kestrel: Lawyer
) -> None:
    phone = await recorded(node, wren)
    capability = await taken(desk, wren, phone.id)
    old = await desk.item(phone.id)
    await hand_over.hand_over(desk, wren.caller, phone.id, capability, wren.hand_over(phone.id, phone.rk, kestrel))
    with pytest.raises(NotYours):
        await opening.opening(desk, wren.caller, phone.id, capability)
    with pytest.raises(KeyErased):
        desk.open(old.slot, phone.id, old.box)
    held = desk.held(await desk.item(phone.id))
    assert held is not None
    assert json.loads(envelope.open_with(kestrel.identity, held.ticket))["recording"] == b64(phone.id)
    _, found = await opening.opening(desk, kestrel.caller, phone.id, kestrel.capabilities[phone.id])
    assert envelope.open_wraps(kestrel.identity, found.wraps) == phone.rk
    told = [one for one in await acts(node, phone) if one[1] == "handed_over"]
    assert told == [(f"lawyer:{wren.caller.key}", "handed_over", f"lawyer:{kestrel.caller.key}")]


async def test_an_owners_new_envelope_counts_before_a_colleagues_copy(
    node: Node, desk: Desk, wren: Lawyer, kestrel: Lawyer
) -> None:
    """A resident who dropped the desk is not overruled by what one lawyer sealed to another."""
    phone = await recorded(node, wren)
    capability = await taken(desk, wren, phone.id)
    await hand_over.hand_over(desk, wren.caller, phone.id, capability, wren.hand_over(phone.id, phone.rk, kestrel))
    mine, friend = (envelope.new_identity(node.clock)[1] for _ in range(2))
    wraps = rewrap.Wraps(b64(envelope.seal_to([mine, friend], phone.rk)))
    await rewrap.rewrap(node.encounters, phone.id, owner_secret(phone), wraps)
    _, found = await opening.opening(desk, kestrel.caller, phone.id, kestrel.capabilities[phone.id])
    with pytest.raises(envelope.EnvelopeNotForUs):
        envelope.open_wraps(kestrel.identity, found.wraps)


async def test_what_a_gone_lawyer_has_can_wait_again_and_a_steward_opens_nothing(
    node: Node, desk: Desk, wren: Lawyer, kestrel: Lawyer
) -> None:
    phone = await recorded(node, wren, kestrel)
    capability = await taken(desk, wren, phone.id)
    with pytest.raises(CallerWrong):
        await give_back.take_back(desk, kestrel.caller, phone.id)
    await give_back.take_back(desk, STEWARD, phone.id)
    with pytest.raises(NotYours):
        await opening.opening(desk, wren.caller, phone.id, capability)
    await taken(desk, kestrel, phone.id)
    assert ("steward:" + STEWARD.key, "given_back", "") in await acts(node, phone)


async def test_what_is_frozen_nobody_fetches_and_the_owner_sees_it(node: Node, desk: Desk, wren: Lawyer) -> None:
    phone = await recorded(node, wren)
    capability = await taken(desk, wren, phone.id)
    await freeze.freeze(desk, wren.caller, phone.id, capability)
    live = await node.encounters.live(phone.id)
    assert live is not None
    for verb in (opening.opening, opening.acts, opening.export):
        with pytest.raises(ItemFrozen):
            await verb(desk, wren.caller, phone.id, capability)
    for actor in ("owner", "operator"):
        with pytest.raises(ItemFrozen):
            await export.export(node.encounters, live, actor, {})
    pair = Pair.fresh()
    await known(node, pair)
    asked = statement(node, Act.THAW, phone.id)
    first = statements.propose(asked, pair.first)
    await hand_in(node, first)
    assert await freeze.is_frozen(desk, phone.id), "one steward's word ends nothing"
    await hand_in(node, statements.confirm(first, pair.second))
    with pytest.raises(EventWrong):
        await hand_in(node, signed(pair, statement(node, Act.THAW, phone.id)))
    await opening.opening(desk, wren.caller, phone.id, capability)
    told = [(actor, action) for actor, action, _ in await acts(node, phone)]
    stewards = [f"steward:{key_id(key.public)}" for key in (pair.first, pair.second)]
    lawyer = f"lawyer:{wren.caller.key}"
    assert told[-5:] == [
        (lawyer, "frozen"),
        (stewards[0], "thaw_proposed"),
        (stewards[0], "thawed"),
        (stewards[1], "thawed"),
        (lawyer, "opened"),
    ]


async def test_rehearsals_and_what_is_the_owners_alone_never_reach_the_desk(
    node: Node, desk: Desk, wren: Lawyer
) -> None:
    rehearsal, alone = await recorded(node, wren, kind="rehearsal"), await recorded(node)
    encounter, footage = await recorded(node, wren), await recorded(node, wren, kind="import")
    found = {one.recording_id for one in await desk.recordings.kept()}
    assert found == {encounter.id, footage.id}
    for phone in (rehearsal, alone):
        with pytest.raises(ItemUnknown):
            await take.take(desk, wren.caller, phone.id, wren.take(phone.id))


async def test_what_its_owner_erases_is_gone_from_the_desk_before_they_are_answered(
    node: Node, desk: Desk, wren: Lawyer
) -> None:
    phone = await recorded(node, wren)
    await taken(desk, wren, phone.id)
    row = await desk.item(phone.id)
    await erase.ask(node.encounters, phone.id, owner_secret(phone))
    with pytest.raises(KeyErased):
        desk.open(row.slot, phone.id, row.box)
    assert not await desk.database.read(lambda c: c.execute(select(item)).all())
    with pytest.raises(ItemUnknown):
        await opening.opening(desk, wren.caller, phone.id, wren.capabilities[phone.id])


async def test_a_node_that_died_while_erasing_forgets_at_the_desk_too(node: Node, desk: Desk, wren: Lawyer) -> None:
    phone = await recorded(node, wren)
    await taken(desk, wren, phone.id)
    node.encounters.after_erasure.clear()  # it died before it told the desk
    row = await desk.item(phone.id)
    await erase.ask(node.encounters, phone.id, owner_secret(phone))
    assert await forget.sweep(desk) == 1
    with pytest.raises(KeyErased):
        desk.open(row.slot, phone.id, row.box)


async def test_no_refusal_of_the_desk_leaves_a_slot_behind(
    node: Node, desk: Desk, wren: Lawyer, kestrel: Lawyer
) -> None:
    phone = await recorded(node, wren)
    await taken(desk, wren, phone.id)
    free = len(node.encounters.erase_keys._free)
    for _ in range(3):
        with pytest.raises(TocsinError):
            await take.take(desk, kestrel.caller, phone.id, kestrel.take(phone.id))
    assert len(node.encounters.erase_keys._free) == free
