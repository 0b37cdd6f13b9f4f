"""What is public can be taken back: at once, by one, without a key; and what hurts is taken back by itself."""

from typing import Any

import pytest

from tests.alerts.world import ARD, AREA, CITY, DEE, SAM, STEW, City
from tocsin.alerts import ask, brake, cancel, danger, drill, queries, release, report_danger, take, threat, truth
from tocsin.alerts.model import AlertCancelled, AlertId, Answer, Kind, MatterId, MsgType, Reason, State, Status
from tocsin.alerts.report import state
from tocsin.alerts.report_danger import About, Asked
from tocsin.alerts.room import digest_of
from tocsin.crypto import alert as objects
from tocsin.crypto import canonical, envelope
from tocsin.crypto.keys import verify_ed25519
from tocsin.ids import b64, unb64

pytestmark = pytest.mark.anyio


async def live(town: City) -> list[objects.Alert]:
    wires = await town.database.read(lambda c: truth.wires(town.alerts, c))
    return [objects.verify(one, town.alerts.ports.public(), CITY) for one in wires]


async def test_a_cancel_was_signed_with_the_alert_and_waits_for_no_key(either: City) -> None:
    done = await either.published()
    assert done.posted is not None
    either.locked.append(True)
    either.clock.pass_s(240)
    await cancel.cancel(either.alerts, SAM, done.posted.root, Reason.NOT_SO)
    first, back = either.posted
    found = objects.verify(back.wire, either.alerts.ports.public(), CITY)
    assert objects.follows(found, objects.verify(first.wire, either.alerts.ports.public(), CITY))
    assert (found.msg_type, found.reason, found.expires) == (MsgType.CANCEL, Reason.NOT_SO, first.expires_s)
    assert back.marks == first.marks
    assert back.replaces == first.id
    assert [one.msg_type for one in await live(either)] == [MsgType.CANCEL]
    event = next(one for one in either.heard if isinstance(one, AlertCancelled))
    assert 240 <= event.after_s < 240 + 600
    await either.refused("alerts_unknown", cancel.cancel(either.alerts, SAM, done.posted.root, Reason.OVER))


async def test_danger_takes_it_back_with_a_fixed_text(town: City) -> None:
    done = await town.published()
    await danger.danger(town.alerts, STEW, done.matter.id)
    found = objects.verify(town.posted[-1].wire, town.alerts.ports.public(), CITY)
    assert objects.texts(found) == ["taken-back", "reason.danger", "keep-away", "keep-distance"]
    assert (await town.row(done.matter.id)).state is State.TAKEN_BACK
    await town.refused("alerts_event_wrong", ask.ask(town.alerts, DEE, done.matter.id))


async def test_a_warning_is_no_question_any_more_once_its_alert_was_taken_back(either: City) -> None:
    done = await either.published()
    assert done.posted is not None
    for alert in (b64(done.posted.root), ""):
        await report_danger.report_danger(either.alerts, Asked(About.NOT_TRUE, alert))
    assert len(await report_danger.waiting(either.alerts, DEE)) == 2
    await cancel.cancel(either.alerts, DEE, done.posted.root, Reason.NOT_SO)
    [left] = await report_danger.waiting(either.alerts, DEE)
    assert left.id == report_danger.NONE_IN_PARTICULAR
    assert await either.database.read(report_danger.count_waiting) == 1


async def test_a_warning_by_anybody_is_at_the_desk_at_once_and_takes_back_after_five_minutes(either: City) -> None:
    done = await either.published()
    assert done.posted is not None
    warned = Asked(About.POINTS_AT_A_HOME, b64(done.posted.root))
    for _ in range(5):
        await report_danger.report_danger(either.alerts, warned)
    assert [one.id for one in await report_danger.waiting(either.alerts, STEW)] == [done.posted.root]
    await either.later(299)
    assert [one.msg_type for one in await live(either)] == [MsgType.ALERT]
    await either.later(2)
    assert [one.reason for one in await live(either)] == [Reason.UNDER_REVIEW]
    assert await report_danger.waiting(either.alerts, STEW) == []


async def test_the_desk_may_say_that_it_stands(town: City) -> None:
    done = await town.published()
    assert done.posted is not None
    await report_danger.report_danger(town.alerts, Asked(About.NOT_TRUE, b64(done.posted.root)))
    await report_danger.answer(town.alerts, DEE, done.posted.root, report_danger.Answer.LEAVE)
    await town.later(400)
    assert [one.msg_type for one in await live(town)] == [MsgType.ALERT]
    await report_danger.report_danger(town.alerts, Asked(About.THREAT, b64(done.posted.root)))
    await report_danger.answer(town.alerts, STEW, done.posted.root, report_danger.Answer.TAKE_BACK)
    assert [one.msg_type for one in await live(town)] == [MsgType.CANCEL]


