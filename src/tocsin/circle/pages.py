"""The room's three pages, the same for everybody, and the sentences that the recording page loads when there is a circle."""

from functools import cache
from pathlib import Path

import msgspec
from jinja2 import Environment

from tocsin.web import render
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig, embedded

HTML = "text/html; charset=utf-8"
TEMPLATES = Path(__file__).parent / "templates"
MINE = Page("circle", "circle", "circle.html", "circle.title", ("circle.",))
JOIN = Page("circle_join", "circle/join", "circle_join.html", "circle.join_title", ("circle.",))
WORDS = Page("circle_words", "circle/words", "circle_words.html", "circle.words_title", ("circle.",))
FIXED = (MINE, JOIN, WORDS)


@cache
def templates() -> Environment:
    """The room's own templates over the shared ones."""
    return render.templates_over(TEMPLATES)


def fixed(config: PageConfig, language: Language, page: Page, key: str) -> bytes:
    """A page. `key` is public: what push services know this node by."""
    told = embedded({"key": key, "page": f"/{language.code}/{JOIN.path}"})
    return render.draw(templates(), config, language, page, told=told)


def sentences(config: PageConfig) -> dict[str, bytes]:
    """By language, what the recording page says of a circle."""
    return {code: msgspec.json.encode(one.strings(("circle.tap_",))) for code, one in config.languages.items()}
