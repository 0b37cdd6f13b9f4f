"""Two stewards hold a recording; one never does. Whoever owns it is told the same either way, and gets it when it is released."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.encounters import stewards
from tests.encounters.conftest import open_node
from tests.encounters.phone import Phone
from tests.encounters.stewards import Pair
from tests.encounters.test_owner import owner_secret, record
from tocsin.crypto import envelope
from tocsin.crypto.custody import NoteReader
from tocsin.crypto.stream import Reader
from tocsin.encounters import erase, forget, queries, reclaim, rewrap, start, state
from tocsin.encounters.model import (
    CapabilityWrong,
    HoldMissing,
    HoldStands,
    Kind,
    RecordingErased,
    RecordingUnknown,
    State,
)
from tocsin.evidence.sealed import Sealed
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.people import statement as statements
from tocsin.people.statement import Act, Named
from tocsin.people.steward_keys import spelled
from tocsin.store import disk
from tocsin.store.erase_keys import KeyErased
from tocsin.tlog import entry as entries

pytestmark = pytest.mark.anyio
DAYS = {Kind.ENCOUNTER: 30, Kind.REHEARSAL: 1, Kind.IMPORT: 30}


@pytest.fixture
def database() -> str:
    """SQLite alone: the tables are held to PostgreSQL by the contract."""
    return ""


@pytest.fixture
async def pair(node: Node) -> Pair:
    pair = Pair.fresh()
    await stewards.known(node, pair)
    return pair


async def handed_out(node: Node, phone: Phone, *, as_held: bool) -> Path:
    await node.hand_out(phone.id, "out", as_held=as_held)
    return Path(node.settings.folder) / "out" / "out"


def opens(path: Path, phone: Phone) -> bool:
    with Sealed(path) as sealed:
        reader = Reader(envelope.open_wraps(phone.identity, sealed.wraps), phone.writer.header)
        return reader.owner_secret == owner_secret(phone)


def acts_of(path: Path, phone: Phone) -> list[tuple[str, str, str]]:
    """Who did what, and why, as its readers see it."""
    reader = NoteReader(phone.id, Reader(phone.rk, phone.writer.header).custody_seed)
    with Sealed(path) as sealed:
        notes = [json.loads(reader.open(raw)) for raw in sealed.notes()]
    return [(one["actor"], one["action"], one["reason"]) for one in notes if one["n"] == "act"]


async def test_a_held_recording_outlives_its_erasure_and_its_day_and_is_gone_when_released(
    node: Node, phone: Phone, pair: Pair
) -> None:
    await record(node, phone)
    await stewards.hold(node, pair, phone.id)
    room = node.encounters
    assert await erase.ask(room, phone.id, owner_secret(phone)) == erase.PROMISE
    for day in (0, 1, 400):
        await reclaim.reclaim(room, room.today() + day)
        assert await erase.expire(room, room.today() + day, DAYS) == 0
    assert opens(await handed_out(node, phone, as_held=True), phone)
    held = await node.database.read(lambda c: queries.hold_of(c, phone.id))
    assert held is not None
    await stewards.release(node, pair, phone.id)
    with pytest.raises(KeyErased):
        room.erase_keys.key(held.slot)
    await reclaim.reclaim(room, room.today())
    assert await node.database.read(lambda c: queries.stored_bytes(c, phone.id)) == 0
    assert not (await handed_out(node, phone, as_held=True)).stat().st_size
    assert not await room.work.lease()


async def test_one_whose_owner_did_not_ask_is_kept_as_before_when_released_and_ends_on_its_day(
    node: Node, phone: Phone, pair: Pair
) -> None:
    await record(node, phone)
    await stewards.hold(node, pair, phone.id)
    room = node.encounters
    assert await erase.expire(room, room.today() + 31, DAYS) == 0
    await stewards.release(node, pair, phone.id)
    assert (await state.state(room, phone.id, phone.upload))["next"] == 2
    assert await erase.expire(room, room.today() + 31, DAYS) == 1


async def test_a_new_envelope_does_not_get_around_a_hold(node: Node, phone: Phone, pair: Pair) -> None:
    await record(node, phone)
    await stewards.hold(node, pair, phone.id)
    nobody = envelope.seal_to([envelope.new_identity(node.clock)[1]], bytes(32))
    await rewrap.rewrap(node.encounters, phone.id, owner_secret(phone), rewrap.Wraps(b64(nobody)))
    with pytest.raises(envelope.EnvelopeNotForUs):
        opens(await handed_out(node, phone, as_held=False), phone)
    assert opens(await handed_out(node, phone, as_held=True), phone)


async def test_what_an_owner_hears_and_can_see_is_the_same_whether_it_is_held_or_not(node: Node, pair: Pair) -> None:
    seen = []
    for is_held in (False, True):
        phone = Phone(node.share_recipient)
        await record(node, phone)
        if is_held:
            await stewards.hold(node, pair, phone.id)
        seen.append(await everything_asked(node, phone))
    assert seen[0] == seen[1]


async def everything_asked(node: Node, phone: Phone) -> list[Any]:
    """What an owner or their phone hears once erasure was asked for: that day, after a restart, the day after."""
    room, found = node.encounters, list[Any]()
    secret = owner_secret(phone)
    found.append(await erase.ask(room, phone.id, secret))
    for _ in range(2):
        found.append(await told(room, phone))
        found.append(await erase.ask(room, phone.id, secret))
        await reclaim.reclaim(room, room.today())
        room.lives.clear()
    live = await room.live(phone.id)
    assert live is not None
    tomorrow = room.today() + 1
    with pytest.MonkeyPatch.context() as moved:
        moved.setattr(type(room), "today", lambda _: tomorrow)
        await reclaim.reclaim(room, tomorrow)
        with pytest.raises(CapabilityWrong):
            await erase.ask(room, phone.id, secret)
        with pytest.raises(CapabilityWrong):
            await state.state(room, phone.id, phone.upload)
    return found


async def told(room: Any, phone: Phone) -> dict[str, Any]:
    answer = await state.state(room, phone.id, phone.upload)
    return {name: value for name, value in answer.items() if name not in {"node_time_ms", "newest_link"}}


async def test_an_erasure_takes_the_same_steps_whether_it_is_held_or_not(
    node: Node, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The equal timing class: as many syncs, overwrites and writes of the database, in the same order."""
    counted = []
    for is_held in (False, True):
        phone = Phone(node.share_recipient)
        await record(node, phone)
        if is_held:
            await stewards.hold(node, pair, phone.id)
        await node.encounters.flush_index()
        steps: list[str] = []
        with monkeypatch.context() as watching:
            for place, name in ((disk, "sync"), (node.encounters.erase_keys, "erase"), (node.database, "write")):
                watch(watching, place, name, steps)
            await erase.ask(node.encounters, phone.id, owner_secret(phone))
        counted.append(steps)
    assert counted[0] == counted[1]
    assert counted[0].count("write") >= 2


