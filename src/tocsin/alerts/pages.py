"""The room's pages: what they are called, and how they are drawn over the house's templates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment
from markupsafe import Markup

from tocsin.alerts.ask import LIFE_MINUTES
from tocsin.alerts.labels import placed
from tocsin.alerts.model import Caller, Reason
from tocsin.alerts.report_form import CHOICES, SINGLE, STEPS, Answers
from tocsin.alerts.shown import Shown, clock
from tocsin.jurisdictions.model import Area, Pack
from tocsin.jurisdictions.shapes import WIDTH, Shapes
from tocsin.web import render
from tocsin.web.i18n import Language
from tocsin.web.render import KeptPage, Page, PageConfig, embedded
from tocsin.web.static_files import PREFIX, Built

HTML = "text/html; charset=utf-8"
TEMPLATES = Path(__file__).parent / "templates"

REPORT = Page("report", "report", "report.html", "report.title", ("report.",))
REPORT_STATUS = Page("report_status", "report/status", "report_status.html", "report.status_title")

LIVE = Page("alerts", "alerts", "alerts.html", "alerts.title", ("alerts.", "alert."))
COPY = replace(LIVE, path="alerts/offline")
"""The live page as a phone keeps it: nothing stands in it, its script shows what this phone last heard."""
MAP = Page("alerts_map", "alerts/map", "alerts_map.html", "alerts.map_title")
TRUE = Page("alerts_true", "alerts/true", "alerts_true.html", "alerts.true")
DANGER = Page("alerts_danger", "report-a-danger", "alerts_danger.html", "alerts.danger")
DESK = Page(
    "alert_desk",
    "alert-desk",
    "alert_desk.html",
    "adesk.title",
    ("adesk.", "alert.", "report.", "alerts.danger_about_", "staff."),
)
DUTY = Page("duty", "duty", "duty.html", "duty.title", ("duty.", "alert.kind.nothing-seen", "report.kind_"))
FACES = ("centerface-", "ort-wasm-")
ABOUT = ("somebody-in-danger", "points-at-a-person", "points-at-a-home", "not-true", "threat")


@cache
def templates() -> Environment:
    """The room's own templates over the shared ones."""
    return render.templates_over(TEMPLATES)


def draw(config: PageConfig, language: Language, page: Page, **more: object) -> bytes:
    """One page as it is now."""
    return render.draw(templates(), config, language, page, **more)


def report(
    config: PageConfig,
    language: Language,
    answers: Answers,
    step: str,
    ticket: Mapping[str, Any],
    problem: str = "",
) -> bytes:
    """The form at one question. `ticket`: text and bits of a place in the slow lane; empty where the page's script asks for one."""
    return draw(
        config,
        language,
        REPORT,
        answers=answers,
        step=step,
        steps=STEPS,
        single=SINGLE,
        choices=CHOICES,
        told=told(config.pack, language, answers),
        ticket=ticket,
        problem=problem,
        places=places(config.pack),
        faces=embedded(faces_files(config.built)),
    )


def faces_files(built: Built) -> list[str]:
    """Everything that finding faces on a phone loads, its module first: what a phone keeps that is to do so."""
    script = built.url("faces.js")
    more = [PREFIX + name for name in sorted(built.files) if name.startswith(FACES)]
    return [script, *(one for one in built.reach(["faces"]) if one != script), *more]


def kept(config: PageConfig) -> KeptPage:
    """The form, which phones keep: a report can be made where there is no network, and is sent later."""
    empty = Answers()
    ticket = {"text": "", "bits": 0}
    drawn = [report(config, language, empty, empty.open_step, ticket) for language in config.languages.values()]
    return KeptPage(REPORT.path, REPORT.name, "alerts.css", sha256(b"".join(drawn)).hexdigest())


def live_copy(config: PageConfig, language: Language) -> bytes:
    """The live page without anything that ends: the same for everybody."""
    brake = {"is_frozen": False, "needs_third": False, "cancelled": 0, "of": 0}
    return live(config, language, [], {"alerts": [], "brake": brake}, "", COPY)


def kept_copy(config: PageConfig) -> KeptPage:
    """The same, for phones to keep."""
    drawn = [live_copy(config, language) for language in config.languages.values()]
    return KeptPage(COPY.path, COPY.name, "alerts.css", sha256(b"".join(drawn)).hexdigest())


def told(pack: Pack, language: Language, answers: Answers) -> dict[str, str]:
    """The answers in words, by question; empty where there is none."""
    names = {area.id: area.name for area in pack.areas}
    words = {name: language.say(f"report.{name}_{answers[name]}") if answers[name] else "" for name in SINGLE}
    wearing = ", ".join(language.say(f"report.wearing_{one}") for one in answers.wearing)
    return {**words, "wearing": wearing, "area": names.get(answers.area, "")}


