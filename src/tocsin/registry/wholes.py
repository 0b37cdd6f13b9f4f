"""Every entity with all ids that go under it: what the exports that are read as a table, a map or a graph are written from."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tocsin.registry import facets, queries
from tocsin.registry.contest import Key, marks
from tocsin.registry.model import Confidence
from tocsin.registry.queries import Kept
from tocsin.store.plain import ask

SOME = 500


@dataclass(frozen=True)
class Whole:
    """One entity. `choices`: by what it can be found, each facet's values in the order of the alphabet."""

    id: str
    schema: str
    caption: str
    members: Sequence[str]
    kept: Sequence[Kept]
    choices: Mapping[str, Sequence[str]]
    marks: Mapping[Key, str]

    @property
    def is_low(self) -> bool:
        """Whether nothing but claims of low confidence stands behind it."""
        return all(one.said.confidence is Confidence.LOW for one in self.kept)

    @property
    def origins(self) -> list[str]:
        """Whose word it is."""
        return sorted({one.said.source.origin for one in self.kept})

    @property
    def contested(self) -> list[str]:
        """What is contested of it or was found wrong, with the day."""
        return sorted(f"{prop}: {mark}" for (_, prop, _), mark in self.marks.items())

    def first(self, name: str) -> str:
        """The first value of a property, or nothing."""
        return next((one.said.value for one in self.kept if one.said.property == name), "")


def wholes(connection: Connection, wanted: Collection[str]) -> Iterator[list[Whole]]:
    """Every entity of these schemata, some at a time, in the order in which they came."""
    last = 0
    while rows := ask(connection, _HEADS, last, [*wanted], SOME):
        last = rows[-1][0]
        yield of(connection, [row[1] for row in rows])


_HEADS = (
    "SELECT number, entity FROM registry_entity WHERE number > ? AND canonical = entity AND schema IN ? "
    "ORDER BY number LIMIT ?"
)


def of(connection: Connection, heads: Sequence[str]) -> list[Whole]:
    """These entities, `SOME` at most, by the ids that they go under."""
    ids: dict[str, list[tuple[int, str]]] = defaultdict(list)
    named: dict[str, tuple[str, str]] = {}
    for number, name, canonical, schema, caption in ask(connection, _MEMBERS, [*heads]):
        ids[canonical].append((number, name))
        if name == canonical:
            named[name] = (schema, caption)
    kept: dict[str, list[Kept]] = defaultdict(list)
    for one in queries.statements_of(connection, [name for some in ids.values() for _, name in some]):
        kept[one.said.entity].append(one)
    choices = facets.choices_of(connection, [number for some in ids.values() for number, _ in some])
    marked: dict[str, dict[Key, str]] = defaultdict(dict)
    for key, mark in marks(connection, [*kept]).items():
        marked[key[0]][key] = mark
    made = []
    for head in heads:
        members, said = [name for _, name in ids[head]], [one for _, name in ids[head] for one in kept[name]]
        chosen = [one for number, _ in ids[head] for one in choices.get(number, ())]
        here = {key: mark for name in members for key, mark in marked[name].items()}
        made.append(Whole(head, *named[head], members, said, _grouped(chosen), here))
    return made


_MEMBERS = "SELECT number, entity, canonical, schema, caption FROM registry_entity WHERE canonical IN ? ORDER BY number"


def _grouped(choices: Sequence[facets.Choice]) -> dict[str, list[str]]:
    grouped: dict[str, set[str]] = defaultdict(set)
    for name, value in choices:
        grouped[name].add(value)
    return {name: sorted(values) for name, values in grouped.items()}
