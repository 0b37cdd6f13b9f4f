"""Full text of the registry: words of each entity, folded the same way on both databases, in the database's own index.

The index is worked out from statements and facets and can be made anew from them (`rebuild`); it is no part of the schema and of no
backup. Two engines, one shape: `index`, `clear`, `matches`. SQLite: FTS5 without a copy of the text. PostgreSQL: tsvector of the
dictionary `simple` under GIN, because extensions may be missing.

A search is: every word, and every phrase between quotation marks in that order. Nothing is stemmed: what was found is what was
asked.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Integer, String, TextClause, bindparam, column, func, inspect, select, text
from sqlalchemy.sql import Select

from tocsin.registry.model import folded
from tocsin.registry.schemata import REFERENCES, SCHEMATA
from tocsin.registry.tables import entity, facet, statement

INDEX = "registry_words"
FACETS = ("technology", "buyer", "vendor", "place", "year", "kind")
COUNTED = 10_000
"""Results that are counted at most: above it the page says «more than»."""
MOST_WORDS = 12
SPOKEN = frozenset({"technology", "buyer", "vendor"})
SILENT = REFERENCES | {"sourceUrl", "amount", "currency", "step"}

_SQLITE = f"CREATE VIRTUAL TABLE {INDEX} USING fts5(words, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2')"
_POSTGRES = (
    f"CREATE TABLE {INDEX} (number BIGINT PRIMARY KEY, words tsvector NOT NULL)",
    f"CREATE INDEX {INDEX}_words ON {INDEX} USING GIN (words)",
)


@dataclass(frozen=True)
class Asked:
    """What somebody looks for. Empty words match everything that the filters let through."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.phrases or self.filters)


def asked_of(said: str, filters: Mapping[str, str]) -> Asked:
    """Read a line somebody typed. A quotation mark without its second is left out."""
    phrases = tuple(filter(None, (folded(one) for one in re.findall(r'["“”«»]([^"“”«»]+)["“”«»]', said))))
    rest = re.sub(r'["“”«»][^"“”«»]+["“”«»]', " ", said)
    words = tuple(folded(rest).split())[:MOST_WORDS]
    return Asked(
        words, phrases[:MOST_WORDS], {name: value for name, value in filters.items() if name in FACETS and value}
    )


def prepare(connection: Connection) -> bool:
    """Make the index where there is none; whether it had to be made."""
    if inspect(connection).has_table(INDEX):
        return False
    for line in [_SQLITE] if _is_sqlite(connection) else _POSTGRES:
        connection.exec_driver_sql(line)
    return True


def rebuild(connection: Connection) -> int:
    """Index everything anew; how many entities."""
    searched = [name for name, schema in SCHEMATA.items() if schema.is_searched]
    numbers = list(connection.execute(select(entity.c.number).where(entity.c.schema.in_(searched))).scalars())
    for begin in range(0, len(numbers), 1000):
        index(connection, numbers[begin : begin + 1000])
    return len(numbers)


def index(connection: Connection, numbers: Iterable[int]) -> None:
    """Bring the words of these entities up to date."""
    wanted = sorted(numbers)
    if not wanted:
        return
    rows = [{"number": number, "words": words} for number, words in _words_of(connection, wanted).items()]
    if _is_sqlite(connection):
        connection.execute(text(f"DELETE FROM {INDEX} WHERE rowid = :number"), [{"number": one} for one in wanted])  # noqa: S608  a constant
        connection.execute(text(f"INSERT INTO {INDEX}(rowid, words) VALUES (:number, :words)"), rows)  # noqa: S608  a constant
    else:
        line = (
            f"INSERT INTO {INDEX}(number, words) VALUES (:number, to_tsvector('simple', :words)) "  # noqa: S608  a constant
            "ON CONFLICT (number) DO UPDATE SET words = EXCLUDED.words"
        )
        connection.execute(text(line), rows)


def _words_of(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    parts: dict[int, list[str]] = defaultdict(list)
    for begin in range(0, len(numbers), 500):
        some = numbers[begin : begin + 500]
        joined = statement.join(entity, statement.c.entity == entity.c.entity)
        question = (
            select(entity.c.number, statement.c.value, statement.c.property)
            .select_from(joined)
            .where(entity.c.number.in_(some))
        )
        for number, value, name in connection.execute(question):
            if name not in SILENT:
                parts[number].append(folded(value))
        spoken = select(facet.c.number, facet.c.value).where(
            facet.c.number.in_(some), facet.c.facet.in_(sorted(SPOKEN))
        )
        for number, value in connection.execute(spoken):
            parts[number].append(folded(value))
    # A line that is no word stands between two values, so that no phrase runs over their edge.
    return {number: " 0x0 ".join(dict.fromkeys(said)) for number, said in parts.items()}


def matches(connection: Connection, asked: Asked) -> Select[tuple[int]]:
    """A question whose rows are the numbers of the entities that match, in the order in which they came; not yet asked."""
    # SQLAlchemy keeps compiled questions, and with each the values it was first asked with.
    connection.execution_options(compiled_cache=None)
    question = select(entity.c.number)
    if asked.words or asked.phrases:
        inner = _sqlite_words(asked) if _is_sqlite(connection) else _postgres_words(asked)
        question = question.where(
            entity.c.number.in_(select(inner.columns(column("number", Integer)).subquery().c.number))
        )
    else:
        searched = [name for name, schema in SCHEMATA.items() if schema.is_searched]
        question = question.where(entity.c.schema.in_(searched))
    for name, value in asked.filters.items():
        chosen = select(facet.c.number).where(facet.c.facet == name, facet.c.value == value)
        question = question.where(entity.c.number.in_(chosen))
    return question


def count_by_facet(connection: Connection, found: Select[tuple[int]]) -> dict[str, list[tuple[str, int]]]:
    """How many of what was found have which value of which facet, most first."""
    some = found.limit(COUNTED).subquery()
    question = (
        select(facet.c.facet, facet.c.value, func.count())
        .join(some, some.c.number == facet.c.number)
        .group_by(facet.c.facet, facet.c.value)
    )
    counted: dict[str, list[tuple[str, int]]] = {name: [] for name in FACETS}
    for name, value, many in connection.execute(question):
        counted.setdefault(name, []).append((value, int(many)))
    by_year = sorted(counted["year"], reverse=True)
    return {name: sorted(values, key=lambda one: (-one[1], one[0])) for name, values in counted.items()} | {
        "year": by_year
    }


def _sqlite_words(asked: Asked) -> TextClause:
    terms = [*(f'"{word}"' for word in asked.words), *(f'"{phrase}"' for phrase in asked.phrases)]
    line = text(f"SELECT rowid AS number FROM {INDEX} WHERE {INDEX} MATCH :line")  # noqa: S608  a constant
    return line.bindparams(bindparam("line", " AND ".join(terms), String))


def _postgres_words(asked: Asked) -> TextClause:
    terms = [*asked.words, *asked.phrases]
    made = " && ".join(f"phraseto_tsquery('simple', :term{at})" for at in range(len(terms)))
    line = text(f"SELECT number FROM {INDEX} WHERE words @@ ({made})")  # noqa: S608  names made of numbers
    return line.bindparams(*(bindparam(f"term{at}", term, String) for at, term in enumerate(terms)))


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
