"""A room of risk answers only where somebody who knows the place has said so."""

import pytest
from msgspec.structs import replace

from tocsin.jurisdictions.load import load
from tocsin.jurisdictions.model import Permission, Review, RiskRoom
from tocsin.jurisdictions.risk import may_answer, permission

REVIEWED = Review(role="lawyer admitted in the place", date="2026-11-20")


@pytest.mark.parametrize("room", RiskRoom)
def test_without_a_pack_nothing_answers(room: RiskRoom) -> None:
    assert not may_answer(None, room)


@pytest.mark.parametrize("room", RiskRoom)
@pytest.mark.parametrize("review", [Review(), Review(role="lawyer"), Review(date="2026-11-20")])
def test_without_role_and_date_of_a_review_nothing_answers(room: RiskRoom, review: Review) -> None:
    pack = replace(load("france"), review=review, rooms=dict.fromkeys(RiskRoom, Permission.ON))
    assert not may_answer(pack, room)


def test_a_reviewed_pack_opens_what_it_names_and_nothing_else() -> None:
    pack = replace(load("france"), review=REVIEWED)
    assert [room for room in RiskRoom if may_answer(pack, room)] == [RiskRoom.ALERTS]
    assert permission(pack, RiskRoom.ALERTS) is Permission.LIMITED


def test_a_sample_opens_what_it_names_for_trying_out() -> None:
    pack = load("minneapolis-sample")
    assert [room for room in RiskRoom if may_answer(pack, room)] == [RiskRoom.ALERTS, RiskRoom.RECORDING_ADVICE]


def test_naming_a_room_absent_is_as_good_as_not_naming_it() -> None:
    pack = replace(load("france"), review=REVIEWED, rooms={RiskRoom.FLEET: Permission.ABSENT})
    assert not may_answer(pack, RiskRoom.FLEET)
