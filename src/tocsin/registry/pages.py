"""The registry's pages, drawn for each question: search, one entity. Nothing is kept of who asked or what.

They need no script. What somebody typed comes back in the page (escaped), which no other page of the node does; ADR 8 says why.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from jinja2 import Environment
from sqlalchemy import Connection

from tocsin.registry import amounts, documents, facets, queries, search, sheet
from tocsin.registry.bulk import pieces
from tocsin.registry.citing import Cited, citations
from tocsin.registry.contest import PROMISED_DAYS, Kind, contest_of
from tocsin.registry.exact import exact
from tocsin.registry.model import Confidence, EntityUnknown, ValueKind
from tocsin.registry.queries import Entity
from tocsin.registry.schemata import INSTITUTIONS, REFERENCES, SCHEMATA
from tocsin.registry.search import Asked
from tocsin.registry.time_line import time_line
from tocsin.registry.worth import VALUE_EVENT
from tocsin.store.plain import ask
from tocsin.web import render
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 20
EXPECTED = {
    "Contract": ("supplier", "authority", "contractDate", "status"),
    "Deployment": ("supplier", "authority", "startDate", "status"),
    "CallForTenders": ("authority", "publicationDate"),
    "OversightDecision": ("authority", "date", "identifier"),
    "PolicyAdoption": ("authority", "date", "identifier"),
}
"""What a reader looks for first: what of it no claim says is listed as not known."""
EPOCH = date(1970, 1, 1)
Draw = Callable[[Connection], bytes]
"""A page, to be asked of a database."""
Sent = tuple[str, str, str]
"""Kind, words and link of a contest, as they were sent."""


@dataclass(frozen=True)
class Hit:
    """One result. `about`: buyers, vendors and years, in a line."""

    id: str
    schema: str
    caption: str
    about: str
    is_low: bool


@cache
def templates() -> Environment:
    """The pages' own templates over the shared ones."""
    return render.templates_over(TEMPLATES)


def search_page(
    config: PageConfig, language: Language, said: str, asked: Asked, begin: int
) -> Callable[[Connection], bytes]:
    """The page of a search, to be asked of a database."""

    def page(connection: Connection) -> bytes:
        counted = search.count(connection, search.matches(connection, asked))
        address = address_of(f"/{language.code}/registry", said, asked)
        narrowed = cache(lambda name: f"{address()}{'&' if said or asked.filters else '?'}{name}=")
        return draw(
            config,
            language,
            Page("registry", "registry", "registry.html", "registry.title"),
            said=said,
            asked=asked,
            chosen=asked.filters,
            without={name: address(**{name: ""}) for name in asked.filters},
            total=counted.total,
            is_more=counted.is_more,
            entities=queries.how_many(connection),
            hits=hits_of(connection, search.first(connection, asked, begin, SHOWN)),
            following=address(begin=str(begin + SHOWN)) if counted.total > begin + SHOWN else "",
            facets={
                name: [(value, many, f"{narrowed(name)}{quote_plus(value)}") for value, many in values]
                for name, values in counted.facets.items()
                if values and name not in asked.filters
            },
            shown=_shown(language),
            seen_on_map=address_of(f"/{language.code}/registry/map", said, asked)(),
            twin_json=address_of("/registry/search.json", said, asked)(),
            twin_places=address_of("/registry/search.geojson", said, asked)(),
            twin_csv=address_of("/registry/search.csv", said, asked)(),
        )

    return page


class _Captions(dict[str, str]):
    """What is called nothing stands under its id."""

    def __missing__(self, name: str) -> str:
        return name