async def test_the_five_minutes_are_those_of_the_newest_warning(either: City) -> None:
    """Whoever warns again a moment before the first five minutes end gives the desk five minutes more, not a second."""
    done = await either.published()
    assert done.posted is not None
    warned = Asked(About.NOT_TRUE, b64(done.posted.root))
    await report_danger.report_danger(either.alerts, warned)
    await either.later(10)
    await report_danger.answer(either.alerts, DEE, done.posted.root, report_danger.Answer.LEAVE)
    await either.later(285)
    await report_danger.report_danger(either.alerts, warned)
    await either.later(6)
    assert [one.msg_type for one in await live(either)] == [MsgType.ALERT]
    await either.later(290)
    assert [one.msg_type for one in await live(either)] == [MsgType.ALERT]
    await either.later(5)
    assert [one.reason for one in await live(either)] == [Reason.UNDER_REVIEW]


async def test_a_warning_is_answered_alike_for_what_is_there_and_what_is_not(town: City) -> None:
    await report_danger.report_danger(town.alerts, Asked(About.NOT_TRUE, b64(b"?" * 16)))
    assert await report_danger.waiting(town.alerts, STEW) == []
    await report_danger.report_danger(town.alerts, Asked(About.SOMEBODY_IN_DANGER))
    assert len(await report_danger.waiting(town.alerts, STEW)) == 1
    await town.refused("body_malformed", report_danger.report_danger(town.alerts, Asked(About.THREAT, "AAAA")))


async def test_one_false_alert_and_a_third_voice_is_needed(town: City) -> None:
    """Two confirmers of two cohorts who lie together publish one alert, and no second (B3)."""
    liars = await town.on_duty(1, 2)
    done = await _lie(town, liars)
    assert done is not None
    await cancel.cancel(town.alerts, SAM, done, Reason.NOT_SO)
    for _ in range(5):
        assert await _lie(town, liars) is None
    assert sum(one.msg_type is MsgType.ALERT for one in town.posted) == 1
    await town.later(brake.THIRD_S + 1)
    assert await _lie(town, await town.on_duty(1, 2)) is not None


async def _lie(town: City, liars: list[bytes]) -> AlertId | None:
    """What comes of an invented report that both confirm; the desk lets itself be told."""
    for one in liars:
        town.alerts.duty.on[digest_of(one)].seen = town.clock.monotonic()
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [await town.speak(one) for one in liars]
    if (await town.row(matter_id)).state is not State.CONFIRMED:
        return None
    done = await town.released(matter_id, liars[0], questions[0])
    return done.posted.root if done.posted else None


async def test_three_taken_back_of_the_last_twenty_freeze_publishing_until_two_stewards_lift_it(town: City) -> None:
    for _ in range(3):
        done = await _with_three(town)
        await cancel.cancel(town.alerts, SAM, done, Reason.WRONG_AREA)
    matter_id, crew, questions = await _confirmed_by_three(town)
    of = await town.digest(matter_id)
    await release.at_desk(town.alerts, DEE, matter_id, of)
    await town.refused("alerts_frozen", release.by_confirmer(town.alerts, crew[0], questions[0], of))
    assert not await brake.lift(town.alerts, STEW)
    assert not await brake.lift(town.alerts, STEW), "one steward is one steward"
    await town.refused("alerts_role_missing", brake.lift(town.alerts, DEE))
    assert await brake.lift(town.alerts, ARD)
    await release.by_confirmer(town.alerts, crew[0], questions[0], of)
    assert town.posted[-1].msg_type is MsgType.ALERT


async def _confirmed_by_three(town: City) -> tuple[MatterId, list[bytes], list[bytes]]:
    crew = await town.on_duty(1, 2, 3)
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    asked = [one for one in crew if await town.asked(one)]
    return matter_id, asked, [await town.speak(one) for one in asked]


async def _with_three(town: City) -> AlertId:
    matter_id, crew, questions = await _confirmed_by_three(town)
    done = await town.released(matter_id, crew[0], questions[0])
    assert done.posted is not None
    for one in crew:
        town.alerts.duty.end(digest_of(one))
    return done.posted.root


async def test_more_alerts_than_the_brake_allows_in_an_hour_need_a_third_voice(town: City) -> None:
    for _ in range(6):
        await town.published()
    matter_id, crew, _ = await town.confirmed()
    assert (await town.row(matter_id)).state is State.TAKEN
    third = await town.on_duty(3)
    await ask.ask(town.alerts, DEE, matter_id)
    await town.speak(third[0])
    assert (await town.row(matter_id)).state is State.CONFIRMED
    assert len(crew) == 2


async def test_an_update_needs_two_new_voices_and_two_who_release_it(town: City) -> None:
    done = await town.published()
    matter_id = done.matter.id
    await town.refused("alerts_matter_taken", release.at_desk(town.alerts, DEE, matter_id, b"x" * 32))
    of = await town.digest(matter_id)
    await release.at_desk(town.alerts, DEE, matter_id, of)
    await town.refused("alerts_voices_missing", release.at_desk(town.alerts, SAM, matter_id, of))
    town.clock.pass_s(1_800)
    crew = await town.on_duty(4, 5)
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [await town.speak(one) for one in crew]
    await release.by_confirmer(town.alerts, crew[0], questions[0], of)
    first, update = town.posted
    earlier, later = (objects.verify(one.wire, town.alerts.ports.public(), CITY) for one in (first, update))
    assert objects.follows(later, earlier)
    assert (later.msg_type, later.version, later.area) == (MsgType.UPDATE, 2, earlier.area)
    assert update.replaces == first.id
    await cancel.cancel(town.alerts, SAM, first.root, Reason.OVER)
    assert objects.follows(objects.verify(town.posted[-1].wire, town.alerts.ports.public(), CITY), later)


