"""Who may be the same as one institution, with reasons. On a page of its own: comparing with everybody costs more than all of the
institution's own page, and one reader in many asks it.
"""

from sqlalchemy import Connection

from tocsin.registry import queries
from tocsin.registry.match import Candidate, candidates_for
from tocsin.registry.model import EntityUnknown
from tocsin.registry.pages import Draw, draw
from tocsin.registry.queries import Entity
from tocsin.registry.schemata import INSTITUTIONS
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig


def same_page(config: PageConfig, language: Language, name: str) -> Draw:
    """Who may be the same as this institution and is not judged yet. Raises `EntityUnknown`, also for what is no institution."""

    def page(connection: Connection) -> bytes:
        found = queries.entity_of(connection, name)
        if found.schema not in INSTITUTIONS:
            raise EntityUnknown
        return draw(
            config,
            language,
            Page("registry", f"registry/entity/{found.id}/same", "same.html", "registry.title"),
            found=found,
            candidates=_unjudged(connection, found),
        )

    return page


def _unjudged(connection: Connection, found: Entity) -> list[Candidate]:
    """The likeliest first."""
    known = candidates_for(connection, found.id)
    return [one for one in known if one.id not in found.members and one.verdict is None]