def entity_page(config: PageConfig, language: Language, name: str, version: str = "") -> Callable[[Connection], bytes]:
    """The page of one entity, to be asked of a database; with `version`, as that permanent link saw it. Raises `EntityUnknown`."""

    def page(connection: Connection) -> bytes:
        found = version_of(connection, name, version)
        kept = sheet.of(connection, found)
        worth = amounts.worth_of(connection, found, known=kept.summed if kept else None)
        neighbours, namers = (kept.neighbours, kept.namers) if kept else queries.neighbours_of(connection, found)
        named_here = [value for one in found.properties if one.name in REFERENCES for value in found.values(one.name)]
        line = time_line(connection, found, neighbours)
        line = line if len(line) > 1 else []
        judged = queries.judged(connection, found)
        others = queries.not_same(found, judged)
        pairs = [name for one in judged for name in (one.left, one.right)]
        named = [*named_here, *others, *pairs, *(one.amount.contract for one in worth.newest)]
        captions = _Captions(queries.captions_of(connection, named))
        newest = queries.entity_of(connection, name) if version else found
        permanent = f"/{language.code}/registry/entity/{found.id}/at/{found.version}"
        version_day = found.version.day
        title = _title(connection, language, found)
        return draw(
            config,
            language,
            Page("registry", f"registry/entity/{found.id}", "entity.html", "registry.title"),
            found=found,
            caption=title,
            is_old=str(newest.version) != str(found.version),
            since=_since(newest, found),
            line=line,
            groups=_groups(one for one in neighbours if not (line and one.date)),
            searches=_searches(connection, language, found) if namers > len(neighbours) else [],
            money=worth.newest,
            low=Confidence.LOW,
            many_amounts=worth.many,
            totals=worth.totals,
            mixed=worth.mixed or "",
            named=namers,
            many_shown=len(neighbours),
            others=others,
            judged=judged,
            is_institution=found.schema in INSTITUTIONS,
            captions=captions,
            references=REFERENCES,
            kinds={name: language.say(f"registry.schema_{name}") for name in SCHEMATA},
            ties={name: language.say(f"registry.prop_{name}") for name in REFERENCES},
            worths={str(kind): language.say(f"registry.kind_{kind}") for kind in ValueKind},
            copies=_copies(connection, found),
            sheets=documents.pages_of(connection, found.members) if found.schema == "Document" else [],
            unknown=[one for one in EXPECTED.get(found.schema, ()) if not found.values(one)],
            permanent=permanent,
            version_day=version_day,
            citations=citations(_cited(config, found, title, permanent), language.say),
            origin=config.origin,
            day=lambda number: language.date(EPOCH + timedelta(days=number)),
            amount=lambda value: money_text(language, value),
            number=lambda said: number_text(language, said),
        )

    return page


def _copies(connection: Connection, found: Entity) -> dict[str, documents.Copy]:
    """Our own copies of what this page cites, but of the document that it is."""
    claims = (kept.said for one in found.properties for value in one.values for kept in value.claims)
    made = documents.copies_of(connection, {said.source.url for said in claims})
    return {url: one for url, one in made.items() if one.document not in found.members}


def _since(newest: Entity, found: Entity) -> list[queries.Kept]:
    """The claims that came after a version, in order: what changed since somebody cited it."""
    kept = (one for prop in newest.properties for value in prop.values for one in value.claims)
    return sorted((one for one in kept if one.number > found.version.statement), key=lambda one: one.number)


