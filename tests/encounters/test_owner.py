"""Who has the words has the recording; nobody else has, and what was dropped opens nothing."""

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.encounters.phone import Phone
from tests.encounters.test_receive import begin, send
from tocsin.crypto import envelope
from tocsin.crypto.stream import Reader
from tocsin.encounters import close, create, erase, export, forget, rewrap, share, start, state
from tocsin.encounters.model import (
    CapabilityWrong,
    Kind,
    RecordingErased,
    RecordingOpen,
    ShareGone,
    State,
    TooFast,
)
from tocsin.encounters.room import ACT_BYTES
from tocsin.ids import b64, unb64
from tocsin.node import Node
from tocsin.store import fail_points
from tocsin.store.erase_keys import KeyErased

pytestmark = pytest.mark.anyio


def owner_secret(phone: Phone) -> bytes:
    return Reader(phone.rk, phone.writer.header).owner_secret


async def record(node: Node, phone: Phone, *, final: bool = True) -> None:
    await begin(node, phone)
    await send(node, phone, phone.second())
    await send(node, phone, phone.second(final=final))


async def test_the_share_is_handed_back_only_after_the_recording_was_stopped_and_again_until_it_was_used(
    node: Node, phone: Phone
) -> None:
    await begin(node, phone)
    await send(node, phone, phone.second())
    with pytest.raises(RecordingOpen):
        await share.return_share(node.encounters, phone.id, phone.upload)
    await send(node, phone, phone.second(final=True))
    for _ in range(2):  # the answer may be lost on the way
        assert await share.return_share(node.encounters, phone.id, phone.upload) == phone.share
    wraps = rewrap.Wraps(b64(envelope.seal_to([envelope.new_identity(node.clock)[1]], phone.rk)))
    await rewrap.rewrap(node.encounters, phone.id, phone.upload, wraps)
    with pytest.raises(ShareGone):
        await share.return_share(node.encounters, phone.id, phone.upload)


