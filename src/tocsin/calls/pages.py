"""What pages show of calls: the sentences a phone loads when it rings, and the part of the desk's page where lawyers answer."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from tocsin.calls.model import Kind, OnDuty, Role
from tocsin.jurisdictions.model import Calls, RiskRoom
from tocsin.jurisdictions.risk import may_answer
from tocsin.web import render
from tocsin.web.i18n import NAMES, Language
from tocsin.web.render import Page, PageConfig, embedded

HTML = "text/html; charset=utf-8"
TEMPLATES = Path(__file__).parent / "templates"
ON_CALL = Page("on_call", "on-call", "on_call_page.html", "call.duty", ("call.", "staff."))


@cache
def templates() -> Environment:
    """The room's own template over the shared ones."""
    return render.templates_over(TEMPLATES)


def words(config: PageConfig, language: Language) -> dict[str, Any]:
    """The body of `GET /calls/words/{language}`: the same for everybody. Cards and consent only where the pack may give advice."""
    said = config.pack.calls
    assert said is not None
    is_advised = may_answer(config.pack, RiskRoom.RECORDING_ADVICE)
    return {
        "strings": language.strings(("call.",)),
        "cards": said.cards[language.code] if is_advised else (),
        "heard": render.heard(config, language.code) if is_advised else (),
        "consent": said.consent[language.code] if is_advised else "",
        "hotline": config.hotline,
        "languages": {code: NAMES[code] for code in config.pack.languages},
        "places": places(said, language),
        "areas": sorted(area.name for area in config.pack.areas),
    }


def page(config: PageConfig, language: Language, who: OnDuty) -> bytes:
    """Where a volunteer goes on duty; a lawyer is led to the desk."""
    role = Role.LAWYER if Role.LAWYER in who.roles else Role.LISTENER
    own = {"me": who, "told": embedded(who.told), "role": role, "panel": panel(config, language, Role.LISTENER)}
    return render.draw(templates(), config, language, ON_CALL, **own)


def panel(config: PageConfig, language: Language, role: Role = Role.LAWYER) -> Markup:
    """The part of a page for whoever may be rung."""
    said = config.pack.calls
    assert said is not None
    text = (
        templates()
        .get_template("on_call.html")
        .render(
            say=language.say,
            language=language,
            languages={code: NAMES[code] for code in config.pack.languages},
            places=places(said, language),
            role=role,
            cards=words(config, language)["cards"],
            kinds=[str(kind) for kind in Kind],
            told=embedded(words(config, language)),
        )
    )
    return Markup(text)  # noqa: S704  rendered by a template that escapes


def places(said: Calls, language: Language) -> dict[str, str]:
    return {place.id: place.name[language.code] for place in said.places}
