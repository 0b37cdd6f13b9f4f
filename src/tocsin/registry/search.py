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
from typing import Any

from sqlalchemy import Connection, inspect, select

from tocsin.registry import facets
from tocsin.registry.bulk import pieces
from tocsin.registry.facets import FACETS
from tocsin.registry.model import folded
from tocsin.registry.names import keys_of
from tocsin.registry.schemata import INSTITUTIONS, REFERENCES, SCHEMATA
from tocsin.registry.tables import entity, statement
from tocsin.store.plain import ask

INDEX = "registry_words"
COUNTED = 2_500
"""Results that are counted at most: above it the page says «more than», and that its filters count the first of them."""
MOST_WORDS = 12
DATED = frozenset({"year", "kind"})
"""Filters that no institution has."""
WHERE = "_where"
"""The word of the index that acts with a place of their own have."""
WHO = "_who"
"""The word of the index that institutions have."""
SPOKEN = frozenset({"technology", "buyer", "vendor"})
Said = Sequence[tuple[str, str]]
"""Properties and values of one entity."""
SILENT = REFERENCES | {"sourceUrl", "amount", "currency", "step"}

_SQLITE = (
    f"CREATE VIRTUAL TABLE {INDEX} USING fts5(words, content='', contentless_delete=1, "
    "tokenize=\"unicode61 remove_diacritics 2 tokenchars '_'\")"
)
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
    last, done = 0, 0
    while True:
        question = select(entity.c.number, entity.c.schema).where(entity.c.number > last, entity.c.schema.in_(searched))
        rows = connection.execute(question.order_by(entity.c.number).limit(1000)).all()
        if not rows:
            return done
        last, done = rows[-1].number, done + len(rows)
        wanted = {row.number: row.schema in INSTITUTIONS for row in rows}
        index(connection, wanted, _said_of(connection, list(wanted)))


def index(connection: Connection, wanted: Mapping[int, bool], fresh: Mapping[int, Said] | None = None) -> None:
    """Bring the words of these entities up to date; each with whether it is an institution.

    `fresh`: those that were never indexed, with everything that is said of them.
    """
    if not wanted:
        return
    fresh = fresh or {}
    said = {**fresh, **_said_of(connection, sorted(wanted.keys() - fresh.keys()))}
    words, named, placed = _words_of(connection, {number: said.get(number, ()) for number in sorted(wanted)})
    cells = facets.cells_of(connection, wanted)
    marks = {
        number: [
            *_marks(cells.get(number, ()), named[number] if is_who else (), is_who=is_who),
            *([WHERE] if number in placed else ()),
        ]
        for number, is_who in wanted.items()
    }
    if _is_sqlite(connection):
        old = [(number,) for number in wanted if number not in fresh]
        if old:
            connection.exec_driver_sql(f"DELETE FROM {INDEX} WHERE rowid = ?", old)  # noqa: S608  a constant
        rows = [(number, " ".join((words.get(number, ""), *marks[number]))) for number in sorted(wanted)]
        connection.exec_driver_sql(f"INSERT INTO {INDEX}(rowid, words) VALUES (?, ?)", rows)  # noqa: S608  a constant
        return
    line = (
        f"INSERT INTO {INDEX}(number, words) VALUES (%s, to_tsvector('simple', %s) || array_to_tsvector(%s)) "  # noqa: S608  a constant
        "ON CONFLICT (number) DO UPDATE SET words = EXCLUDED.words"
    )
    connection.exec_driver_sql(line, [(number, words.get(number, ""), marks[number]) for number in sorted(wanted)])


def line_of(words: str, codes: Iterable[int], names: Iterable[str] = ()) -> str:
    """What SQLite's index is told of an entity; of an institution with its names."""
    called = list(names)
    return " ".join((words, *_marks(codes, called, is_who=bool(called))))


def _marks(codes: Iterable[int], names: Iterable[str], *, is_who: bool) -> list[str]:
    """Words that nobody types: institution or not, what it can be filtered by, keys of its names (`names.keys_of`)."""
    keys = dict.fromkeys(key for name in names for key in keys_of(name))
    return [*([WHO] if is_who else []), *(_mark(code) for code in codes), *keys]


def institutions_with(connection: Connection, wanted: Sequence[Sequence[str]], most: int) -> list[int]:
    """Numbers of institutions that have all terms of one of these, words or keys of a name, `most` at most of each."""
    told = [
        _worded(connection, [one for one in terms if one[0] != "_"], [one for one in terms if one[0] == "_"], who=True)
        for terms in wanted
    ]
    lines = (f"SELECT number FROM ({one.line} ORDER BY number LIMIT ?) AS block{at}" for at, one in enumerate(told))  # noqa: S608
    values = [value for one in told for value in (*one.values, most)]
    return sorted(row[0] for row in ask(connection, " UNION ".join(lines), *values)) if told else []


