"""`tocsin disclose --describe`: what a node holds and never holds, for whoever has to answer a subpoena with counsel (rule 25).

The text is made of the classes in `held` and of the pack's own page, and of nothing else: no table, no recording, no file below
the node's folder is opened, and nobody can be named in the asking. So it is the same, byte for byte, whoever is asked about.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from tocsin.errors import TocsinError
from tocsin.held import HELD, NEVER
from tocsin.jurisdictions import load
from tocsin.jurisdictions.model import Pack
from tocsin.settings import settings_of
from tocsin.web import i18n
from tocsin.web.i18n import Language


class NothingAnswered(TocsinError):
    code = "nothing_answered"
    message = (
        "This program answers no subpoena, warrant or letter. `tocsin disclose --describe` says what is held and never held; "
        "answer with counsel."
    )


@click.command()
@click.option("--describe", "is_wanted", is_flag=True, help="Print the classes held and never held.")
@click.option("--language", type=click.Choice(list(i18n.NAMES)), default=i18n.REFERENCE, help="In which language.")
@click.pass_obj
def disclose(path: Path | None, language: str, *, is_wanted: bool) -> None:
    """Say what a node holds and never holds, the same for everybody. Reads no recording and answers nothing."""
    if not is_wanted:
        raise NothingAnswered
    pack = load.load(settings_of(path).pack)
    click.echo("\n".join(description(pack, i18n.load()[language])))


def description(pack: Pack, language: Language) -> Iterator[str]:
    """The lines, of the classes and the pack alone."""
    say = language.say
    yield from (say("disclose.title"), "", say("disclose.same"), "", say("disclose.held"))
    yield from (f"- {say(key)}" for key in HELD)
    yield from ("", say("disclose.never"))
    yield from (f"- {say(key)}" for key in NEVER)
    yield from ("", say("disclose.law"), *_law(pack, language))
    yield from ("", say("disclose.end"))


def _law(pack: Pack, language: Language) -> Iterator[str]:
    """The pack's page on such papers, in the language or else the pack's first, and who read it."""
    page = pack.subpoena_page.get(language.code) or next(iter(pack.subpoena_page.values()), None)
    if page is None:
        yield language.say("disclose.law_none")
        return
    yield page.title
    yield from page.paragraphs
    review = pack.review
    read = language.say("disclose.law_reviewed", role=review.role, date=review.date)
    yield read if review.is_done else language.say("disclose.law_unread")
