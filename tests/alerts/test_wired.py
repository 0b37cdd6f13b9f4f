"""The room as the composition root makes it: real tokens of two cohorts, the real slow lane, the outbox, the log."""

from functools import partial
from typing import Any

import pytest

from tests.alerts.world import DEE, SAM, STEW
from tests.passport.conftest import MovableClock, anyio_backend, clock, node, passport
from tests.passport.member import issued, key_of
from tocsin import at_alerts, at_deliver, at_passport
from tocsin.alerts import ask, attribute, brake, cancel, confirm, queries, release, take
from tocsin.alerts.decide import digest
from tocsin.alerts.model import NOBODY, Answer, Caller, Kind, Posted, Reason, Verdict
from tocsin.alerts.refusals import CallerWrong, DecisionUnlogged
from tocsin.alerts.report import Asked, report
from tocsin.alerts.room import Alerts, digest_of
from tocsin.deliver import queries as outbox
from tocsin.deliver.sse import Hub
from tocsin.ids import b64, unb64
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.passport.model import Role
from tocsin.passport.room import Passport
from tocsin.tlog import checkpoint, merkle, public
from tocsin.tlog.entry import BEAT

pytestmark = pytest.mark.anyio
__all__ = ["MovableClock", "anyio_backend", "clock", "node", "passport"]


def room_of(node: Node, passport: Passport) -> Alerts:
    found = at_alerts.alerts_of(node, passport, at_passport.slow_lane_of(node), at_deliver.delivery_of(node))
    assert found is not None
    return found


async def published(node: Node, passport: Passport) -> tuple[Alerts, Posted]:
    """From a stranger's report to the outbox, with real tokens."""
    alerts = room_of(node, passport)
    text, _ = alerts.ports.ticket()
    await report(alerts, Asked(b64(b"k" * 32), Kind.ACTIVITY, node.pack.areas[0].id, ticket=text))
    [row] = await node.database.read(queries.matters)
    await take.take(alerts, DEE, row.id)
    crew = []
    for cohort in (1, 2):
        [token] = issued(key_of(passport, Role.CONFIRMER, cohort), 1, passport.challenge)
        capability = bytes([cohort]) * 32
        await confirm.begin(alerts, capability, confirm.Begin(b64(token), b64(b"s" * 32)))
        crew.append(capability)
    await ask.ask(alerts, DEE, row.id)
    for capability in crew:
        [voice] = await node.database.read(partial(queries.voices_by, who=digest_of(capability)))
        await confirm.answer(alerts, capability, voice.id, Answer.LOOKING)
        await confirm.answer(alerts, capability, voice.id, Answer.SEEN)
    [row] = await node.database.read(queries.matters)
    of = digest(row, alerts.held(row).draft, Verdict.SEEN, 1)
    await release.at_desk(alerts, DEE, row.id, of)
    assert not await node.database.read(outbox.waiting)
    done = await release.at_desk(alerts, SAM, row.id, of)
    assert done.posted is not None
    return alerts, done.posted


async def stream(hub: Hub, seen: str = "") -> bytes:
    """What an open page is given at once."""
    given: list[bytes] = []

    async def send(message: Any) -> None:
        given.append(message.get("body", b""))

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    headers = [(b"last-event-id", seen.encode())] if seen else []
    await hub({"type": "http", "headers": headers}, gone, send)  # type: ignore[arg-type]
    return b"".join(given)


async def test_from_a_strangers_report_to_the_outbox_with_real_tokens(node: Node, passport: Passport) -> None:
    await published(node, passport)
    assert {name for name, (count, _) in (await node.database.read(outbox.waiting)).items() if count == 1} == {
        "page",
        "push",
    }


async def test_a_node_that_was_started_anew_shows_what_stands_once_and_what_ended_nowhere(
    node: Node, passport: Passport, clock: MovableClock
) -> None:
    alerts, posted = await published(node, passport)
    before = at_deliver.delivery_of(node)
    await at_alerts.refill(node, alerts, before)
    place = before.hub.place
    after = at_deliver.delivery_of(node)
    assert posted.wire not in await stream(after.hub, place)
    await at_alerts.refill(node, alerts, after)
    await after.outbox.turn(after.hub)  # the row that the process before it did not come to
    for seen in (place, "", "nonsense"):
        assert (await stream(after.hub, seen)).count(posted.wire) == 1
    assert posted.wire not in await stream(after.hub, after.hub.place)
    back = await cancel.cancel(alerts, DEE, posted.root, Reason.NOT_SO)
    last = at_deliver.delivery_of(node)
    await at_alerts.refill(node, alerts, last)
    given = await stream(last.hub, after.hub.place)
    assert (given.count(back.wire), given.count(posted.wire)) == (1, 0)
    clock.ms = posted.expires_s * 1000
    assert back.wire not in await stream(last.hub)
    ended = at_deliver.delivery_of(node)
    await at_alerts.refill(node, alerts, ended)
    assert b"data:" not in await stream(ended.hub)


async def test_a_node_that_was_started_anew_knows_nobody_by_their_mark(node: Node, passport: Passport) -> None:
    alerts, _ = await published(node, passport)
    await brake.lift(alerts, Caller(b"stew-stew-stew-1", False, True, "Stew"))
    await at_alerts.refill(node, alerts, at_deliver.delivery_of(node))
    assert (await node.database.read(brake.read)).lifting == NOBODY


async def test_what_a_decision_committed_to_is_found_in_the_log_once_an_outside_witness_saw_it(
    node: Node, passport: Passport
) -> None:
    alerts, _ = await published(node, passport)
    [(_, entry)] = [one for one in await node.database.read(public.waiting) if one[1].startswith(BEAT)]
    commitment = entry.removeprefix(BEAT)
    assert await alerts.ports.logged(commitment) is None, "no beat has come"
    await node.beat(node.clock.now_ms() // 60_000 * 60)
    assert node.log is not None
    assert await alerts.ports.logged(commitment) is None, "no witness has seen it"
    node.seen_size = node.log.size
    with pytest.raises(CallerWrong):
        await attribute.logged(alerts, DEE, commitment)
    told = await attribute.logged(alerts, STEW, commitment)
    note, index, proof = told["checkpoint"], told["index"], told["proof"]
    head = checkpoint.parse_text(str(note).split("\n\n", maxsplit=1)[0] + "\n")
    steps = [unb64(one) for one in proof]  # type: ignore[attr-defined]
    merkle.verify_inclusion(merkle.leaf_hash(entry), int(str(index)), head.size, steps, head.root)
    with pytest.raises(DecisionUnlogged):
        await attribute.logged(alerts, STEW, b"c" * 32)


async def test_a_members_token_is_no_confirmers(node: Node, passport: Passport) -> None:
    alerts = room_of(node, passport)
    [token] = issued(key_of(passport, Role.MEMBER, 1), 1, passport.challenge)
    with pytest.raises(Exception, match="token"):
        await confirm.begin(alerts, b"c" * 32, confirm.Begin(b64(token), b64(b"s" * 32)))
    assert alerts.duty.count() == 0


async def test_where_the_pack_does_not_turn_alerts_on_there_is_no_room(node: Node, passport: Passport) -> None:
    node.pack = load.load("france")
    assert at_alerts.alerts_of(node, passport, at_passport.slow_lane_of(node), at_deliver.delivery_of(node)) is None
