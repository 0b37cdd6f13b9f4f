"""The components of reports and alerts for docs/design.html: pictures with words, cards in every look, the map."""

from collections.abc import Callable, Iterator
from html import escape

import msgspec

from tocsin.alerts import pages
from tocsin.alerts.model import Kind, MsgType, Reason, Status
from tocsin.alerts.report_form import CHOICES
from tocsin.alerts.shown import shown
from tocsin.crypto.alert import Alert
from tocsin.jurisdictions.load import load
from tocsin.jurisdictions.shapes import shapes
from tocsin.web import i18n

ENGLISH = i18n.load()["en"]
PACK = load("minneapolis-sample")
AT_S = 1_796_126_400
PLAIN = Alert(bytes(16), Kind.STREET_CHECK, PACK.areas[3].id, "sample.example/log", AT_S - 600, AT_S, AT_S, AT_S + 3600)
LOOKS = (
    PLAIN,
    msgspec.structs.replace(PLAIN, kind=Kind.NOTHING_SEEN),
    msgspec.structs.replace(PLAIN, msg_type=MsgType.CANCEL, reason=Reason.NOT_SO, references=b"r" * 16),
    msgspec.structs.replace(PLAIN, status=Status.EXERCISE),
)


def components() -> Iterator[tuple[str, str]]:
    """Name and markup of each."""
    environment = pages.templates()
    picture: Callable[[str], str] = environment.get_template("_pictures.html").module.picture  # type: ignore[attr-defined]
    card: Callable[..., str] = environment.get_template("_cards.html").module.card  # type: ignore[attr-defined]
    yield "Answers by pictures: pressed, several of them, the way back and on", tiles(picture) + ways()
    yield "Answers to look at again, return code, covered photo", answers()
    areas = {area.id: area for area in PACK.areas}
    found = [shown([one], areas, PACK, ENGLISH, AT_S + 60)[0] for one in LOOKS]
    yield "Alerts: confirmed, checked, taken back, a drill", "".join(str(card(one, ENGLISH.say)) for one in found)
    yield "The map: confirmed, checked, taken back, a drill", a_map()
    yield "Two places of a decision", slots()


def tiles(picture: Callable[[str], str]) -> str:
    drawn = []
    for name in ("kind", "how_many", "vehicles", "when"):
        for nth, choice in enumerate(CHOICES[name]):
            pressed = ' aria-pressed="true"' if nth == 0 else ""
            word = escape(ENGLISH.say(f"report.{name}_{choice}"))
            drawn.append(f'<button class="tile" type="button"{pressed}>{picture(choice)}<span>{word}</span></button>')
    for nth, choice in enumerate(CHOICES["wearing"]):
        word = escape(ENGLISH.say(f"report.wearing_{choice}"))
        box = f'<input type="checkbox"{" checked" if nth == 0 else ""}>'
        drawn.append(f'<label class="tile">{box}{picture(choice)}<span>{word}</span></label>')
    return f'<div class="tiles">{"".join(drawn)}</div>'


def ways() -> str:
    back, onward = (escape(ENGLISH.say(f"report.{key}")) for key in ("back", "next"))
    return (
        '<form class="report"><p class="ways">'
        f'<button class="button" type="button">{back}</button><button class="button primary" type="button">{onward}</button></p>'
        f'<select aria-label="{escape(ENGLISH.say("report.area_label"))}"><option>{escape(PACK.areas[3].name)}</option></select>'
        "</form>"
    )


def answers() -> str:
    question, change = escape(ENGLISH.say("report.ask_when")), escape(ENGLISH.say("report.change_short"))
    told = escape(ENGLISH.say("report.when_now"))
    row = f'<dt>{question}</dt><dd><span>{told}</span> <button class="button" type="button">{change}</button></dd>'
    return (
        f'<dl class="facts answers">{row}</dl><p class="code">4BSV-MT89-JG9Q-8RGB-8RZC</p>'
        f'<canvas class="cover" width="160" height="60" role="img" aria-label="{escape(ENGLISH.say("report.photo_add"))}"></canvas>'
    )


def a_map() -> str:
    drawn = shapes(PACK.areas[:12])
    looks = ("real", "checked", "back", "drill")
    paths = [
        f'<path class="{looks[nth] if nth < len(looks) else ""}" d="{path}"/>'
        for nth, path in enumerate(drawn.paths.values())
    ]
    return f'<svg class="areas" viewBox="0 0 600 {drawn.height}" role="img" aria-label="map">{"".join(paths)}</svg>'


def slots() -> str:
    say = ENGLISH.say
    return (
        f'<dl class="slots"><dt>{escape(say("adesk.slot_first"))}</dt><dd>{escape(say("adesk.slot_done"))}</dd>'
        f"<dt>{escape(say('adesk.slot_second'))}</dt><dd>{escape(say('adesk.slot_open'))}</dd></dl>"
    )
