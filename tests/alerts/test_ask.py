"""Confirmers: at most four at once, each once, silence moves on, `enough` ends it; one owner at the desk; joined and parted again."""

import asyncio
import itertools

import pytest

from tests.alerts.world import DEE, OTHER_AREA, SAM, STEW, City
from tocsin.alerts import ask, confirm, danger, join, queries, take
from tocsin.alerts.board import questions
from tocsin.alerts.decide import decided
from tocsin.alerts.duty import LONGEST_S, QUIET_S
from tocsin.alerts.model import DESK, Answer, MatterId, State, Verdict, Voice
from tocsin.alerts.room import Alerts, digest_of
from tocsin.ids import b64

pytestmark = pytest.mark.anyio


async def test_at_most_four_are_asked_at_once_and_of_different_cohorts(town: City) -> None:
    await town.on_duty(1, 1, 1, 1, 1, 1, 2, 3)
    matter_id = await town.taken()
    assert await ask.ask(town.alerts, DEE, matter_id) == 4
    assert await ask.ask(town.alerts, DEE, matter_id) == 0
    voices = await town.database.read(lambda c: queries.voices(c, matter_id))
    assert {1, 2, 3} == {one.cohort for one in voices}


async def test_silence_moves_on_after_a_minute_and_nobody_is_asked_twice(town: City) -> None:
    crew = await town.on_duty(1, 1, 1, 2, 2, 2)
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    await town.later(59)
    assert len(await town.database.read(lambda c: queries.voices(c, matter_id))) == 4
    await town.later(2)
    voices = await town.database.read(lambda c: queries.voices(c, matter_id))
    assert sorted(one.answer for one in voices) == [Answer.ASKED] * 2 + [Answer.SILENT] * 4
    assert len({one.who for one in voices}) == len(crew)
    await town.later(120)
    assert len(await town.database.read(lambda c: queries.voices(c, matter_id))) == len(crew)


async def test_a_node_that_died_in_between_asks_on(either: City) -> None:
    await either.on_duty(1, 2, 1, 2, 1, 2)
    matter_id = await either.taken()
    await ask.ask(either.alerts, DEE, matter_id)
    old = either.alerts
    fresh = Alerts(
        either.clock, either.database, either.erase_keys, old.work, old.city, old.areas, old.ports, old.limits
    )
    fresh.duty.on = dict(old.duty.on)  # their pages came back with the same tokens
    either.alerts = fresh
    await either.later(61)
    voices = await either.database.read(lambda c: queries.voices(c, matter_id))
    assert sum(one.answer is Answer.ASKED for one in voices) == 2
    assert (await take.take(fresh, SAM, matter_id)).state is State.TAKEN, (
        "whom nobody knows any more, anybody may take over from"
    )


async def test_one_token_is_one_duty_also_after_a_restart(town: City) -> None:
    begin = confirm.Begin(b64(bytes([1]) + b"t" * 31), b64(b"s" * 32))
    await confirm.begin(town.alerts, b"c" * 32, begin)
    town.alerts.duty.on.clear()
    await confirm.begin(town.alerts, b"c" * 32, begin)
    assert town.alerts.duty.count() == 1
    await town.refused("token_spent", confirm.begin(town.alerts, b"d" * 32, begin))
    assert town.alerts.duty.count() == 1


async def test_off_duty_hears_nothing_and_leaves_nothing(town: City) -> None:
    crew = await town.on_duty(1, 2, 3)
    await confirm.end(town.alerts, crew[0])
    town.clock.pass_s(QUIET_S + 1)
    assert town.alerts.duty.count() == 0, "a page that went away is asked nothing"
    town.alerts.duty.of(digest_of(crew[1]))
    matter_id = await town.taken()
    assert await ask.ask(town.alerts, DEE, matter_id) == 1
    town.clock.pass_s(LONGEST_S)
    await town.refused("alerts_not_on_duty", confirm.answer(town.alerts, crew[1], b"x" * 16, Answer.SEEN))
    assert digest_of(crew[1]) not in town.alerts.duty.on


async def test_enough_stands_the_rest_down(town: City) -> None:
    crew = await town.on_duty(1, 2, 3, 4, 5)
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    asked = [one for one in crew if await town.asked(one)]
    await town.speak(asked[0])
    await ask.enough(town.alerts, DEE, matter_id)
    await town.later(200)
    voices = await town.database.read(lambda c: queries.voices(c, matter_id))
    assert sorted(one.answer for one in voices) == [Answer.SEEN] + [Answer.STOOD_DOWN] * 3
    question = (await town.asked(asked[1]))[0]
    await town.refused("alerts_not_asked", confirm.answer(town.alerts, asked[1], question, Answer.LOOKING))


