"""What is over is gone: from every answer at once, from the tables within the hour, from the disk with its key."""

import pytest
from sqlalchemy import func, select

from tests.alerts.world import CITY, DEE, STEW, City
from tocsin.alerts import attribute, cancel, count, expire, queries, report_danger, truth
from tocsin.alerts.count import What
from tocsin.alerts.model import Answer, Reason
from tocsin.alerts.report import state
from tocsin.alerts.report_danger import About, Asked
from tocsin.alerts.tables import attribution, warning
from tocsin.alerts.tables import count as count_table
from tocsin.crypto import alert as objects
from tocsin.ids import b64
from tocsin.store.erase_keys import KeyErased

pytestmark = pytest.mark.anyio
DAY_S = 86_400


async def shown(town: City) -> int:
    return len(await town.database.read(lambda c: truth.wires(town.alerts, c)))


async def test_an_alert_that_ended_is_in_no_answer_and_within_the_hour_in_no_table(either: City) -> None:
    done = await either.published()
    assert done.posted is not None
    [slot] = [one.slot for one in await either.database.read(queries.matters)]
    await report_danger.report_danger(either.alerts, Asked(About.NOT_TRUE, b64(done.posted.root)))
    await report_danger.answer(either.alerts, DEE, done.posted.root, report_danger.Answer.LEAVE)
    either.clock.pass_s(done.posted.expires_s - either.alerts.now_s)
    assert await shown(either) == 0, "before anything was swept"
    await expire.expire(either.alerts)
    assert await either.database.read(queries.standings) == []
    await either.later(3_600 - 1)
    for rows in (queries.matters, queries.reports, queries.all_voices):
        assert await either.database.read(rows) == []
    assert await either.database.read(lambda c: c.scalar(select(func.count()).select_from(warning))) == 0
    with pytest.raises(KeyErased):
        either.erase_keys.key(slot)


async def test_an_undecided_report_is_gone_after_two_hours_and_a_quarter(town: City) -> None:
    filed = await town.file()
    [row] = await town.database.read(queries.reports)
    await town.later(2 * 3_600 + 900 + 1)
    assert await town.database.read(queries.reports) == []
    await town.refused("alerts_code_unknown", state(town.alerts, filed.code))
    with pytest.raises(KeyErased):
        town.erase_keys.key(row.slot)


async def test_voices_and_what_was_said_die_with_the_decision(town: City) -> None:
    matter_id, crew, questions = await town.confirmed()
    [row] = await town.database.read(queries.reports)
    await town.released(matter_id, crew[0], questions[0])
    assert await town.database.read(queries.all_voices) == []
    with pytest.raises(KeyErased):
        town.erase_keys.key(row.slot)


@pytest.mark.parametrize("seconds", [-DAY_S, DAY_S])
async def test_a_clock_set_a_day_either_way_shows_nothing_old_and_nothing_early(town: City, seconds: int) -> None:
    await town.published()
    town.clock.ms += seconds * 1000
    assert await shown(town) == 0
    await expire.expire(town.alerts)
    assert await town.database.read(queries.standings) == []


async def test_a_clock_set_back_an_hour_makes_nothing_stand_longer(town: City) -> None:
    done = await town.published()
    assert done.posted is not None
    life = done.posted.expires_s - town.alerts.now_s
    town.clock.ms -= 540_000  # within what readers allow
    town.clock.pass_s(life)
    assert town.alerts.now_s < done.posted.expires_s
    assert await shown(town) == 0
    await expire.expire(town.alerts)
    assert await town.database.read(queries.standings) == []


async def test_a_node_whose_clock_stands_before_its_log_publishes_nothing(town: City) -> None:
    matter_id, crew, questions = await town.confirmed()
    object.__setattr__(town.alerts.ports, "newest_beat", lambda: town.alerts.now_s + DAY_S)
    await town.refused("alerts_clock_wrong", town.released(matter_id, crew[0], questions[0]))
    assert not town.posted


@pytest.mark.parametrize("seconds", [-DAY_S, 0, DAY_S])
async def test_an_alert_is_born_with_its_whole_life_whenever_the_node_began(town: City, seconds: int) -> None:
    """F12 of the record: a default computed once at start made alerts that were born expired."""
    town.clock.ms += seconds * 1000
    town.clock.pass_s(12 * 3_600)
    done = await town.published()
    assert done.posted is not None
    found = objects.verify(done.posted.wire, town.alerts.ports.public(), CITY)
    assert 45 * 60 < found.expires - town.alerts.now_s <= objects.LONGEST_LIFE_S


async def test_only_counts_from_five_on_are_left_of_a_day(town: City) -> None:
    for _ in range(5):
        await town.published(Answer.NOTHING_SEEN)
    done = await town.published()
    assert done.posted is not None
    await cancel.cancel(town.alerts, DEE, done.posted.root, Reason.OVER)
    day = town.alerts.now_s // DAY_S
    assert await town.database.read(lambda c: count.shown(c, day)) == {"checked": 5}
    await town.later(DAY_S)
    assert await town.database.read(lambda c: count.shown(c, day)) == {"checked": 5}
    left = await town.database.read(lambda c: [*c.scalars(select(count_table.c.what).where(count_table.c.day == day))])
    assert left == [What.CHECKED]


async def test_who_stood_behind_a_decision_dies_with_the_epoch(town: City) -> None:
    done = await town.published()
    assert done.posted is not None
    slot = await town.database.read(lambda c: c.scalar(select(attribution.c.slot)))
    object.__setattr__(town.alerts.ports, "epoch", lambda: 8)
    await expire.expire(town.alerts)
    await town.refused("alerts_unknown", attribute.part_of(town.alerts, STEW, done.posted.id))
    with pytest.raises(KeyErased):
        town.erase_keys.key(slot)  # type: ignore[arg-type]
