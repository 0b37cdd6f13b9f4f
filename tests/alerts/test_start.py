"""A process that comes after another cannot tell whose marks those were: nobody may be a second person by a restart."""

import pytest

from tests.alerts.world import ARD, DEE, SAM, STEW, City
from tocsin.alerts import ask, brake, confirm, queries, release, threat
from tocsin.alerts.model import Answer, MatterId, State, Verdict
from tocsin.alerts.room import Alerts
from tocsin.alerts.start import start
from tocsin.crypto import envelope
from tocsin.ids import b64

pytestmark = pytest.mark.anyio


async def started_anew(town: City) -> None:
    """Another process on the same tables. Confirmers come back with the tokens they had."""
    old = town.alerts
    fresh = Alerts(town.clock, town.database, town.erase_keys, old.work, old.city, old.areas, old.ports, old.limits)
    fresh.duty.on = dict(old.duty.on)
    town.alerts = fresh
    await start(fresh)


async def test_a_release_counts_once_however_often_the_node_is_started(either: City) -> None:
    matter_id, crew, questions = await either.confirmed()
    of = await either.digest(matter_id)
    await release.at_desk(either.alerts, DEE, matter_id, of)
    await started_anew(either)
    assert (await release.at_desk(either.alerts, DEE, matter_id, of)).posted is None
    assert not either.posted, "one dispatcher, before and after"
    await release.by_confirmer(either.alerts, crew[0], questions[0], of)
    assert len(either.posted) == 1


async def test_a_confirmers_release_outlives_the_process(town: City) -> None:
    matter_id, crew, questions = await town.confirmed()
    of = await town.digest(matter_id)
    await release.by_confirmer(town.alerts, crew[0], questions[0], of)
    await started_anew(town)
    assert (await release.at_desk(town.alerts, DEE, matter_id, of)).posted is not None


async def test_one_of_the_desk_speaks_once_however_often_the_node_is_started(town: City) -> None:
    """One on scene says nothing was seen, one of the desk that it was: said twice it would outweigh them, with one friend on scene."""
    matter_id = await town.taken()
    await town.on_duty(1)
    await ask.ask(town.alerts, DEE, matter_id)
    await town.speak(town.crew[0])
    await confirm.at_desk(town.alerts, SAM, matter_id, Verdict.SEEN)
    assert (await town.row(matter_id)).state is State.CONFIRMED
    await started_anew(town)
    assert (await town.row(matter_id)).state is State.TAKEN, (
        "the voice of somebody nobody knows any more is asked for again"
    )
    await confirm.at_desk(town.alerts, SAM, matter_id, Verdict.SEEN)
    assert (await town.row(matter_id)).state is State.CONFIRMED
    await town.refused("alerts_not_asked", confirm.at_desk(town.alerts, SAM, matter_id, Verdict.SEEN))
    said = [one.answer for one in await town.database.read(lambda c: queries.voices(c, matter_id))]
    assert said == [Answer.SEEN] * 2


async def test_two_cohorts_agree_on_after_a_restart(town: City) -> None:
    matter_id, crew, questions = await town.confirmed()
    await started_anew(town)
    assert (await town.row(matter_id)).state is State.CONFIRMED
    assert (await town.released(matter_id, crew[0], questions[0])).posted is not None


async def test_one_steward_lifts_no_freeze_by_a_restart(town: City) -> None:
    assert not await brake.lift(town.alerts, STEW)
    await started_anew(town)
    assert not await brake.lift(town.alerts, STEW)
    assert await brake.lift(town.alerts, ARD)


async def threatened(town: City) -> MatterId:
    matter_id = await town.taken()
    sealed = envelope.seal_to([recipient for _, recipient in town.stewards], b"what was said")
    await threat.threat(town.alerts, DEE, matter_id, threat.Threaten(b64(sealed)))
    return matter_id


async def test_one_steward_holds_no_threat_by_a_restart(town: City) -> None:
    matter_id = await threatened(town)
    assert not await threat.hold(town.alerts, STEW, matter_id)
    await started_anew(town)
    assert not await threat.hold(town.alerts, STEW, matter_id)
    assert await threat.hold(town.alerts, ARD, matter_id)


async def test_what_two_held_two_let_go_also_after_a_restart(town: City) -> None:
    matter_id = await threatened(town)
    assert [await threat.hold(town.alerts, one, matter_id) for one in (STEW, ARD)] == [False, True]
    await started_anew(town)
    assert not await threat.release(town.alerts, STEW, matter_id)
    await started_anew(town)
    assert not await threat.release(town.alerts, STEW, matter_id), "one steward, before and after"
    assert not await threat.release(town.alerts, STEW, matter_id)
    assert await threat.release(town.alerts, ARD, matter_id)
    assert await threat.listed(town.alerts, STEW) == []
