"""Questions reach who reported by their code alone and are answered from closed lists; they and a note go with the decision."""

import pytest

from tests.alerts.world import DEE, SAM, City
from tocsin.alerts import ask, board, cancel, question, take
from tocsin.alerts.model import Answer, HowMany, Part, Reason, Vehicles, Wearing
from tocsin.alerts.question import Questioned, Replied
from tocsin.crypto import envelope
from tocsin.ids import b64

pytestmark = pytest.mark.anyio
ALL = Questioned(tuple(Part))


async def test_what_nobody_said_is_asked_of_who_did_not_say_it_and_answered_by_the_code(town: City) -> None:
    mute = await town.file(how_many=HowMany.UNKNOWN, wearing=(Wearing.UNKNOWN,), vehicles=Vehicles.NO)
    matter_id = await town.matter(mute)
    await take.take(town.alerts, DEE, matter_id)
    await question.question(town.alerts, DEE, matter_id, ALL)
    assert await question.asked_by(town.alerts, mute.code) == (Part.HOW_MANY, Part.WEARING)
    await town.board.refresh()
    (line,) = town.board.told()["lines"]
    assert (line.missing, line.asking) == (("how_many", "wearing"), ("how_many", "wearing"))
    await question.reply(town.alerts, Replied(mute.code, how_many=HowMany.MANY))
    assert await question.asked_by(town.alerts, mute.code) == (Part.WEARING,)
    await town.refused("alerts_not_asked", question.reply(town.alerts, Replied(mute.code, how_many=HowMany.FEW)))
    await town.refused("alerts_not_asked", question.reply(town.alerts, Replied(mute.code, vehicles=Vehicles.YES)))
    await question.reply(town.alerts, Replied(mute.code, wearing=()))
    (report,) = await board.detail(town.alerts, matter_id)
    assert (report["how_many"], report["vehicles"], report["asked"]) == ("many", "no", ())
    assert report["is_acknowledged"], "who is asked knows that a person reads"


async def test_only_who_has_it_asks_and_nobody_is_asked_after_the_decision(town: City) -> None:
    filed = await town.file(how_many=HowMany.UNKNOWN)
    matter_id = await town.matter(filed)
    await town.refused("alerts_not_yours", question.question(town.alerts, DEE, matter_id, ALL))
    await take.take(town.alerts, DEE, matter_id)
    await question.question(town.alerts, DEE, matter_id, ALL)
    await town.refused(
        "alerts_event_wrong", question.question(town.alerts, DEE, matter_id, Questioned((Part.VEHICLES,)))
    )
    await take.close(town.alerts, DEE, matter_id)
    assert await question.asked_by(town.alerts, filed.code) == ()
    await town.refused("alerts_not_asked", question.reply(town.alerts, Replied(filed.code, how_many=HowMany.FEW)))
    await town.refused("alerts_code_unknown", question.reply(town.alerts, Replied("0000", how_many=HowMany.FEW)))


async def test_a_note_for_who_takes_over_opens_at_the_desk_alone_and_goes_with_the_decision(town: City) -> None:
    matter_id = await town.taken()
    town.alerts.mark_of(SAM)
    (desk,) = await town.alerts.ports.desk()
    note = envelope.seal_to([desk], b"heard shouting".ljust(2048, b"\0"))
    await town.refused("body_malformed", take.hand_over(town.alerts, DEE, matter_id, "Sam", b64(b"in clear")))
    await take.hand_over(town.alerts, DEE, matter_id, "Sam", b64(note))
    assert (await board.opened(town.alerts, matter_id))["note"] == b64(note)
    assert envelope.open_with(town.dispatcher, note).rstrip(b"\0") == b"heard shouting"
    await take.close(town.alerts, SAM, matter_id)
    assert (await board.opened(town.alerts, matter_id))["note"] == ""


async def test_an_update_is_ready_only_when_two_looked_again(town: City) -> None:
    done = await town.published()
    matter_id = done.matter.id

    async def is_ready() -> bool:
        await town.board.refresh()
        return bool(town.board.told()["lines"][0].digest)

    assert not await is_ready(), "what is public is not offered for release again"
    await ask.ask(town.alerts, DEE, matter_id)
    first = town.crew[-1]
    await town.speak(first)
    assert not await is_ready()
    assert await town.speak_all(Answer.SEEN) == 1
    assert await is_ready()


async def test_how_long_it_stood_is_measured_to_the_second_and_shown(town: City) -> None:
    done = await town.published()
    assert done.posted is not None
    await town.later(83)
    await cancel.cancel(town.alerts, DEE, done.posted.root, Reason.NOT_SO)
    await town.board.refresh()
    assert town.board.told()["lines"][0].corrected_s == 83