def _groups(neighbours: Iterable[queries.Neighbour]) -> list[tuple[str, list[queries.Neighbour]]]:
    """Who names an entity, by what it is: contracts, rulings, deployments, documents each under their own heading."""
    grouped: dict[str, list[queries.Neighbour]] = {}
    for one in neighbours:
        grouped.setdefault(one.schema, []).append(one)
    return sorted(grouped.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def _searches(connection: Connection, language: Language, found: Entity) -> list[tuple[str, str]]:
    """The roles in which somebody of this name can be searched, each with the address."""
    known = facets.codes_of(connection, [(role, found.caption) for role in ("vendor", "buyer")])
    return [(role, f"/{language.code}/registry?{role}={quote_plus(name)}") for role, name in sorted(known)]


def _cited(config: PageConfig, found: Entity, title: str, permanent: str) -> Cited:
    host = config.origin.partition("://")[2]
    return Cited(title, f"{config.origin}{permanent}", host, found.version.day, found.version.hash, found.id)


def _title(connection: Connection, language: Language, found: Entity) -> str:
    """What a page is headed by: an amount has no name, and is called as how much of what for what."""
    if found.schema != VALUE_EVENT:
        return found.caption
    told = queries.called(connection, [found.id]).get(found.id, found.id)
    worth = {prop.name: prop.values for prop in found.properties if prop.name in ("amount", "currency", "kind")}
    is_plain = len(worth) == len([value for values in worth.values() for value in values]) == 3
    if not is_plain or any(value.mark or value.is_unconfirmed for values in worth.values() for value in values):
        return told  # what is doubted is told with its doubt, below
    amount, currency, kind = (worth[name][0].value for name in ("amount", "currency", "kind"))
    if kind not in set(ValueKind):
        return told
    return f"{number_text(language, amount)} {currency} ({language.say(f'registry.kind_{kind}')}): {told}"


def contest_page(
    config: PageConfig, language: Language, number: int, sent: Sent = ("", "", ""), problem: str = ""
) -> Draw:
    """The form that contests one claim. Raises `EntityUnknown`."""

    def page(connection: Connection) -> bytes:
        claim = queries.claim_of(connection, number)
        captions = queries.called(connection, [claim.entity, claim.value])
        return draw(
            config,
            language,
            Page("registry", f"registry/contest/{number}", "contest.html", "registry.title"),
            claim=claim,
            number=number,
            caption=captions.get(claim.entity, claim.entity),
            shown=captions.get(claim.value, claim.value),
            kinds=[str(kind) for kind in Kind],
            days=PROMISED_DAYS,
            sent=sent,
            problem=problem,
        )

    return page


def contested_page(config: PageConfig, language: Language, reference: str) -> Draw:
    """What became of a contest. Raises `ContestUnknown`."""

    def page(connection: Connection) -> bytes:
        one = contest_of(connection, reference)
        captions = queries.called(connection, [one.entity, one.value])
        return draw(
            config,
            language,
            Page("registry", f"registry/contested/{reference}", "contested.html", "registry.title"),
            one=one,
            caption=captions.get(one.entity, one.entity),
            shown=captions.get(one.value, one.value),
            origin=config.origin,
            day=lambda at: language.date(EPOCH + timedelta(days=at)),
        )

    return page


def version_of(connection: Connection, name: str, version: str) -> Entity:
    """The entity as a permanent link saw it. Raises `EntityUnknown` for a link whose hash is not that of the claims it names."""
    if not version:
        return queries.entity_of(connection, name)
    at, judged, _ = version.split("-")
    found = queries.entity_of(connection, name, (int(at), int(judged)))
    if str(found.version) != version:
        raise EntityUnknown
    return found


def hits_of(connection: Connection, numbers: Sequence[int]) -> list[Hit]:
    """These results, in this order."""
    asked = (row for some in pieces(numbers) for row in ask(connection, _HITS, str(Confidence.LOW), list(some)))
    rows = {number: told for number, *told in asked}
    told = facets.choices_of(connection, numbers)
    return [
        Hit(canonical, schema, caption, _about(told.get(number, ())), bool(is_low))
        for number, (canonical, schema, caption, is_low) in ((number, rows[number]) for number in numbers)
    ]


_HITS = (
    "SELECT e.number, e.canonical, e.schema, e.caption, NOT EXISTS (SELECT 1 FROM registry_statement s "
    "WHERE s.entity = e.entity AND s.confidence <> ?) FROM registry_entity e WHERE e.number IN ?"
)
"""The last: whether nothing is known of it but by claims of low confidence."""


def _about(choices: Iterable[tuple[str, str]]) -> str:
    return ", ".join(value for name, value in choices if name in facets.TOLD)


def money_text(language: Language, value: Decimal) -> str:
    """An amount as the language writes it, to the last digit that is known."""
    group, point = language.signs
    plain = f"{value:,f}"
    is_dime = plain[-2:-1] == "."  # ninety cents are written .90 in every language
    return (plain + "0" if is_dime else plain).translate({ord(","): group, ord("."): point})


def number_text(language: Language, said: str) -> str:
    """A claim's amount as the language writes it; one that is no number as it was said."""
    try:
        return money_text(language, exact(said))
    except InvalidOperation:
        return said


def _shown(language: Language) -> Callable[[str, str], str]:
    return lambda name, value: language.say(f"registry.kind_{value}") if name == "kind" else value


def address_of(path: str, said: str, asked: Asked) -> Callable[..., str]:
    """A link to the same search with something changed."""
    kept = {name: quote_plus(value) for name, value in {"q": said, **asked.filters}.items()}

    def address(**changed: str) -> str:
        parts = kept | {name: quote_plus(value) for name, value in changed.items()}
        line = "&".join(f"{name}={value}" for name, value in parts.items() if value)
        return f"{path}?{line}" if line else path

    return address


def draw(config: PageConfig, language: Language, page: Page, **more: Any) -> bytes:
    """A page of the room, under the shared frame."""
    return render.draw(templates(), config, language, page, **more)
