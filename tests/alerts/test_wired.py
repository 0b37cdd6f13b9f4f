"""The room as the composition root makes it: real tokens of two cohorts, the real slow lane, the outbox, the log."""

from functools import partial

import pytest

from tests.alerts.world import DEE, SAM
from tests.passport.conftest import MovableClock, anyio_backend, clock, node, passport
from tests.passport.member import issued, key_of
from tocsin import at_alerts, at_deliver, at_passport
from tocsin.alerts import ask, confirm, queries, release, take
from tocsin.alerts.decide import digest
from tocsin.alerts.model import Answer, Kind, Verdict
from tocsin.alerts.report import Asked, report
from tocsin.alerts.room import Alerts, digest_of
from tocsin.deliver import queries as outbox
from tocsin.ids import b64
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.passport.model import Role
from tocsin.passport.room import Passport

pytestmark = pytest.mark.anyio
__all__ = ["MovableClock", "anyio_backend", "clock", "node", "passport"]


def room_of(node: Node, passport: Passport) -> Alerts:
    found = at_alerts.alerts_of(node, passport, at_passport.slow_lane_of(node), at_deliver.delivery_of(node))
    assert found is not None
    return found


async def test_from_a_strangers_report_to_the_outbox_with_real_tokens(node: Node, passport: Passport) -> None:
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
    assert {name for name, (count, _) in (await node.database.read(outbox.waiting)).items() if count == 1} == {
        "page",
        "push",
    }


async def test_a_members_token_is_no_confirmers(node: Node, passport: Passport) -> None:
    alerts = room_of(node, passport)
    [token] = issued(key_of(passport, Role.MEMBER, 1), 1, passport.challenge)
    with pytest.raises(Exception, match="token"):
        await confirm.begin(alerts, b"c" * 32, confirm.Begin(b64(token), b64(b"s" * 32)))
    assert alerts.duty.count() == 0


async def test_where_the_pack_does_not_turn_alerts_on_there_is_no_room(node: Node, passport: Passport) -> None:
    node.pack = load.load("france")
    assert at_alerts.alerts_of(node, passport, at_passport.slow_lane_of(node), at_deliver.delivery_of(node)) is None