async def test_a_threat_is_out_of_the_public_path_and_before_two_stewards(town: City) -> None:
    matter_id = await town.taken()
    to = [recipient for _, recipient in town.stewards]
    sealed = envelope.seal_to(to, b"what was said")
    await threat.threat(town.alerts, DEE, matter_id, threat.Threaten(b64(sealed)))
    assert (await town.row(matter_id)).state is State.THREAT
    await town.refused("alerts_event_wrong", ask.ask(town.alerts, DEE, matter_id))
    [told] = await threat.listed(town.alerts, STEW)
    assert envelope.open_with(town.identities["Ard"], unb64(str(told["sealed"]))) == b"what was said"
    await town.refused("alerts_role_missing", threat.listed(town.alerts, DEE))
    assert not await threat.hold(town.alerts, STEW, matter_id)
    assert not await threat.hold(town.alerts, STEW, matter_id)
    assert await threat.hold(town.alerts, ARD, matter_id)
    await town.later(30 * 86_400)
    assert len(await threat.listed(town.alerts, STEW)) == 1, "what two hold no date ends"
    assert not await threat.release(town.alerts, STEW, matter_id)
    assert await threat.release(town.alerts, ARD, matter_id)
    assert await threat.listed(town.alerts, STEW) == []


async def test_a_threat_nobody_holds_is_gone_after_a_week(town: City) -> None:
    matter_id = await town.taken()
    sealed = envelope.seal_to([recipient for _, recipient in town.stewards], b"x")
    await threat.threat(town.alerts, DEE, matter_id, threat.Threaten(b64(sealed)))
    await town.later(8 * 86_400)
    assert await threat.listed(town.alerts, STEW) == []


async def test_is_this_true_is_one_signed_page_on_which_unknown_and_pending_are_alike(town: City) -> None:
    empty = await truth.truth(town.alerts)
    await town.taken()
    assert await truth.truth(town.alerts) == empty, "what is being looked at shows nowhere"
    await town.published(Answer.NOTHING_SEEN)
    done = await town.published()
    assert done.posted is not None
    page: Any = canonical.loads(await truth.truth(town.alerts))
    told = page["truth"]
    key = town.alerts.ports.public()[Status.ACTUAL]
    assert verify_ed25519(key, unb64(str(page["signature"])), truth.LABEL + canonical.dumps(told))
    assert [len(told["confirmed"]), len(told["checked"])] == [1, 1]
    await cancel.cancel(town.alerts, SAM, done.posted.root, Reason.NOT_SO)
    told = await town.database.read(lambda c: truth.today(town.alerts, c))
    assert told["confirmed"] == []
    assert told["counts"] == {}, "no count below five"


async def test_a_drill_walks_the_same_way_under_another_key_and_is_never_counted(town: City) -> None:
    crew = await town.on_duty(1, 2)
    filed = await drill.drill(town.alerts, DEE, Status.EXERCISE, Kind.ACTIVITY, AREA)
    matter_id = await town.matter(filed)
    await take.take(town.alerts, DEE, matter_id)
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [await town.speak(one) for one in crew]
    done = await town.released(matter_id, crew[0], questions[0])
    assert done.posted is not None
    assert done.posted.status is Status.EXERCISE
    keys = town.alerts.ports.public()
    with pytest.raises(objects.AlertRefused):
        objects.verify(done.posted.wire, {**keys, Status.EXERCISE: keys[Status.ACTUAL]}, CITY)
    await cancel.cancel(town.alerts, DEE, done.posted.root, Reason.MISTAKE)
    told = await town.database.read(lambda c: truth.today(town.alerts, c))
    assert told["confirmed"] == []
    assert (await town.database.read(brake.read)).last == ""
    await town.refused("body_malformed", drill.drill(town.alerts, DEE, Status.ACTUAL, Kind.ACTIVITY, "x"))


async def test_state_after_taking_back_is_no_decision(town: City) -> None:
    crew = await town.on_duty(1, 2)
    filed = await town.file()
    matter_id = await town.matter(filed)
    await take.take(town.alerts, DEE, matter_id)
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [await town.speak(one) for one in crew]
    done = await town.released(matter_id, crew[0], questions[0])
    assert (await state(town.alerts, filed.code))[0] == "confirmed"
    assert done.posted is not None
    await cancel.cancel(town.alerts, DEE, done.posted.root, Reason.NOT_SO)
    assert (await state(town.alerts, filed.code))[0] == "no-decision"
    assert await town.database.read(queries.standings)
