"""By what an act can be filtered, worked out from its statements alone: for sources that tell claims and nothing else.

A buyer or vendor is filtered by what it is called, so an act that came before its buyer is looked at when both are there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, select

from tocsin.registry import facets, search
from tocsin.registry.bulk import found_by, pieces
from tocsin.registry.schemata import INSTITUTIONS, SCHEMATA
from tocsin.registry.tables import edge, entity, statement

NAMED = {
    "technology": "technology",
    "authority": "buyer",
    "supplier": "vendor",
    "reseller": "vendor",
    "vendor": "vendor",
}
"""Properties whose value is an entity, and the filter that has its name."""
DATED = ("contractDate", "publicationDate", "startDate", "date")
EVENT_OF = ("contract", "about")


def refresh(connection: Connection, entities: Iterable[str]) -> int:
    """Give these entities, and those whose values they are, the filters that their statements make; how many were looked at."""
    acts = sorted(_acts(connection, list(entities)))
    for some in pieces(acts):
        wanted = _choices(connection, some)
        numbers = dict(found_by(connection, entity.c.entity, some, entity.c.number))
        codes = facets.codes_of(connection, {one for choices in wanted.values() for one in choices}, is_new=True)
        facets.add(connection, {numbers[name]: [codes[one] for one in choices] for name, choices in wanted.items()})
        search.index(connection, dict.fromkeys((numbers[name] for name in some), False))
    return len(acts)


def changed_since(connection: Connection, number: int, most: int) -> tuple[list[str], int]:
    """The entities of the next `most` statements after `number`, and the last of those numbers; nothing when there are no more."""
    question = select(statement.c.number, statement.c.entity).where(statement.c.number > number)
    rows = connection.execute(question.order_by(statement.c.number).limit(most)).all()
    return sorted({row.entity for row in rows}), rows[-1].number if rows else number


def _acts(connection: Connection, names: Sequence[str]) -> Iterator[str]:
    """Of these entities, and of what these values are values of, those that are searched and act for nobody."""
    of_events = found_by(connection, statement.c.entity, names, statement.c.value, statement.c.property.in_(EVENT_OF))
    wanted = {*names, *(target for _, target in of_events)}
    schemata = found_by(connection, entity.c.entity, sorted(wanted), entity.c.schema)
    return (name for name, schema in schemata if SCHEMATA[schema].is_searched and schema not in INSTITUTIONS)


def _choices(connection: Connection, acts: Sequence[str]) -> dict[str, set[facets.Choice]]:
    said = select(statement.c.entity, statement.c.property, statement.c.value, statement.c.original)
    made: dict[str, set[facets.Choice]] = defaultdict(set)
    named: list[tuple[str, str, str]] = []
    for act, prop, value, original in connection.execute(said.where(statement.c.entity.in_(acts))):
        if prop in NAMED:
            named.append((act, NAMED[prop], value))
        elif prop in DATED and value[:4].isdigit():
            made[act].add(("year", value[:4]))
        elif prop in ("country", "jurisdiction"):
            made[act].add(("place", original or value.upper()))
        elif prop == "location":
            made[act].add(("place", value))
    captions = dict(found_by(connection, entity.c.entity, {one[2] for one in named}, entity.c.caption))
    for act, facet, target in named:
        if target in captions:
            made[act].add((facet, captions[target]))
    for act, kind in _kinds(connection, acts):
        made[act].add(("kind", kind))
    return made


def _kinds(connection: Connection, acts: Sequence[str]) -> Iterator[tuple[str, str]]:
    question = (
        select(edge.c.target, statement.c.value)
        .join(statement, statement.c.entity == edge.c.entity)
        .where(edge.c.target.in_(acts), edge.c.property.in_(EVENT_OF), statement.c.property == "kind")
    )
    return ((row.target, row.value) for row in connection.execute(question))