async def test_what_a_confirmer_is_asked_is_an_area_and_nothing_finer(town: City) -> None:
    [capability] = await town.on_duty(1)
    await ask.ask(town.alerts, DEE, await town.taken())
    [asked] = await town.database.read(lambda c: questions(town.alerts, c, digest_of(capability)))
    assert {*asked.__dataclass_fields__} == {"ask", "area", "kind", "status", "answer", "digest", "life_minutes"}


async def test_nobody_answers_for_somebody_else(town: City) -> None:
    crew = await town.on_duty(1, 2)
    await ask.ask(town.alerts, DEE, await town.taken())
    question = (await town.asked(crew[0]))[0]
    await town.refused("alerts_not_asked", confirm.answer(town.alerts, crew[1], question, Answer.LOOKING))
    await town.refused("alerts_not_on_duty", confirm.answer(town.alerts, b"?" * 32, question, Answer.LOOKING))
    await town.refused("alerts_not_asked", confirm.answer(town.alerts, crew[0], question, Answer.SEEN))


async def test_of_two_who_take_at_once_one_has_it(either: City) -> None:
    matter_id = await either.matter(await either.file())
    tries = [take.take(either.alerts, caller, matter_id) for caller in (DEE, SAM) * 4]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in done) == 4, "who has it is told so again"
    await either.refused("alerts_role_missing", take.take(either.alerts, STEW, matter_id))


async def test_a_matter_is_handed_over_and_given_back(town: City) -> None:
    matter_id = await town.taken()
    await take.take(town.alerts, SAM, await town.matter(await town.file()))
    await town.refused("alerts_not_yours", take.give_back(town.alerts, SAM, matter_id))
    await take.hand_over(town.alerts, DEE, matter_id, "Sam")
    await take.give_back(town.alerts, SAM, matter_id)
    assert (await town.row(matter_id)).state is State.WAITING
    await town.refused("alerts_not_yours", take.close(town.alerts, DEE, matter_id))


async def test_duplicates_are_proposed_joined_and_parted_again(either: City) -> None:
    first, second = await either.taken(), await either.matter(await either.file())
    elsewhere = await either.matter(await either.file(area=OTHER_AREA))
    await either.board.refresh()
    lines = {line.matter: line for _, line in either.board.lines.values()}
    assert lines[b64(first)].same == (b64(second),)
    await join.join(either.alerts, DEE, first, [second])
    assert len(await either.database.read(lambda c: queries.reports_of(c, first))) == 2
    await join.undo_join(either.alerts, DEE, first, second)
    assert [(await either.row(one)).state for one in (first, second, elsewhere)] == [
        State.TAKEN,
        State.WAITING,
        State.WAITING,
    ]
    assert len(await either.database.read(lambda c: queries.reports_of(c, second))) == 1


async def test_what_a_colleague_has_is_not_joined_away(town: City) -> None:
    mine, theirs = await town.taken(), await town.taken(SAM)
    await town.refused("alerts_matter_taken", join.join(town.alerts, DEE, mine, [theirs]))
    await town.refused("alerts_event_wrong", join.join(town.alerts, DEE, mine, [mine]))
    await town.refused("alerts_matter_unknown", join.join(town.alerts, DEE, mine, [MatterId(b"?" * 16)]))


async def test_a_fourth_danger_flag_or_a_second_changes_nothing(town: City) -> None:
    done = await town.published()
    for _ in range(3):
        await danger.danger(town.alerts, STEW, done.matter.id)
    assert [one.msg_type for one in town.posted] == ["Alert", "Cancel"]


def test_every_set_of_five_voices_is_decided_as_the_rule_says() -> None:
    """All of them: three cohorts and two at the desk, each silent, for or against."""
    people = [(1, b"a"), (1, b"b"), (2, b"c"), (DESK, b"d"), (DESK, b"e")]
    for answers in itertools.product([None, Answer.SEEN, Answer.NOTHING_SEEN], repeat=len(people)):
        spoken = [(who, said) for who, said in zip(people, answers, strict=True) if said]
        voices = [Voice(b"", MatterId(b""), who, cohort, 1, said, 0) for (cohort, who), said in spoken]
        found = decided(voices)
        for verdict, said in ((Verdict.SEEN, Answer.SEEN), (Verdict.NOTHING_SEEN, Answer.NOTHING_SEEN)):
            cohorts = {cohort for (cohort, _), one in spoken if one is said and cohort}
            desk = {who for (cohort, who), one in spoken if one is said and not cohort}
            if found is verdict:
                assert len(cohorts) >= 2 or (cohorts and desk)
            if len(cohorts) == 2 and all(one is said for _, one in spoken):
                assert found is verdict