def watch(watching: pytest.MonkeyPatch, place: Any, name: str, steps: list[str]) -> None:
    real = getattr(place, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        steps.append(name)
        return real(*arguments, **options)

    watching.setattr(place, name, counted)


async def test_one_steward_alone_holds_nothing_and_their_wish_is_noted(node: Node, phone: Phone, pair: Pair) -> None:
    await record(node, phone)
    said = stewards.statement(node, Act.HOLD, phone.id, reason="threat")
    proposed = statements.propose(said, pair.first)
    for _ in range(2):  # handed in again: still one wish
        assert (await stewards.hand_in(node, proposed))["acted"] is False
    assert await node.database.read(queries.holds) == []
    noted = [
        one for one in acts_of(await handed_out(node, phone, as_held=False), phone) if one[0].startswith("steward")
    ]
    assert [action for _, action, _ in noted] == ["hold_proposed"]
    await erase.ask(node.encounters, phone.id, owner_secret(phone))
    with pytest.raises(RecordingErased):
        await stewards.hand_in(node, statements.confirm(proposed, pair.second))


async def test_the_same_steward_twice_is_one_under_any_key(node: Node, phone: Phone, pair: Pair) -> None:
    await record(node, phone)
    said = stewards.statement(node, Act.HOLD, phone.id, reason="threat")
    proposed = statements.propose(said, pair.first)
    with pytest.raises(statements.SecondStewardNeeded):
        statements.confirm(proposed, pair.first)
    label = statements.Signature.of(pair.first, statements.CONFIRM, said.raw)
    with pytest.raises(statements.SecondStewardNeeded):
        await stewards.hand_in(node, statements.Signed(said, (*proposed.signatures, label)))
    again = Pair.fresh()
    other = Named(key=spelled(again.second.public), name="Wren")
    third = stewards.about_keys(node.settings.log_origin, Act.STEWARD_ADD, other)
    await stewards.hand_in(node, stewards.signed(pair, third))
    await stewards.strike(node)
    node.stewardship.wait_s = -(10**9)
    with pytest.raises(statements.SecondStewardNeeded):
        await stewards.hand_in(node, statements.confirm(proposed, again.second))
    assert await node.database.read(queries.holds) == []


async def test_a_statement_acts_once_and_only_as_it_was_signed(node: Node, phone: Phone, pair: Pair) -> None:
    await record(node, phone)
    both = await stewards.hold(node, pair, phone.id)
    with pytest.raises(statements.StatementUsed):
        await stewards.hand_in(node, both)
    await stewards.release(node, pair, phone.id)
    with pytest.raises(statements.StatementUsed):
        await stewards.hand_in(node, both)
    other = Phone(node.share_recipient)
    await record(node, other)
    turned = statements.Signed(stewards.statement(node, Act.HOLD, other.id, reason="threat"), both.signatures)
    with pytest.raises(statements.StatementChanged):
        await stewards.hand_in(node, turned)
    assert await node.database.read(queries.holds) == []


async def test_what_cannot_be_held_or_released_is_refused(node: Node, phone: Phone, pair: Pair) -> None:
    with pytest.raises(RecordingUnknown):
        await stewards.hold(node, pair, bytes(16))
    await record(node, phone)
    with pytest.raises(HoldMissing):
        await stewards.release(node, pair, phone.id)
    with pytest.raises(statements.StatementMalformed):
        await stewards.hold(node, pair, phone.id, reason="because of her")
    await stewards.hold(node, pair, phone.id)
    with pytest.raises(HoldStands):
        await stewards.hold(node, pair, phone.id)


async def test_each_step_is_noted_for_readers_and_nobody_else_finds_it_in_the_log(
    node: Node, phone: Phone, pair: Pair
) -> None:
    await record(node, phone)
    both = stewards.signed(pair, stewards.statement(node, Act.HOLD, phone.id, reason="subpoena"))
    proposed = statements.Signed(both.statement, both.signatures[:1])
    for one in (proposed, both):
        await stewards.hand_in(node, one)
    await stewards.strike(node)
    noted = [one for one in acts_of(await handed_out(node, phone, as_held=True), phone) if one[0].startswith("steward")]
    assert [(action, reason) for _, action, reason in noted] == [
        ("hold_proposed", "subpoena"),
        *[("held", "subpoena")] * 2,
    ]
    assert noted[1][0] != noted[2][0]
    log = node.log
    assert log is not None
    entries_ = [log.entry(index) for index in range(log.size)]
    for one in (proposed, both):
        assert entries_.count(entries.beat_entry(one.step)) == 1
    public = b"".join(entry for entry in entries_ if not entry.startswith(entries.BEAT))
    assert public.find(phone.id) == -1
    assert b64(phone.id).encode() not in public
    assert b"hold" not in public
    rows = await node.database.read(lambda c: c.exec_driver_sql("SELECT kind FROM public_entry").scalars().all())
    assert "hidden" not in rows


async def test_a_hold_is_taken_up_after_a_restart_with_its_chain_of_notes(folder: Path) -> None:
    node = open_node(folder)
    await start.start(node.encounters)
    pair, phone = Pair.fresh(), Phone(node.share_recipient)
    await stewards.known(node, pair)
    await record(node, phone)
    await stewards.hold(node, pair, phone.id)
    await erase.ask(node.encounters, phone.id, owner_secret(phone))
    await node.end()
    again = open_node(folder)
    await start.start(again.encounters)
    again.stewardship.wait_s = -(10**9)
    await forget.forget_quiet(again.encounters, -1)
    path = await handed_out(again, phone, as_held=True)
    assert opens(path, phone)
    assert acts_of(path, phone)[-1][:2] == ("operator", "fetched")
    live = await again.encounters.live(phone.id)
    assert live is not None
    assert (live.row.state, live.is_held) == (State.ERASED, True)
    await stewards.release(again, pair, phone.id)
    await again.end()


async def test_a_released_hold_is_overwritten_though_the_node_died_before_it_could(
    node: Node, phone: Phone, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.encounters.test_owner import Died, finish_what_was_begun

    await record(node, phone)
    await stewards.hold(node, pair, phone.id)
    held = await node.database.read(lambda c: queries.hold_of(c, phone.id))
    assert held is not None

    def died(*_: object) -> None:
        raise Died

    with monkeypatch.context() as dying:
        dying.setattr(node.encounters.erase_keys, "erase", died)
        with pytest.raises(Died):
            await stewards.release(node, pair, phone.id)
    node.encounters.lives.clear()
    assert node.encounters.erase_keys.key(held.slot)
    await finish_what_was_begun(node)
    with pytest.raises(KeyErased):
        node.encounters.erase_keys.key(held.slot)
