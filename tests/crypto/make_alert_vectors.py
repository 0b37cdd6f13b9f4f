"""Writes `vectors/alerts`: once for a format version, never to make a test pass."""

import json
from pathlib import Path
from typing import Any

import msgspec

from tocsin.crypto import alert as alerts
from tocsin.crypto import canonical
from tocsin.crypto.alert import Alert, Kind, MsgType, Reason, Status
from tocsin.crypto.keys import SigningKey
from tocsin.ids import b64

FOLDER = Path(__file__).parents[2] / "vectors" / "alerts"
CITY = "sample.example/log"
NOW = 1_796_000_100
SENT = NOW // 300 * 300
KEYS = {status: SigningKey(bytes([place]) * 32) for place, status in enumerate(Status, 1)}

ALERT = Alert(
    id=bytes(range(16)),
    kind=Kind.STREET_CHECK,
    area="corcoran-powderhorn-park",
    city=CITY,
    seen_from=NOW // 600 * 600 - 600,
    seen_to=NOW // 600 * 600,
    sent=SENT,
    expires=SENT // 900 * 900 + 3_600,
)
CHANGES: dict[MsgType, dict[str, Any]] = {
    MsgType.UPDATE: {"version": 2, "references": ALERT.id},
    MsgType.CANCEL: {"version": alerts.CANCEL_VERSION, "references": ALERT.id, "reason": Reason.NOT_SO},
}


def changed(**fields: Any) -> Alert:
    return msgspec.structs.replace(ALERT, **fields)


def derived(msg_type: MsgType, **fields: Any) -> Alert:
    """An Update or Cancel of the sample."""
    return changed(id=bytes(range(16, 32)), msg_type=msg_type, **{**CHANGES[msg_type], **fields})


def moved(seconds: int) -> Alert:
    """The sample, sent so much later."""
    return changed(**{name: getattr(ALERT, name) + seconds for name in ("sent", "seen_from", "seen_to", "expires")})


def forced(told: dict[str, object], status: Status = Status.ACTUAL, key: SigningKey | None = None) -> bytes:
    """Signed whatever it says: by somebody who has the key and breaks the rules."""
    signature = (key or KEYS[status]).sign(alerts.LABEL + canonical.dumps(told))
    return canonical.dumps({"alert": told, "signature": b64(signature)})


def sample(**fields: Any) -> dict[str, object]:
    return {**json.loads(alerts.dumps(ALERT)), **fields}


def main() -> None:
    live = {
        "alert": ALERT,
        "checked_and_nothing_seen": changed(kind=Kind.NOTHING_SEEN),
        "update": derived(MsgType.UPDATE),
        "cancel": derived(MsgType.CANCEL),
        "cancel_for_danger": derived(MsgType.CANCEL, reason=Reason.DANGER),
        "exercise": changed(status=Status.EXERCISE),
        "test": changed(status=Status.TEST),
    }
    stale = {"expired": moved(-7_200), "from_tomorrow": moved(86_400)}
    refused = {
        "a_drill_under_the_city_key": forced(
            sample(status="Exercise", texts=["status.exercise", *alerts.texts(ALERT)])
        ),
        "real_under_the_key_of_drills": forced(sample(), Status.EXERCISE),
        "a_strangers_key": forced(sample(), key=SigningKey(b"9" * 32)),
        "another_city": forced(sample(city="other.example/log")),
        "a_life_over_two_hours": forced(sample(expires=SENT // 900 * 900 + 8_100)),
        "a_minute_that_is_too_exact": forced(sample(seen_from=ALERT.seen_from + 60)),
        "a_text_of_its_own": forced(sample(texts=["Come to the corner of 1st and Main"])),
        "a_field_more": forced(sample(direction="north")),
        "a_kind_nobody_knows": forced(sample(kind="lodging")),
        "a_place_for_an_area": forced(sample(area="44.95,-93.26")),
        "an_update_of_nothing": forced(sample(msg_type="Update", version=2)),
        "a_boolean_for_a_number": forced(sample(version=True)),
        "white_space": forced(sample()).replace(b'"alert":', b'"alert": '),
        "a_key_twice": forced(sample()).replace(b'"alert":{', b'"alert":{"area":"x",'),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    wires = {name: (alerts.sign(one, KEYS[one.status]), "live") for name, one in live.items()}
    wires |= {name: (alerts.sign(one, KEYS[one.status]), "stale") for name, one in stale.items()}
    wires |= {name: (wire, "refused") for name, wire in refused.items()}
    keys = {str(status): key.public.hex() for status, key in KEYS.items()}
    for name, (wire, says) in wires.items():
        told = {"city": CITY, "keys": keys, "now": NOW, "says": says, "wire": wire.decode()}
        (FOLDER / f"{name}.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
