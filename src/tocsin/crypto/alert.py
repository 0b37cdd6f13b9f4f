"""The alert as everybody sees it: a closed object in canonical JSON, signed by a key of the city (`docs/spec/alert.md`).

`dumps` and `loads` are strict both ways: what has a field more, a word that is not on a list, or a time finer than its step is no
alert. `sign` and `verify` add the signature; `follows` says whether an Update or Cancel may stand for what came before it. There is
no free text in it and no place finer than an area, so no rendering can have either.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey, verify_ed25519
from tocsin.ids import b64, unb64

FORMAT = "tocsin.alert/v1"
LABEL = b"tocsin.alert/v1\n"
ID_BYTES = 16
SENT_STEP_S = 300
SEEN_STEP_S = 600
EXPIRES_STEP_S = 900
LONGEST_SEEN_S = 3_600
LONGEST_LIFE_S = 7_200
"""From `sent` to `expires`. A phone refuses a longer one even if it is signed (rules of safety, 5)."""
AHEAD_S = 600
"""How far a reader's clock may lag behind the node's."""
CANCEL_VERSION = 100
"""A Cancel comes after every Update, also one that was prepared before them."""
WIRE_MOST = 2_048
AREA = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
AREA_MOST, CITY_MOST = 200, 200


class Kind(StrEnum):
    """What officials do towards the public, or that nothing was seen. Closed, and never about a site, a person or a vehicle."""

    STREET_CHECK = "street-check"
    ROAD_CHECK = "road-check"
    TRANSIT_CHECK = "transit-check"
    DOOR_TO_DOOR = "door-to-door"
    PEOPLE_TAKEN = "people-taken"
    CROWD_CONTROL = "crowd-control"
    ACTIVITY = "activity"
    NOTHING_SEEN = "nothing-seen"


class MsgType(StrEnum):
    """CAP 1.2, `msgType`."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class Status(StrEnum):
    """CAP 1.2, `status`. Each has a key of its own: a drill cannot be shown as the real thing."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    TEST = "Test"


class Reason(StrEnum):
    """Why something was taken back."""

    NOT_SO = "not-so"
    OTHER_SERVICE = "other-service"
    WRONG_AREA = "wrong-area"
    MISTAKE = "mistake"
    OVER = "over"
    UNDER_REVIEW = "under-review"
    DANGER = "danger"


CAP = {
    **dict.fromkeys(Kind, ("Immediate", "Unknown", "Observed")),
    Kind.NOTHING_SEEN: ("Past", "Minor", "Unlikely"),
}
"""CAP's urgency, severity and certainty of each kind."""


class AlertRefused(ValueError):
    """These bytes are no alert that anybody may be shown."""


class Alert(msgspec.Struct, frozen=True):
    """One object. Times are Unix seconds, each a multiple of its step."""

    id: bytes
    kind: Kind
    area: str
    city: str
    """The log's origin."""
    seen_from: int
    seen_to: int
    sent: int
    expires: int
    msg_type: MsgType = MsgType.ALERT
    status: Status = Status.ACTUAL
    version: int = 1
    references: bytes = b""
    """The Alert that an Update or Cancel stands for; empty for an Alert."""
    reason: Reason | None = None


def texts(alert: Alert) -> list[str]:
    """Keys of the sentences that make every rendering, in their order."""
    drill = [] if alert.status is Status.ACTUAL else [f"status.{alert.status.lower()}"]
    if alert.msg_type is MsgType.CANCEL:
        danger = ["keep-away"] if alert.reason is Reason.DANGER else []
        return [*drill, "taken-back", f"reason.{alert.reason}", *danger, "keep-distance"]
    if alert.kind is Kind.NOTHING_SEEN:
        return [*drill, "kind.nothing-seen", "looked", "it-can-change", "not-official"]
    return [*drill, f"kind.{alert.kind}", "seen", "not-official", "keep-distance"]


def dumps(alert: Alert) -> bytes:
    """The canonical bytes. Raises `AlertRefused` for what breaks a rule of the format."""
    wrong = broken(alert)
    if wrong:
        raise AlertRefused(wrong)
    return canonical.dumps(_told(alert))


def loads(raw: bytes) -> Alert:
    """Inverse of `dumps`: the same bytes and no other. Raises `AlertRefused`."""
    try:
        return _read(canonical.loads(raw))
    except (canonical.CanonicalError, KeyError, TypeError, ValueError) as error:
        raise AlertRefused("no alert") from error


def sign(alert: Alert, key: SigningKey) -> bytes:
    """What travels: the object and its signature. Raises `AlertRefused`."""
    signature = key.sign(LABEL + dumps(alert))
    return canonical.dumps({"alert": _told(alert), "signature": b64(signature)})


