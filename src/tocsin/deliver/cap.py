"""CAP 1.2 and an Atom feed of it (OASIS CAP 1.2, RFC 4287), for institutions that read such feeds. Off unless the settings turn it on.

Made of the signed object and nothing else: closed lists, an area's name and the pack's words. No polygon, circle or geocode: a
reader's map would be finer than the area. A drill is `Exercise`, a trial `Test`, in CAP's own field; both stay out of the feed of
what is real.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from tocsin.crypto.alert import CAP, Alert, MsgType, texts
from tocsin.ids import b64

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/cap+xml"

Say = Callable[[str], str]
"""The sentence of a key of the alert's texts, filled in, in the feed's language."""


def cap(alert: Alert, area_name: str, language: str, say: Say, first_sent: int = 0) -> bytes:
    """One `<alert>`. `identifier` is that of the signed object, `sender` the city's log. `first_sent`: when the Alert that this stands
    for was sent, which CAP wants beside its identifier. Raises `ValueError` where it is missing.
    """
    root = ElementTree.Element("alert", {"xmlns": NAMESPACE})
    heads = {
        "identifier": b64(alert.id),
        "sender": alert.city,
        "sent": moment(alert.sent),
        "status": str(alert.status),
        "msgType": str(alert.msg_type),
        "scope": "Public",
    }
    _add(root, heads)
    if alert.references:
        if not first_sent:
            raise ValueError("a reference without its time")
        _add(root, {"references": f"{alert.city},{b64(alert.references)},{moment(first_sent)}"})
    told = ElementTree.SubElement(root, "info")
    urgency, severity, certainty = CAP[alert.kind]
    if alert.msg_type is MsgType.CANCEL:
        urgency, certainty = "Past", "Unlikely"
    lines = [say(key) for key in texts(alert)]
    facts = {
        "language": language,
        "category": "Safety",
        "event": say(f"kind.{alert.kind}"),
        "urgency": urgency,
        "severity": severity,
        "certainty": certainty,
        "effective": moment(alert.sent),
        "expires": moment(alert.expires),
        "headline": lines[0],
        "description": " ".join(lines),
    }
    _add(told, facts)
    _add(ElementTree.SubElement(told, "area"), {"areaDesc": area_name})
    return _written(root)


def feed(
    city: str, title: str, address: str, alerts: Sequence[Alert], now_s: int, say: Callable[[Alert], str]
) -> bytes:
    """An Atom feed of what is real and lives, newest first; each entry leads to its CAP message."""
    root = ElementTree.Element("feed", {"xmlns": ATOM})
    newest = max([alert.sent for alert in alerts], default=now_s - now_s % 300)
    _add(root, {"id": f"{address}/cap/feed.atom", "title": title, "updated": moment(newest)})
    ElementTree.SubElement(root, "link", {"rel": "self", "href": f"{address}/cap/feed.atom"})
    _add(ElementTree.SubElement(root, "author"), {"name": city})
    for alert in sorted(alerts, key=lambda one: (-one.sent, one.id)):
        entry = ElementTree.SubElement(root, "entry")
        here = f"{address}/cap/{b64(alert.id)}.xml"
        _add(entry, {"id": here, "title": say(alert), "updated": moment(alert.sent)})
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "type": MEDIA_TYPE, "href": here})
    return _written(root)


def moment(unix_s: int) -> str:
    """A time as CAP wants it: with an offset in digits, never `Z` (CAP 1.2, section 3.3.2)."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def _add(parent: ElementTree.Element, told: dict[str, str]) -> None:
    for name, text in told.items():
        ElementTree.SubElement(parent, name).text = text


def _written(root: ElementTree.Element) -> bytes:
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + written
