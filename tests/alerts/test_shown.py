"""What people read of an alert comes from its keys, by the clock of the city; what is a drill or was taken back looks like it."""

import re
from itertools import combinations

import msgspec
import pytest

from tocsin.alerts.labels import LETTER, LINE, placed
from tocsin.alerts.model import Kind, MsgType, Reason, Status
from tocsin.alerts.shown import clock, shown
from tocsin.crypto.alert import Alert
from tocsin.jurisdictions.load import load
from tocsin.jurisdictions.shapes import WIDTH
from tocsin.web import i18n

PACK = load("minneapolis-sample")
AREAS = {area.id: area for area in PACK.areas}
LANGUAGES = i18n.load()
NOON_S = 1_796_126_400
"""Noon UTC, in every step of an alert."""


def an_alert(**more: object) -> Alert:
    plain = Alert(
        id=bytes(16),
        kind=Kind.STREET_CHECK,
        area=PACK.areas[0].id,
        city="sample.example/log",
        seen_from=NOON_S - 600,
        seen_to=NOON_S,
        sent=NOON_S,
        expires=NOON_S + 3600,
    )
    return msgspec.structs.replace(plain, **more)


def texts(alert: Alert, language: str = "en") -> list[str]:
    (one,) = shown([alert], AREAS, PACK, LANGUAGES[language], NOON_S + 90)
    return [one.title, one.drill, *one.sentences, one.age, one.left]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_said_in_every_language_with_no_gap(kind: Kind, language: str) -> None:
    said = texts(an_alert(kind=kind), language)
    assert not [text for text in said if re.search(r"[{}]|alert\.|None", text)]


@pytest.mark.parametrize("reason", Reason)
def test_what_was_taken_back_says_why_and_not_what_it_said(reason: Reason) -> None:
    back = an_alert(msg_type=MsgType.CANCEL, reason=reason, version=100, references=b"r" * 16)
    said = texts(back)
    assert LANGUAGES["en"].say("alert.kind.street-check") not in said
    assert said[0] == LANGUAGES["en"].say("alerts.back")
    (one,) = shown([back], AREAS, PACK, LANGUAGES["en"], NOON_S)
    assert one.look == "back"


@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
def test_a_drill_looks_like_a_drill_whatever_it_is(status: Status) -> None:
    for more in (
        {},
        {"kind": Kind.NOTHING_SEEN},
        {"msg_type": MsgType.CANCEL, "reason": Reason.OVER, "references": b"r" * 16},
    ):
        (one,) = shown([an_alert(status=status, **more)], AREAS, PACK, LANGUAGES["en"], NOON_S)
        assert one.look == "drill"
        assert one.drill


def test_a_drill_stands_after_all_that_is_real_however_new_it_is() -> None:
    real = an_alert(sent=NOON_S - 900)
    drills = [an_alert(status=status, id=bytes([place]) * 16) for place, status in enumerate(Status, 1)]
    found = shown([*drills, real], AREAS, PACK, LANGUAGES["en"], NOON_S)
    assert [one.look for one in found] == ["real", "real", "drill", "drill"]


def test_names_on_the_map_stand_inside_it_and_none_over_another() -> None:
    long = "Cedar-Isles, Kenwood, West Calhoun"
    names = {
        long: (20.0, 40.0),
        "ECCO": (20.0, 44.0),
        "CARAG": (60.0, 44.0),
        "Como": (590.0, 2.0),
        "x" * 80: (300.0, 500.0),
    }
    found = placed(names)
    assert {one.text for one in found} == {*names}
    for one in found:
        half = len(one.text) * LETTER / 2
        assert one.y >= LINE
        assert (half <= one.x <= WIDTH - half) or one.x == WIDTH / 2
    for one, other in combinations(found, 2):
        apart = (len(one.text) + len(other.text)) * LETTER / 2
        assert abs(one.y - other.y) >= LINE or abs(one.x - other.x) >= apart
    assert next(one for one in found if one.text == long).y == 40.0, "who stands alone is not moved"


def test_times_are_by_the_clock_of_the_city() -> None:
    assert clock(PACK, NOON_S) == "06:00"
    assert clock(msgspec.structs.replace(PACK, timezone="UTC"), NOON_S) == "12:00 UTC"


def test_age_and_end_count_in_whole_minutes() -> None:
    said = texts(an_alert())
    assert said[-2:] == ["Sent 1 minute ago", "It ends in 58 minutes."]