def verify(wire: bytes, keys: Mapping[Status, bytes], city: str) -> Alert:
    """The alert, if the key of its own status signed it for this city. Raises `AlertRefused`; time is `refuse_stale`'s."""
    if len(wire) > WIRE_MOST:
        raise AlertRefused("too long")
    try:
        match canonical.loads(wire):
            case {"alert": dict(told), "signature": str(signature), **rest} if not rest:
                alert = _read(told)
                signed = unb64(signature)
            case _:
                raise AlertRefused("no signed alert")
    except (canonical.CanonicalError, KeyError, TypeError, ValueError) as error:
        raise AlertRefused("no signed alert") from error
    if alert.city != city or not verify_ed25519(keys.get(alert.status, b""), signed, LABEL + dumps(alert)):
        raise AlertRefused("not signed by this city for this purpose")
    return alert


def is_live(alert: Alert, now_s: int) -> bool:
    """Whether it may be shown at this moment. False too where the reader's clock stands before it was sent."""
    return alert.sent - AHEAD_S <= now_s < alert.expires


def follows(later: Alert, earlier: Alert) -> bool:
    """Whether `later` may take the place of `earlier`: same area and purpose, newer, no negative made of it or it of one (rule 4)."""
    root = earlier.references or earlier.id
    same = later.area == earlier.area and later.city == earlier.city and later.status is earlier.status
    turned = (later.kind is Kind.NOTHING_SEEN) is not (earlier.kind is Kind.NOTHING_SEEN)
    return same and not turned and later.references == root and later.version > earlier.version


def broken(alert: Alert) -> str:
    """Which rule of the format it breaks; empty for none."""
    is_first, is_cancel = alert.msg_type is MsgType.ALERT, alert.msg_type is MsgType.CANCEL
    rules = {
        "id": len(alert.id) == ID_BYTES,
        "references": len(alert.references) == (0 if is_first else ID_BYTES) and alert.references != alert.id,
        "reason": (alert.reason is not None) is is_cancel,
        "version": _is_in_order(alert),
        "area": len(alert.area) <= AREA_MOST and AREA.fullmatch(alert.area) is not None,
        "city": 0 < len(alert.city) <= CITY_MOST and alert.city.isascii() and alert.city.isprintable(),
        "steps": _stepped(alert),
        "seen": 0 < alert.seen_to - alert.seen_from <= LONGEST_SEEN_S,
        "life": 0 < alert.expires - alert.sent <= LONGEST_LIFE_S,
        "before": alert.seen_from <= alert.sent and alert.sent - alert.seen_to <= LONGEST_LIFE_S,
    }
    return ", ".join(name for name, holds in rules.items() if not holds)


def _is_in_order(alert: Alert) -> bool:
    match alert.msg_type:
        case MsgType.ALERT:
            return alert.version == 1
        case MsgType.UPDATE:
            return 1 < alert.version < CANCEL_VERSION
        case MsgType.CANCEL:
            return alert.version == CANCEL_VERSION


def _stepped(alert: Alert) -> bool:
    """Whether no time is finer than its step."""
    steps = (
        (alert.sent, SENT_STEP_S),
        (alert.seen_from, SEEN_STEP_S),
        (alert.seen_to, SEEN_STEP_S),
        (alert.expires, EXPIRES_STEP_S),
    )
    return all(0 <= time < canonical.EXACT_INTEGER and time % step == 0 for time, step in steps)


def _told(alert: Alert) -> dict[str, object]:
    return {
        "area": alert.area,
        "city": alert.city,
        "expires": alert.expires,
        "format": FORMAT,
        "id": b64(alert.id),
        "kind": str(alert.kind),
        "msg_type": str(alert.msg_type),
        "reason": str(alert.reason or ""),
        "references": [b64(alert.references)] if alert.references else [],
        "seen_from": alert.seen_from,
        "seen_to": alert.seen_to,
        "sent": alert.sent,
        "status": str(alert.status),
        "texts": texts(alert),
        "version": alert.version,
    }


def _read(told: canonical.Value) -> Alert:
    if not isinstance(told, dict):
        raise AlertRefused("no object")
    match told:
        case {
            "area": str(area),
            "city": str(city),
            "expires": int(expires),
            "id": str(number),
            "references": list(references),
            "seen_from": int(seen_from),
            "seen_to": int(seen_to),
            "sent": int(sent),
            "version": int(version),
        } if len(references) <= 1:
            alert = Alert(
                id=unb64(number),
                kind=Kind(str(told["kind"])),
                area=area,
                city=city,
                seen_from=int(seen_from),
                seen_to=int(seen_to),
                sent=int(sent),
                expires=int(expires),
                msg_type=MsgType(str(told["msg_type"])),
                status=Status(str(told["status"])),
                version=int(version),
                references=unb64(str(references[0])) if references else b"",
                reason=Reason(str(told["reason"])) if told["reason"] else None,
            )
        case _:
            raise AlertRefused("no alert")
    # One object has one spelling: a field more, a text of its own or a boolean for a number is another, and is refused.
    if broken(alert) or canonical.dumps(_told(alert)) != canonical.dumps(told):
        raise AlertRefused("breaks a rule of the format")
    return alert