def _said_of(connection: Connection, numbers: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """The properties and values of entities, by their numbers."""
    said: dict[int, list[tuple[str, str]]] = {number: [] for number in numbers}
    for some in pieces(numbers):
        joined = statement.join(entity, statement.c.entity == entity.c.entity)
        question = (
            select(entity.c.number, statement.c.value, statement.c.property)
            .select_from(joined)
            .where(entity.c.number.in_(some))
        )
        for number, value, name in connection.execute(question):
            said[number].append((name, value))
    return said


def _words_of(
    connection: Connection, told: Mapping[int, Said]
) -> tuple[dict[int, str], dict[int, list[str]], set[int]]:
    """The words of entities, what they are called, and which say where they are."""
    parts: dict[int, list[str]] = defaultdict(list)
    named: dict[int, list[str]] = defaultdict(list)
    placed: set[int] = set()
    for number, said in told.items():
        for name, value in said:
            if name not in SILENT:
                parts[number].append(folded(value))
            if name in ("name", "alias"):
                named[number].append(value)
            if name == "latitude":
                placed.add(number)
    for number, choices in facets.choices_of(connection, told).items():
        parts[number] += [folded(value) for name, value in choices if name in SPOKEN]
    # A line that is no word stands between two values, so that no phrase runs over their edge.
    return {number: " 0x0 ".join(dict.fromkeys(said)) for number, said in parts.items()}, named, placed


@dataclass(frozen=True)
class Question:
    """A question whose rows are the numbers of the entities that match; not yet asked."""

    line: str
    values: Sequence[Any] = ()


def matches(connection: Connection, asked: Asked, who: bool | None = None, marked: Sequence[str] = ()) -> Question:
    """What matches. `who`: only institutions, or only the rest. `marked`: words of ours that the index has of them, like `WHERE`."""
    # SQLAlchemy keeps compiled questions, and with each the values it was first asked with.
    connection.execution_options(compiled_cache=None)
    codes = facets.codes_of(connection, asked.filters.items())
    if len(codes) < len(asked.filters):
        return Question("SELECT number FROM registry_entity WHERE 1 = 0")
    marks = [*marked, *(_mark(code) for code in codes.values())]
    if not (asked.words or asked.phrases or marks):
        searched = [name for name, schema in SCHEMATA.items() if schema.is_searched]
        if who is not None:
            searched = [name for name in searched if (name in INSTITUTIONS) is who]
        return Question("SELECT number FROM registry_entity WHERE schema IN ?", [searched])
    return _worded(connection, [*asked.words, *asked.phrases], marks, who)


def is_said(connection: Connection, phrase: str) -> bool:
    """Whether this phrase is said of some institution."""
    found = _worded(connection, [phrase], [], who=True)
    return bool(ask(connection, f"{found.line} LIMIT 1", *found.values))


@dataclass(frozen=True)
class Counted:
    """How much was found: at most `COUNTED`, and whether there is more; for each facet its most frequent values."""

    total: int
    is_more: bool
    facets: Mapping[str, list[tuple[str, int]]]


def count(connection: Connection, found: Question) -> Counted:
    """Count what was found, the first `COUNTED` of it, and what of it can be filtered by."""
    line = (
        f"SELECT count(*), {_strung(connection)} FROM ({found.line} LIMIT ?) AS hits "  # noqa: S608  lines of our own
        "LEFT JOIN registry_chosen c ON c.number = hits.number"
    )
    [(many, cells)] = ask(connection, line, *found.values, COUNTED)
    is_more = many == COUNTED and bool(ask(connection, f"{found.line} LIMIT 1 OFFSET ?", *found.values, COUNTED))
    return Counted(int(many), is_more, facets.counted(connection, bytes(cells or b"")))


def _strung(connection: Connection) -> str:
    """All cells, one after the other: two thousand rows of a few bytes each are slower to make than to count."""
    return "CAST(group_concat(c.choices, '') AS BLOB)" if _is_sqlite(connection) else "string_agg(c.choices, ''::bytea)"


def first(connection: Connection, asked: Asked, begin: int, most: int) -> list[int]:
    """The numbers of some results: institutions, then what they did, each in the order in which they came."""
    if DATED & asked.filters.keys():
        return _numbers(connection, matches(connection, asked), begin, most)
    who = _numbers(connection, matches(connection, asked, who=True), begin, most)
    if len(who) == most:
        return who
    ahead = 0
    if begin and not who:
        ahead = len(_numbers(connection, matches(connection, asked, who=True), 0, begin))
    rest = matches(connection, asked, who=False)
    return who + _numbers(connection, rest, 0 if who else begin - ahead, most - len(who))


def placed(connection: Connection, asked: Asked, most: int) -> list[int]:
    """The numbers of what was found and says where it is."""
    return _numbers(connection, matches(connection, asked, marked=[WHERE]), 0, most)


def _numbers(connection: Connection, found: Question, begin: int, most: int) -> list[int]:
    return [
        row[0] for row in ask(connection, f"{found.line} ORDER BY number LIMIT ? OFFSET ?", *found.values, most, begin)
    ]


def _mark(code: int) -> str:
    """A choice as a word of the index. Nobody types it: what is typed is folded and has no underscore."""
    return f"_c{code:x}"


def _worded(connection: Connection, terms: Sequence[str], marks: Sequence[str], who: bool | None = None) -> Question:
    """What has all of these words and phrases, folded, and marks of ours."""
    if not _is_sqlite(connection):
        return _worded_in_postgres(terms, marks, who)
    told = " AND ".join(f'"{term}"' for term in [*terms, *marks, *([WHO] if who else [])])
    line = f"SELECT rowid AS number FROM {INDEX} WHERE {INDEX} MATCH ?"  # noqa: S608  a constant
    return Question(line, [f'({told}) NOT "{WHO}"' if who is False else told])


def _worded_in_postgres(terms: Sequence[str], marks: Sequence[str], who: bool | None) -> Question:
    made = ["phraseto_tsquery('simple', ?)"] * len(terms) + ["CAST(? AS tsquery)"] * len(marks)
    if who is not None:
        made.append(f"{'' if who else '!!'}CAST(? AS tsquery)")
    exact = [*marks, *([] if who is None else [WHO])]
    line = f"SELECT number FROM {INDEX} WHERE words @@ ({' && '.join(made)})"  # noqa: S608  constants
    return Question(line, [*terms, *(f"'{one}'" for one in exact)])


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
