"""The page of a town: what is planned, what runs, who sold and who paid, who decided, and what is not known. To be printed.

A town is what its acts call it: everything in whose text its name stands. Each line leads to the act's own page and to its source.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tocsin.registry import amounts, queries, search
from tocsin.registry.bulk import found_by
from tocsin.registry.days import iso
from tocsin.registry.model import ValueKind, folded
from tocsin.registry.pages import EXPECTED, Draw, draw, money_text
from tocsin.registry.queries import Entity
from tocsin.registry.schemata import INSTITUTIONS
from tocsin.registry.search import Asked
from tocsin.registry.tables import entity
from tocsin.registry.value_sums import Refused, Total
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig

MOST = 100
"""Acts on one page; how many there are in all is said."""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "planned": ("CallForTenders",),
    "runs": ("Deployment",),
    "bought": ("Contract", "Spending"),
    "decided": ("OversightDecision", "PolicyAdoption", "CourtCase"),
    "documents": ("Document",),
}


@dataclass(frozen=True)
class Line:
    """One act of a town, as its page tells it in a line."""

    act: Entity
    buyers: tuple[str, ...]
    sellers: tuple[str, ...]
    money: tuple[str, ...]
    source: str
    unknown: tuple[str, ...]

    @property
    def host(self) -> str:
        """Whose page the source is, for paper, where a link leads nowhere."""
        return self.source.partition("://")[2].partition("/")[0]


def place_page(config: PageConfig, language: Language, place: str) -> Draw:
    """The page of a town, by its name."""

    def page(connection: Connection) -> bytes:
        asked = Asked(phrases=(folded(place),)) if folded(place) else Asked()
        counted = search.count(connection, search.matches(connection, asked)) if asked.phrases else None
        numbers = search.first(connection, asked, 0, MOST) if counted else []
        names = dict(found_by(connection, entity.c.number, numbers, entity.c.canonical))
        acts = [queries.entity_of(connection, name) for name in dict.fromkeys(names[one] for one in numbers)]
        lines = _lines(connection, language, [act for act in acts if act.schema not in INSTITUTIONS])
        groups = {group: [line for line in lines if line.act.schema in schemata] for group, schemata in GROUPS.items()}
        return draw(
            config,
            language,
            Page("registry", "registry/place", "place.html", "registry.title"),
            place=place,
            who=[act for act in acts if act.schema in INSTITUTIONS],
            groups=groups,
            total=counted.total if counted else 0,
            shown=len(acts),
            unknown=[line for line in lines if line.unknown],
            ends=_ends(lines, iso(queries.newest_day(connection))),
        )

    return page


def _ends(lines: Sequence[Line], today: str) -> list[tuple[str, Line]]:
    """Acts that run out after this day, the next first: where somebody has to decide again."""
    dated = [
        (value, line) for line in lines for value in line.act.values("endDate")[-1:] if value >= today[: len(value)]
    ]
    return sorted(dated, key=lambda pair: pair[0])


def _lines(connection: Connection, language: Language, acts: Sequence[Entity]) -> list[Line]:
    named = {value for act in acts for prop in ("authority", "supplier", "reseller") for value in act.values(prop)}
    captions = queries.captions_of(connection, named)

    def called(act: Entity, *props: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(captions.get(value, value) for prop in props for value in act.values(prop)))

    return [
        Line(
            act,
            called(act, "authority"),
            called(act, "supplier", "reseller"),
            _money(connection, language, act),
            next(
                (kept.said.source.url for prop in act.properties for value in prop.values for kept in value.claims), ""
            ),
            tuple(name for name in EXPECTED.get(act.schema, ()) if not act.values(name)),
        )
        for act in acts
    ]


def _money(connection: Connection, language: Language, act: Entity) -> tuple[str, ...]:
    """What an act is worth by kinds, each a sum that holds or the word that none is said."""
    own = [one for one in amounts.money_of(connection, act) if one.amount.contract in act.members]
    told: dict[tuple[ValueKind, str], Total | Refused] = defaultdict(lambda: Refused.NOTHING)
    told |= {(kind, currency): total for kind, currency, total in amounts.totals_of(connection, own)}
    return tuple(
        f"{language.say(f'registry.kind_{kind}')}: {money_text(language, total.amount)} {currency}"
        if isinstance(total, Total)
        else f"{language.say(f'registry.kind_{kind}')}: {language.say('registry.no_sum')}"
        for (kind, currency), total in sorted(told.items())
    )
