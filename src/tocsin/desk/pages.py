"""The desk's page: a list that stands there without script, and everything that only a browser with the lawyer's key can do."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from tocsin.desk.board import Board
from tocsin.desk.model import Caller, State
from tocsin.jurisdictions.model import Pack
from tocsin.web import render
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig, embedded

HTML = "text/html; charset=utf-8"
TEMPLATES = Path(__file__).parent / "templates"
EPOCH = date(1970, 1, 1)
STRINGS = ("desk.", "staff.", "play.", "pack.", "cover.", "recover.act_", "recover.by_")
DESK = Page("desk", "desk", "desk.html", "desk.title", STRINGS)


@cache
def templates() -> Environment:
    """The room's own template over the shared ones."""
    return render.templates_over(TEMPLATES)


Beside = Callable[[Language], Markup]
"""What another room shows on the desk's page."""


def nothing(_: Language) -> Markup:
    return Markup("")


def page(config: PageConfig, language: Language, board: Board, caller: Caller, beside: Beside = nothing) -> bytes:
    """The list for lawyers; for a steward who is none, how many wait too long and nothing else."""
    return render.draw(
        templates(),
        config,
        language,
        DESK,
        me=caller,
        told=embedded(caller.told),
        is_lawyer=caller.is_lawyer,
        beside=beside(language) if caller.is_lawyer else "",
        lines=board.told() if caller.is_lawyer else [],
        late=board.late() if caller.is_steward else 0,
        is_steward=caller.is_steward,
        waiting=str(State.WAITING),
        day=day_of(language),
        clocks=clocks_of(config.pack, language),
        areas=[area.name for area in config.pack.areas],
        jail=list(config.languages.values()),
    )


def clocks_of(pack: Pack, language: Language) -> Markup:
    """The pack's clocks in the page's language, for its script."""
    told = [
        {"id": one.id, "name": one.name[language.code], "hours": one.hours, "source": one.source[language.code]}
        for one in pack.clocks
    ]
    return embedded(told)


def day_of(language: Language) -> Callable[[int], str]:
    return lambda number: language.date(EPOCH + timedelta(days=number))