async def test_the_share_is_not_handed_back_again_for_ever(
    node: Node, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(node, phone)
    await share.return_share(node.encounters, phone.id, phone.upload)
    monkeypatch.setattr(share, "AGAIN_SECONDS", -1)
    for _ in range(2):
        with pytest.raises(ShareGone):
            await share.return_share(node.encounters, phone.id, phone.upload)


async def test_a_recording_that_fell_silent_is_cut_loses_its_share_and_may_still_go_on(
    node: Node, phone: Phone
) -> None:
    await record(node, phone, final=False)
    assert await close.close_silent(node.encounters, after_seconds=-1) == 1
    live = node.encounters.lives[phone.id]
    assert str(live.row.state) == State.CUT
    await send(node, phone, phone.second())
    assert live.row.state is State.OPEN
    await send(node, phone, phone.second(final=True))
    with pytest.raises(ShareGone):
        await share.return_share(node.encounters, phone.id, phone.upload)


async def test_words_find_the_recording_and_the_phone_may_set_them_once(node: Node, phone: Phone) -> None:
    await record(node, phone)
    locator, (identity, recipient) = bytes(range(32)), envelope.new_identity(node.clock)
    wraps = rewrap.Wraps(b64(envelope.seal_to([recipient], phone.rk)), b64(create.digest_of(locator)))
    with pytest.raises(CapabilityWrong):
        await rewrap.rewrap(node.encounters, phone.id, phone.upload, wraps)
    await share.return_share(node.encounters, phone.id, phone.upload)
    for _ in range(2):  # the answer may be lost on the way
        await rewrap.rewrap(node.encounters, phone.id, phone.upload, wraps)
    other = rewrap.Wraps(b64(envelope.seal_to([recipient], phone.rk)), wraps.locator)
    with pytest.raises(CapabilityWrong):
        await rewrap.rewrap(node.encounters, phone.id, phone.upload, other)
    found = await state.recover(node.encounters, locator)
    assert found["recording"] == b64(phone.id)
    with pytest.raises(CapabilityWrong):
        await state.recover(node.encounters, bytes(32))
    opened = await state.recover(node.encounters, locator)
    assert envelope.open_with(identity, unb64(str(opened["wraps"]))) == phone.rk


async def test_a_dropped_recipient_cannot_open_an_old_disk_image(node: Node, phone: Phone) -> None:
    await record(node, phone)
    live = node.encounters.lives[phone.id]
    old_box, old_slot = live.row.box, live.row.slot
    _, keeps = envelope.new_identity(node.clock)
    wraps = rewrap.Wraps(b64(envelope.seal_to([keeps], phone.rk)))
    await rewrap.rewrap(node.encounters, phone.id, owner_secret(phone), wraps)
    for slot in (old_slot, live.row.slot):
        with pytest.raises((InvalidTag, KeyErased)):
            AESGCM(node.encounters.erase_keys.key(slot)).decrypt(old_box[:12], old_box[12:], phone.id)


async def test_what_an_owner_does_again_and_again_is_slowed_and_never_the_erasure(node: Node, phone: Phone) -> None:
    """Each is noted for good, and a note counts for no quota: the disk would be the price of a capability that anybody can make."""
    await record(node, phone)
    live = node.encounters.lives[phone.id]
    live.pace.rate = live.pace.burst / 1_000_000
    _, keeps = envelope.new_identity(node.clock)
    before = live.chain.count
    with pytest.raises(TooFast) as refusal:
        for _ in range(1_000):
            await export.export(node.encounters, live, export.OWNER, {})
    assert int(refusal.value.fields["retry_after"]) > 1
    assert live.chain.count - before <= live.pace.burst / ACT_BYTES
    with pytest.raises(TooFast):
        wraps = rewrap.Wraps(b64(envelope.seal_to([keeps], phone.rk)))
        await rewrap.rewrap(node.encounters, phone.id, owner_secret(phone), wraps)
    await export.export(node.encounters, live, "lawyer", {})
    assert await erase.ask(node.encounters, phone.id, owner_secret(phone)) == erase.PROMISE


async def test_erasing_answers_the_same_words_and_leaves_nothing_to_open(node: Node, phone: Phone) -> None:
    await record(node, phone, final=False)
    secret = owner_secret(phone)
    with pytest.raises(CapabilityWrong):
        await erase.ask(node.encounters, phone.id, phone.upload)
    first = await erase.ask(node.encounters, phone.id, secret)
    assert first == await erase.ask(node.encounters, phone.id, secret) == erase.PROMISE
    assert node.encounters.lives[phone.id].row.box == b""
    with pytest.raises(RecordingErased):
        await send(node, phone, phone.second())


async def test_what_is_over_is_erased_by_itself(node: Node, phone: Phone) -> None:
    await record(node, phone)
    row = node.encounters.lives[phone.id].row
    days = {Kind.ENCOUNTER: 30, Kind.REHEARSAL: 1, Kind.IMPORT: 7}
    assert await erase.expire(node.encounters, row.day + 30, days) == 0
    assert await erase.expire(node.encounters, row.day + 31, days) == 1
    assert await erase.expire(node.encounters, row.day + 31, days) == 0


async def test_a_body_that_is_no_envelope_is_refused(node: Node, phone: Phone) -> None:
    from tocsin.crypto.envelope import EnvelopeMalformed

    body = msgspec.convert(phone.start() | {"wraps": b64(b"not an age file")}, create.Start)
    with pytest.raises(EnvelopeMalformed):
        await create.create(node.encounters, body)


class Died(BaseException):
    """The process ended here."""


def die_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def hit(passed: str) -> None:
        if passed == name:
            raise Died

    monkeypatch.setattr(fail_points, "hit", hit)


async def finish_what_was_begun(node: Node) -> None:
    """As a node that starts again does."""
    assert not await node.encounters.work.lease()
    await start.start(node.encounters)
    verbs = node._work()
    for item in await node.encounters.work.lease():
        await verbs[item.kind](item.payload)
        await node.encounters.work.done(item)


async def test_an_old_key_is_overwritten_though_the_node_died_before_it_could(
    node: Node, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(node, phone)
    old = node.encounters.lives[phone.id].row.slot
    with monkeypatch.context() as dying:
        die_at(dying, "share.before_overwrite")
        with pytest.raises(Died):
            await share.return_share(node.encounters, phone.id, phone.upload)
    node.encounters.lives.clear()
    assert node.encounters.erase_keys.key(old)
    await finish_what_was_begun(node)
    with pytest.raises(KeyErased):
        node.encounters.erase_keys.key(old)
    assert not await node.encounters.work.lease()


async def test_an_erasure_that_was_begun_is_ended_after_a_restart(
    node: Node, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(node, phone)
    with monkeypatch.context() as dying:
        die_at(dying, "erase.after_overwrite")
        with pytest.raises(Died):
            await erase.ask(node.encounters, phone.id, owner_secret(phone))
    node.encounters.lives.clear()
    await finish_what_was_begun(node)
    live = await node.encounters.live(phone.id)
    assert live is not None
    assert (live.row.state, live.row.box) == (State.ERASED, b"")
    assert not await node.encounters.work.lease()


async def test_memory_forgets_a_finished_recording_and_the_disk_does_not(node: Node, phone: Phone) -> None:
    await record(node, phone)
    room = node.encounters
    await room.flush_index()
    await node.beat(room.promised_beat(room.clock.now_ms()))
    await room.flush_index()
    assert await forget.forget_quiet(room, 3600) == 0
    assert await forget.forget_quiet(room, -1) == 1
    assert phone.id not in room.lives
    assert (await state.state(room, phone.id, phone.upload))["next"] == 2
    assert not room.lives[phone.id].receipts


async def test_work_that_waits_says_the_day_and_no_more(node: Node, phone: Phone) -> None:
    await record(node, phone)
    due = node.encounters.finish_by_ms()
    assert due % 86_400_000 == 0
    assert 0 < due - node.clock.now_ms() <= 86_400_000


async def test_memory_keeps_what_goes_on_and_what_the_phone_may_ask_for_again(node: Node, phone: Phone) -> None:
    room = node.encounters
    await begin(node, phone)
    await send(node, phone, phone.second())
    assert await forget.forget_quiet(room, -1) == 0
    await send(node, phone, phone.second(final=True))
    await share.return_share(room, phone.id, phone.upload)
    await room.flush_index()
    await node.beat(room.promised_beat(room.clock.now_ms()))
    await room.flush_index()
    assert await forget.forget_quiet(room, -1) == 0
    assert await share.return_share(room, phone.id, phone.upload) == phone.share
