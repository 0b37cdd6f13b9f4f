"""The alert's bytes: closed, coarse, short-lived, signed for one purpose."""

import json
import re
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crypto.make_alert_vectors import CITY, FOLDER, NOW
from tocsin.crypto import alert as alerts
from tocsin.crypto import canonical
from tocsin.crypto.alert import Alert, AlertRefused, Kind, MsgType, Reason, Status
from tocsin.crypto.keys import SigningKey
from tocsin.ids import b64

KEYS = {status: SigningKey(bytes([place]) * 32) for place, status in enumerate(Status, 1)}
PUBLIC = {status: key.public for status, key in KEYS.items()}

AREAS = ("a", "corcoran-powderhorn-park", "x" * alerts.AREA_MOST)
FEW = settings(max_examples=40, deadline=None)


@st.composite
def good(draw: st.DrawFn, msg_type: MsgType | None = None) -> Alert:
    """Any alert that keeps the format's rules."""
    msg_type = msg_type or draw(st.sampled_from(MsgType))
    sent = draw(st.integers(1_000, 10_000_000)) * alerts.SENT_STEP_S
    seen_to = (sent // alerts.SEEN_STEP_S) * alerts.SEEN_STEP_S
    life = draw(st.integers(1, 7))
    number = draw(st.integers(0, 2**127))
    return Alert(
        id=number.to_bytes(16),
        kind=draw(st.sampled_from(Kind)),
        area=draw(st.sampled_from(AREAS)),
        city=CITY,
        seen_from=seen_to - draw(st.integers(1, 6)) * alerts.SEEN_STEP_S,
        seen_to=seen_to,
        sent=sent,
        expires=(sent // alerts.EXPIRES_STEP_S + life) * alerts.EXPIRES_STEP_S,
        msg_type=msg_type,
        status=draw(st.sampled_from(Status)),
        version={MsgType.ALERT: 1, MsgType.CANCEL: alerts.CANCEL_VERSION}.get(msg_type) or draw(st.integers(2, 99)),
        references=b"" if msg_type is MsgType.ALERT else (number + 1).to_bytes(16),
        reason=draw(st.sampled_from(Reason)) if msg_type is MsgType.CANCEL else None,
    )


@FEW
@given(good())
def test_what_is_signed_is_read_again_and_nothing_else_is_in_it(alert: Alert) -> None:
    wire = alerts.sign(alert, KEYS[alert.status])
    assert alerts.verify(wire, PUBLIC, CITY) == alert
    told = json.loads(wire)["alert"]
    words = {*Kind, *MsgType, *Status, *Reason, alerts.FORMAT, alert.area, CITY, ""}
    for name, value in told.items():
        if name == "texts":
            assert all(re.fullmatch(r"[a-z-]+(\.[a-z-]+)?", key) for key in value)
        elif name in {"id", "references"}:
            assert all(len(one) == 22 for one in ([value] if name == "id" else value))
        else:
            assert isinstance(value, int) or value in words


@FEW
@given(good(), st.data())
def test_one_bit_more_or_less_is_refused(alert: Alert, drawn: st.DataObject) -> None:
    wire = bytearray(alerts.sign(alert, KEYS[alert.status]))
    place = drawn.draw(st.integers(0, len(wire) * 8 - 1))
    wire[place // 8] ^= 1 << place % 8
    with pytest.raises(AlertRefused):
        alerts.verify(bytes(wire), PUBLIC, CITY)


@FEW
@given(good(), st.sampled_from(Status))
def test_a_drills_key_signs_nothing_real(alert: Alert, other: Status) -> None:
    wire = alerts.sign(alert, KEYS[other])
    if other is not alert.status:
        with pytest.raises(AlertRefused):
            alerts.verify(wire, PUBLIC, CITY)
    with pytest.raises(AlertRefused):
        alerts.verify(wire, PUBLIC, "other.example/log")


FIELDS = tuple(field.name for field in msgspec.structs.fields(Alert))


@FEW
@given(good(), st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_no_field_can_be_added_and_none_takes_free_text(alert: Alert, name: str, value: str) -> None:
    told = json.loads(alerts.dumps(alert))
    for changed in ({**told, name: value}, {**told, "texts": [*told["texts"], value]}, {**told, "kind": value}):
        if changed != told:
            with pytest.raises(AlertRefused):
                alerts.loads(canonical.dumps(changed))


def test_no_field_tells_where_somebody_goes_or_what_they_drive() -> None:
    never = re.compile(
        r"direction|speed|distance|heading|vehicle|plate|car|lat|lon|point|address|name|place|confirmer|by|text$"
    )
    assert not [name for name in FIELDS if never.search(name)]
    assert len(Kind) <= 12


@FEW
@given(good(), st.sampled_from(["sent", "seen_from", "seen_to", "expires"]), st.integers(1, 299))
def test_no_time_is_finer_than_its_step(alert: Alert, field: str, seconds: int) -> None:
    with pytest.raises(AlertRefused):
        alerts.dumps(msgspec.structs.replace(alert, **{field: getattr(alert, field) + seconds}))


@FEW
@given(good(), st.integers(1, 100))
def test_a_life_over_two_hours_is_refused_even_if_signed(alert: Alert, quarters: int) -> None:
    longest = (alert.sent + alerts.LONGEST_LIFE_S) // alerts.EXPIRES_STEP_S
    long = msgspec.structs.replace(alert, expires=(longest + quarters) * alerts.EXPIRES_STEP_S)
    wire = canonical.dumps(
        {
            "alert": alerts._told(long),
            "signature": b64(KEYS[alert.status].sign(canonical.dumps(alerts._told(long)))),
        }
    )
    with pytest.raises(AlertRefused):
        alerts.verify(wire, PUBLIC, CITY)


@FEW
@given(good(MsgType.ALERT), good(MsgType.UPDATE))
def test_an_update_stands_only_for_its_own_alert_in_its_own_area(first: Alert, later: Alert) -> None:
    assert not alerts.follows(later, first)
    own = msgspec.structs.replace(later, references=first.id, area=first.area, status=first.status, kind=first.kind)
    assert alerts.follows(own, first)
    assert not alerts.follows(msgspec.structs.replace(own, area=f"{first.area}-x"), first)
    assert not alerts.follows(first, own)
    nothing = Kind.ACTIVITY if first.kind is Kind.NOTHING_SEEN else Kind.NOTHING_SEEN
    assert not alerts.follows(msgspec.structs.replace(own, kind=nothing), first)


@FEW
@given(good(), st.integers(-2 * 86_400, 2 * 86_400))
def test_a_clock_a_day_wrong_either_way_shows_nothing(alert: Alert, seconds: int) -> None:
    now = alert.sent + seconds
    assert alerts.is_live(alert, now) == (-alerts.AHEAD_S <= seconds < alert.expires - alert.sent)
    assert not alerts.is_live(alert, alert.sent - 86_400)
    assert not alerts.is_live(alert, alert.sent + 86_400)


@dataclass
class Vector:
    name: str
    wire: bytes
    says: str


def vectors() -> list[Vector]:
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        told = json.loads(path.read_text())
        found.append(Vector(path.stem, told["wire"].encode(), told["says"]))
    return found


@pytest.mark.parametrize("vector", vectors(), ids=lambda one: one.name)
def test_known_answers(vector: Vector) -> None:
    shared = json.loads((FOLDER / vector.name).with_suffix(".json").read_text())
    keys = {Status(status): bytes.fromhex(key) for status, key in shared["keys"].items()}
    try:
        found = alerts.verify(vector.wire, keys, shared["city"])
        says = "live" if alerts.is_live(found, shared["now"]) else "stale"
    except AlertRefused:
        says = "refused"
    assert says == vector.says
    assert shared["now"] == NOW
