"""No path publishes without two voices of two cohorts (or one on scene and one at the desk) and two people who release."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tests.alerts.world import ARD, AREA, CITY, DEE, OTHER_AREA, SAM, STEW, City
from tocsin.alerts import ask, attribute, confirm, queries, release, take
from tocsin.alerts.decide import AGREED
from tocsin.alerts.model import AlertPublished, Answer, MatterId, MsgType, State, Status, Verdict
from tocsin.alerts.room import digest_of
from tocsin.crypto import alert as objects
from tocsin.crypto import canonical, envelope
from tocsin.crypto.alert import Kind
from tocsin.errors import TocsinError

pytestmark = pytest.mark.anyio


async def test_two_cohorts_and_two_who_release_make_one_alert(either: City) -> None:
    done = await either.published()
    [posted] = either.posted
    assert done.posted == posted
    found = objects.verify(posted.wire, either.alerts.ports.public(), CITY)
    assert (found.kind, found.msg_type, found.status) == (Kind.STREET_CHECK, MsgType.ALERT, Status.ACTUAL)
    assert objects.is_live(found, either.alerts.now_s)
    assert [type(one) for one in either.heard][-1] is AlertPublished
    assert (await either.row(done.matter.id)).state is State.PUBLISHED
    assert len(either.commitments) == 1
    assert len(set(posted.marks)) == 2


async def test_a_negative_needs_the_same_two(either: City) -> None:
    done = await either.published(Answer.NOTHING_SEEN)
    assert done.posted is not None
    assert done.posted.kind is Kind.NOTHING_SEEN
    assert done.matter.state is State.CHECKED


async def test_one_confirmer_publishes_nothing_however_they_go_about_it(town: City) -> None:
    crew = await town.on_duty(1, 1, 1, 1)
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [await town.speak(one) for one in crew]
    assert (await town.row(matter_id)).state is State.TAKEN
    for capability, question in zip(crew, questions, strict=True):
        await town.refused("alerts_not_asked", confirm.answer(town.alerts, capability, question, Answer.SEEN))
        await town.refused("alerts_voices_missing", release.by_confirmer(town.alerts, capability, question, b"x" * 32))
    await town.refused("alerts_voices_missing", release.at_desk(town.alerts, DEE, matter_id, b"x" * 32))
    assert not town.posted


async def test_the_desk_alone_publishes_nothing(town: City) -> None:
    matter_id = await town.taken()
    for caller in (DEE, SAM, STEW, ARD):
        await confirm.at_desk(town.alerts, caller, matter_id, Verdict.SEEN)
        await town.refused("alerts_voices_missing", release.at_desk(town.alerts, caller, matter_id, b"x" * 32))
    assert (await town.row(matter_id)).state is State.TAKEN
    assert not town.posted


async def test_with_one_on_scene_two_of_the_desk_release(town: City) -> None:
    [capability] = await town.on_duty(1)
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    question = await town.speak(capability)
    await confirm.at_desk(town.alerts, DEE, matter_id, Verdict.SEEN)
    of = await town.digest(matter_id)
    await release.at_desk(town.alerts, DEE, matter_id, of)
    await release.by_confirmer(town.alerts, capability, question, of)
    await release.at_desk(town.alerts, DEE, matter_id, of)
    assert not town.posted, "a dispatcher with one confirmer's token is one person"
    await release.at_desk(town.alerts, STEW, matter_id, of)
    assert len(town.posted) == 1


async def test_confirmers_alone_do_not_release(town: City) -> None:
    matter_id, crew, questions = await town.confirmed()
    of = await town.digest(matter_id)
    for capability, question in zip(crew, questions, strict=True):
        await release.by_confirmer(town.alerts, capability, question, of)
    assert not town.posted


async def test_who_spoke_against_it_does_not_release_it(town: City) -> None:
    crew = await town.on_duty(1, 2, 3)
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [
        await town.speak(one, said)
        for one, said in zip(crew, [Answer.NOTHING_SEEN, Answer.SEEN, Answer.SEEN], strict=True)
    ]
    of = await town.digest(matter_id)
    await town.refused("alerts_not_asked", release.by_confirmer(town.alerts, crew[0], questions[0], of))


async def test_what_is_released_is_exactly_what_was_shown(town: City) -> None:
    matter_id, crew, questions = await town.confirmed()
    before = await town.digest(matter_id)
    row = await town.row(matter_id)
    await release.at_desk(town.alerts, DEE, matter_id, before)
    drafted = ask.Drafted(turn=row.turn + 1, kind=Kind.PEOPLE_TAKEN, area=town.alerts.held(row).draft.area)
    await ask.draft(town.alerts, DEE, matter_id, drafted)
    await town.refused("alerts_voices_missing", release.at_desk(town.alerts, SAM, matter_id, before))
    await town.refused("alerts_not_asked", release.by_confirmer(town.alerts, crew[0], questions[0], before))
    assert not town.posted


async def test_a_voice_against_it_takes_the_agreement_back(town: City) -> None:
    crew = await town.on_duty(1, 2, 3, 4)
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    for capability in crew[:2]:
        await town.speak(capability)
    of = await town.digest(matter_id)
    await release.at_desk(town.alerts, DEE, matter_id, of)
    for capability in crew[2:]:
        await town.speak(capability, Answer.NOTHING_SEEN)
    assert (await town.row(matter_id)).state is State.TAKEN
    assert not town.alerts.held(await town.row(matter_id)).releases
    await town.refused("alerts_voices_missing", release.at_desk(town.alerts, SAM, matter_id, of))


async def test_one_denier_suppresses_nothing(town: City) -> None:
    crew = await town.on_duty(1, 2, 3)
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [
        await town.speak(one, said)
        for one, said in zip(crew, [Answer.NOTHING_SEEN, Answer.SEEN, Answer.SEEN], strict=True)
    ]
    await town.released(matter_id, crew[1], questions[1])
    assert len(town.posted) == 1


async def test_of_many_releases_at_once_one_publishes(either: City) -> None:
    matter_id, crew, questions = await either.confirmed()
    of = await either.digest(matter_id)
    tries = [release.at_desk(either.alerts, caller, matter_id, of) for caller in (DEE, SAM, STEW, ARD) * 5]
    tries += [
        release.by_confirmer(either.alerts, one, question, of)
        for one, question in zip(crew, questions, strict=True)
        for _ in range(5)
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert len(either.posted) == 1
    assert sum(isinstance(one, release.Released) and one.posted is not None for one in done) == 1
    standing = await either.database.read(queries.standings)
    assert len(standing) == 1


async def test_nothing_is_left_where_the_outbox_fails(town: City) -> None:
    matter_id, crew, questions = await town.confirmed()
    of = await town.digest(matter_id)
    await release.at_desk(town.alerts, DEE, matter_id, of)

    def broken(*_: object) -> None:
        raise OSError

    object.__setattr__(town.alerts.ports, "post", broken)
    with pytest.raises(OSError):
        await release.by_confirmer(town.alerts, crew[0], questions[0], of)
    assert (await town.row(matter_id)).state is State.CONFIRMED
    assert not await town.database.read(queries.standings)
    assert (await town.database.read(lambda c: queries.reports_of(c, matter_id)))[0].box


async def test_two_stewards_together_read_who_stood_behind_it_and_one_does_not(town: City) -> None:
    done = await town.published()
    assert done.posted is not None
    parts, sealed = [], b""
    for caller in (STEW, ARD):
        sealed, part = await attribute.part_of(town.alerts, caller, done.posted.id)
        parts.append(envelope.open_with(town.identities[caller.pseudonym], part))
    told = attribute.open_decision(sealed, parts, done.posted.id)
    assert town.commitments == [attribute.commitment(told)]
    found = canonical.loads(told)
    assert isinstance(found, dict)
    assert len(found["voices"]) == 2  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        attribute.open_decision(sealed, [parts[0], parts[0]], done.posted.id)
    await town.refused("alerts_role_missing", attribute.part_of(town.alerts, DEE, done.posted.id))
    assert await attribute.listed(town.alerts, STEW) == [done.posted.id]
    await town.refused("alerts_role_missing", attribute.listed(town.alerts, DEE))


async def test_who_spoke_and_went_off_duty_stands_behind_it_all_the_same(town: City) -> None:
    matter_id, crew, _ = await town.confirmed()
    credentials = {town.alerts.duty.of(digest_of(one)).credential.hex() for one in crew}
    await confirm.end(town.alerts, crew[0])
    of = await town.digest(matter_id)
    await release.at_desk(town.alerts, DEE, matter_id, of)
    done = await release.at_desk(town.alerts, SAM, matter_id, of)
    assert done.posted is not None
    parts, sealed = [], b""
    for caller in (STEW, ARD):
        sealed, part = await attribute.part_of(town.alerts, caller, done.posted.id)
        parts.append(envelope.open_with(town.identities[caller.pseudonym], part))
    told = canonical.loads(attribute.open_decision(sealed, parts, done.posted.id))
    assert isinstance(told, dict)
    voices = told["voices"]
    assert isinstance(voices, list)
    assert {str(one).split()[0] for one in voices} == credentials
    await town.later(20)
    assert town.alerts.spoken == {}, "their voices went with the decision, and this with them"


@pytest.mark.parametrize("seed", range(8))
async def test_no_order_of_acts_publishes_without_the_rule(town: City, seed: int) -> None:
    """A walk by chance through every verb: whatever is public, two cohorts had spoken for it and a dispatcher had released it."""
    dice = random.Random(seed)
    crew = await town.on_duty(1, 1, 2)
    walk = Walk(town, dice, await town.taken(), crew)
    for _ in range(60):
        await walk.step()
        if town.posted:
            assert walk.cohorts() == {1, 2}
            assert walk.has_desk_released
            return


@dataclass
class Walk:
    """Whatever anybody could do, in any order."""

    town: City
    dice: random.Random
    matter_id: MatterId
    crew: list[bytes]
    spoken: dict[bytes, bytes] = field(default_factory=dict)
    has_desk_released: bool = False

    def cohorts(self) -> set[int]:
        return {self.town.alerts.duty.on[digest_of(one)].cohort for one in self.spoken}

    async def step(self) -> None:
        acts = [self.speak, self.desk, self.release, self.by_confirmer, self.ask, self.draft, self.hand]
        with suppress(TocsinError, IndexError, StopAsyncIteration, RuntimeError):
            await self.dice.choice(acts)()

    async def speak(self) -> None:
        one = self.dice.choice(self.crew)
        self.spoken[one] = await self.town.speak(one)

    async def desk(self) -> None:
        verdict = self.dice.choice([Verdict.SEEN, Verdict.SEEN, Verdict.NOTHING_SEEN])
        await confirm.at_desk(self.town.alerts, DEE, self.matter_id, verdict)

    async def of(self) -> bytes:
        row = await self.town.row(self.matter_id)
        return await self.town.digest(self.matter_id) if row.state in AGREED else bytes(32)

    async def release(self) -> None:
        await release.at_desk(self.town.alerts, DEE, self.matter_id, await self.of())
        self.has_desk_released = True

    async def by_confirmer(self) -> None:
        one = self.dice.choice(self.crew)
        question = (await self.town.asked(one))[-1]
        await release.by_confirmer(self.town.alerts, one, question, await self.of())

    async def ask(self) -> None:
        await ask.ask(self.town.alerts, DEE, self.matter_id)

    async def draft(self) -> None:
        if self.dice.random() < 0.1:
            row = await self.town.row(self.matter_id)
            area = self.dice.choice([AREA, OTHER_AREA])
            await ask.draft(self.town.alerts, DEE, self.matter_id, ask.Drafted(row.turn, Kind.ACTIVITY, area))
            self.spoken.clear()

    async def hand(self) -> None:
        await take.take(self.town.alerts, self.dice.choice([DEE, SAM]), self.matter_id)
