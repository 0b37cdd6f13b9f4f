"""The room's pages: four that are the same for everybody, and one for stewards."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment

from tocsin.passport.counts import Counted
from tocsin.passport.model import ACTING
from tocsin.passport.training import ANSWERS, CARDS
from tocsin.web import render
from tocsin.web.i18n import Language
from tocsin.web.render import KeptPage, Page, PageConfig

HTML = "text/html; charset=utf-8"
TEMPLATES = Path(__file__).parent / "templates"
SECRET = ("staff.strength_", "staff.no_strength")
"""Sentences about passphrases are staff's."""

HOLD = Page("passport", "passport", "passport.html", "passport.title", ("passport.",))
JOIN = Page(
    "passport_join", "passport/join", "passport_join.html", "passport.join", ("passport.", "words.again", *SECRET)
)
LOST = Page("passport_lost", "passport/lost", "passport_lost.html", "passport.lost", ("passport.", *SECRET))
TRAIN = Page("passport_train", "passport/train", "passport_train.html", "train.title")
STEWARDS = Page("passport_stewards", "staff/passport", "passport_stewards.html", "passport.stewards")
FIXED = (HOLD, JOIN, LOST)


@cache
def templates() -> Environment:
    """The room's own templates over the shared ones."""
    return render.templates_over(TEMPLATES)


def fixed(config: PageConfig, language: Language, page: Page) -> bytes:
    """A page that is the same for everybody."""
    return render.draw(templates(), config, language, page, cards=[*CARDS], answers=ANSWERS)


def kept(config: PageConfig) -> KeptPage:
    """The page that opens a passport, which every phone keeps: what is left can be seen, and a token taken, without network."""
    drawn = [fixed(config, language, HOLD) for language in config.languages.values()]
    return KeptPage(HOLD.path, HOLD.name, "passport.css", sha256(b"".join(drawn)).hexdigest())


def train(config: PageConfig, language: Language, given: dict[str, int] | None = None) -> bytes:
    """The cards; with `given`, the answers that were chosen, what is right of them."""
    right = {name: (given or {}).get(name) == number for name, number in CARDS.items()}
    more = {"cards": [*CARDS], "answers": ANSWERS, "given": given, "right": right, "all_right": all(right.values())}
    return render.draw(templates(), config, language, TRAIN, **more)


def stewards(
    config: PageConfig,
    language: Language,
    counted: Sequence[Counted],
    *,
    is_founding: bool,
    made: Sequence[str] = (),
    kind: str = "",
    said: str = "",
) -> bytes:
    """Counts and forms; with `made`, codes that are shown this once; with `said`, what came of the last form."""
    more = {"counted": counted, "roles": ACTING, "founding": is_founding, "made": made, "kind": kind, "said": said}
    return render.draw(templates(), config, language, STEWARDS, **more)