def status(config: PageConfig, language: Language, **more: object) -> bytes:
    """What a return code shows. `code`, `state`, `problem`; `asked`: the desk's question; `is_new` right after sending."""
    filled = {"code": "", "state": "", "problem": "", "is_new": False, "asked": (), "choices": CHOICES, **more}
    return draw(config, language, REPORT_STATUS, **filled)


def places(pack: Pack) -> Markup:
    """Area and centre of each place, for the phone that turns its fix into an area."""
    return embedded([[area.id, lat, lon] for area in pack.areas for lat, lon in area.points])


def live(
    config: PageConfig, language: Language, found: list[Shown], told: Mapping[str, Any], at: str, page: Page = LIVE
) -> bytes:
    """What stands now. `told` is the body of `GET /alerts/live`, for the script; `at` where its stream goes on, empty in a copy."""
    areas = {area.id: area.name for area in config.pack.areas}
    state = {"alerts": told["alerts"], "at": at, "areas": areas, "timezone": config.pack.timezone}
    return draw(
        config,
        language,
        page,
        found=found,
        told=told,
        state=embedded(state),
        places=places(config.pack),
        city=city(config),
    )


def on_map(config: PageConfig, language: Language, found: list[Shown], drawn: Shapes) -> bytes:
    """The map, as one picture that is in the page."""
    loudest = {one.area: one.look for one in reversed(found)}
    names = {area.id: area.name for area in config.pack.areas}
    return draw(
        config,
        language,
        MAP,
        found=found,
        drawn=drawn,
        looks=loudest,
        labels=placed({names[area]: drawn.middles[area] for area in loudest if area in drawn.paths}),
        names=names,
        width=WIDTH,
        city=city(config),
    )


def true(
    config: PageConfig, language: Language, areas: Mapping[str, Area], told: Mapping[str, Any], signed: str
) -> bytes:
    """Today's page of what is confirmed and checked. `told` is what the node signs; `signed` that, if it could be signed."""

    def line(one: Mapping[str, Any]) -> dict[str, str]:
        window = language.say(
            "alerts.true_window",
            **{"from": clock(config.pack, one["seen_from"]), "to": clock(config.pack, one["seen_to"])},
        )
        return {"area": areas[one["area"]].name, "kind": language.say(f"alert.kind.{one['kind']}"), "window": window}

    day = language.date(datetime.fromtimestamp(told["at"], ZoneInfo(config.pack.timezone)).date())
    when = language.say("alerts.true_day", date=day, time=clock(config.pack, told["at"]))
    lists = {name: [line(one) for one in told[name] if one["area"] in areas] for name in ("confirmed", "checked")}
    return draw(
        config,
        language,
        TRUE,
        when=when,
        lists=lists,
        counts=told["counts"],
        is_frozen=told["frozen"],
        signed=signed,
        city=city(config),
    )


def danger(
    config: PageConfig, language: Language, found: list[Shown], problem: str = "", *, is_sent: bool = False
) -> bytes:
    """Saying that an alert hurts."""
    return draw(config, language, DANGER, found=found, about=ABOUT, problem=problem, is_sent=is_sent)


def city(config: PageConfig) -> str:
    return config.pack.name


KEYS = {
    "t": "take",
    "a": "acknowledge",
    "q": "ask",
    "m": "question",
    "e": "enough",
    "s": "seen",
    "n": "nothing",
    "r": "release",
    "j": "join",
    "b": "give-back",
    "x": "close",
    "Shift+D": "danger",
}
REASONS = (Reason.NOT_SO, Reason.OTHER_SERVICE, Reason.WRONG_AREA, Reason.MISTAKE, Reason.OVER)
"""Why a dispatcher takes an alert back; the others have verbs of their own."""


def desk(
    config: PageConfig,
    language: Language,
    caller: Caller,
    told: Mapping[str, Any],
    lines: list[Any],
    stewards: Sequence[str],
) -> bytes:
    """The alert desk. `told`: who is signed in, for the page's script; `lines`: the list as it is now."""
    names = {area.id: area.name for area in config.pack.areas}
    texts = {
        code: {"name": one.name, "texts": one.strings(("alert.", "report.ask_"))}
        for code, one in config.languages.items()
    }
    state = {
        "areas": names,
        "timezone": config.pack.timezone,
        "number": config.pack.emergency_number,
        "languages": texts,
        "stewards": list(stewards),
    }
    return draw(
        config,
        language,
        DESK,
        me=caller,
        told=embedded(told),
        lines=lines,
        names=names,
        kinds=CHOICES["kind"],
        lives=LIFE_MINUTES,
        keys=KEYS,
        reasons=REASONS,
        duty=config.pack.threat_page.get(language.code),
        state=embedded(state),
    )


def duty(config: PageConfig, language: Language) -> bytes:
    """The page of a confirmer: the same for everybody."""
    areas = {area.id: area.name for area in config.pack.areas}
    rules = config.pack.observer_page.get(language.code)
    return draw(config, language, DUTY, rules=rules, state=embedded({"areas": areas}))
