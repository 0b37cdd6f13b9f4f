"""The page that says who got how much of an institution, and who paid it."""

from sqlalchemy import Connection

from tocsin.registry import amounts, queries, shares
from tocsin.registry.model import EntityUnknown
from tocsin.registry.pages import Draw, draw, money_text
from tocsin.registry.schemata import INSTITUTIONS
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig

SHOWN = 50


def shares_page(config: PageConfig, language: Language, name: str, begin: int = 0) -> Draw:
    """Amounts by who is on the other side, the largest first. Raises `EntityUnknown`, also for what is no institution."""

    def page(connection: Connection) -> bytes:
        found = queries.entity_of(connection, name)
        if found.schema not in INSTITUTIONS:
            raise EntityUnknown
        many = amounts.how_many(connection, found)
        sides = shares.shares_of(connection, found) if many <= shares.MOST else {}
        shown = {side: one.shares[begin : begin + SHOWN] for side, one in sides.items()}
        captions = queries.captions_of(
            connection, [who for some in shown.values() for share in some for who in share.who]
        )
        return draw(
            config,
            language,
            Page("registry", f"registry/entity/{found.id}/shares", "shares.html", "registry.title"),
            found=found,
            many=many,
            is_much=many > shares.MOST,
            sides=sides,
            shown=shown,
            following=begin + SHOWN if any(len(one.shares) > begin + SHOWN for one in sides.values()) else 0,
            begin=begin,
            captions=captions,
            amount=lambda value: money_text(language, value),
        )

    return page
