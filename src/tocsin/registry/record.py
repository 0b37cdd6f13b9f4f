"""Put rows of a source into the registry: the one door for imports and forms, with the person rule at it.

Promise: a row is recorded whole or not at all. A claim that is there already is not recorded again, only seen again; nothing that
was recorded is ever changed or removed. A row that may be about a person leaves its number and the reason, and nothing of itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.registry import search
from tocsin.registry.model import Draft, Row, Statement, StatementMalformed, folded, statements_of
from tocsin.registry.person import Doubt, doubt_of
from tocsin.registry.schemata import PERSONS, REFERENCES, schema_of
from tocsin.registry.tables import edge, entity, facet, held, released, source, statement

ASKED = 500
"""Values in one question: SQLite takes 32,766, older servers fewer."""
CAPTIONS = ("name", "title")


class Recorded(NamedTuple):
    """What became of rows. `kept`: rows with a new claim; `merged`: rows that said nothing new; `held` and `refused` by reason."""

    kept: int
    merged: int
    held: Mapping[str, int]
    refused: Mapping[str, int]
    statements: int

    @property
    def rows(self) -> int:
        return self.kept + self.merged + sum(self.held.values()) + sum(self.refused.values())


def record(connection: Connection, rows: Sequence[Row], dataset: str, day: int) -> Recorded:
    """Record `rows` of `dataset`, in the caller's transaction. Raises nothing for a bad row: it is counted."""
    let_in = institutions(connection)
    held_rows: dict[int, Doubt] = {}
    refused: dict[str, int] = defaultdict(int)
    taken: dict[int, list[Statement]] = {}
    for row in rows:
        doubts = [found for draft in row.drafts if (found := doubt_of(draft, let_in)) is not None]
        if doubts:
            held_rows[row.number] = doubts[0]
            continue
        try:
            taken[row.number] = _checked(row, dataset, day)
        except StatementMalformed as error:
            refused[error.code] += 1
    new = _add_statements(connection, [one for made in taken.values() for one in made])
    changed = {one.entity for made in taken.values() for one in made if one.digest in new}
    _derive(connection, [row for row in rows if row.number in taken], changed)
    _hold(connection, dataset, held_rows, day)
    kept = sum(any(one.digest in new for one in made) for made in taken.values())
    counted: dict[str, int] = defaultdict(int)
    for why in held_rows.values():
        counted[str(why)] += 1
    return Recorded(kept, len(taken) - kept, dict(counted), dict(refused), len(new))


def institutions(connection: Connection) -> frozenset[str]:
    """Folded names that somebody looked at and found to be institutions."""
    return frozenset(connection.execute(select(released.c.institution)).scalars())


def release(connection: Connection, name: str, reason: str, day: int) -> None:
    """Let an institution's name through from now on; its rows come in with the next import of their source."""
    row = {"institution": folded(name), "reason": reason, "day": day}
    connection.execute(ignoring(connection, released), [row])


def _checked(row: Row, dataset: str, day: int) -> list[Statement]:
    for draft in row.drafts:
        allowed = schema_of(draft.schema).properties
        if draft.schema in PERSONS or any(claim.property not in allowed for claim in draft.claims):
            raise StatementMalformed
    return statements_of(row, dataset, day)


def _add_statements(connection: Connection, made: Sequence[Statement]) -> set[bytes]:
    """Add what is new and mark what was seen again; the digests of what is new."""
    by_digest = {one.digest: one for one in made}
    seen = dict(_found(connection, statement.c.digest, by_digest, statement.c.last_seen))
    new = {digest: one for digest, one in by_digest.items() if digest not in seen}
    again = [
        {"known": digest, "day": one.last_seen}
        for digest, one in by_digest.items()
        if seen.get(digest, one.last_seen) < one.last_seen
    ]
    if again:
        marked = update(statement).where(statement.c.digest == bindparam("known")).values(last_seen=bindparam("day"))
        connection.execute(marked, again)
    if new:
        numbers = _sources(connection, new.values())
        connection.execute(statement.insert(), [_row(digest, one, numbers) for digest, one in new.items()])
    return set(new)


def _row(digest: bytes, one: Statement, numbers: Mapping[bytes, int]) -> dict[str, Any]:
    fields = one._asdict() | {"digest": digest, "source": numbers[one.source.digest]}
    return fields | {"verb": str(one.verb), "confidence": str(one.confidence)}


def _sources(connection: Connection, made: Iterable[Statement]) -> dict[bytes, int]:
    wanted = {one.source.digest: one.source for one in made}
    found = dict(_found(connection, source.c.digest, wanted, source.c.number))
    missing = [
        {"digest": digest, "url": one.url, "kind": one.kind, "lineage": one.origin}
        for digest, one in wanted.items() if digest not in found
    ]  # fmt: skip
    if missing:
        connection.execute(ignoring(connection, source), missing)
        found |= dict(_found(connection, source.c.digest, [one["digest"] for one in missing], source.c.number))
    return found


def _derive(connection: Connection, rows: Iterable[Row], changed: set[str]) -> None:
    """What searching and walking need of what has a new claim, beside the statements: entities, edges, facets, words."""
    drafts = [draft for row in rows for draft in row.drafts if draft.id in changed]
    numbers = _entities(connection, drafts)
    edges = {
        (claim.value, claim.property, draft.id)
        for draft in drafts for claim in draft.claims if claim.property in REFERENCES
    }  # fmt: skip
    facets = {
        (numbers[draft.id], name, value)
        for draft in drafts for name, values in draft.facets.items() for value in values if value
    }  # fmt: skip
    _add(connection, edge, edges)
    _add(connection, facet, facets)
    search.index(connection, {numbers[draft.id] for draft in drafts if schema_of(draft.schema).is_searched})


def _entities(connection: Connection, drafts: Sequence[Draft]) -> dict[str, int]:
    captions: dict[str, tuple[str, str]] = {}
    for draft in drafts:
        said = next((claim.value for one in CAPTIONS for claim in draft.claims if claim.property == one), "")
        if draft.id not in captions or not captions[draft.id][1]:
            captions[draft.id] = (draft.schema, said)
    found = dict(_found(connection, entity.c.entity, captions, entity.c.number))
    missing = [
        {"entity": name, "canonical": name, "schema": schema, "caption": said or name}
        for name, (schema, said) in captions.items() if name not in found
    ]  # fmt: skip
    if missing:
        connection.execute(entity.insert(), missing)
        found |= dict(_found(connection, entity.c.entity, [one["entity"] for one in missing], entity.c.number))
    return found


def _hold(connection: Connection, dataset: str, rows: Mapping[int, Doubt], day: int) -> None:
    if rows:
        made = [{"dataset": dataset, "row": number, "reason": str(why), "day": day} for number, why in rows.items()]
        connection.execute(ignoring(connection, held), made)


def _add(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    names = [column.name for column in table.columns]
    made = [dict(zip(names, row, strict=True)) for row in sorted(rows)]
    if made:
        connection.execute(ignoring(connection, table), made)


def ignoring(connection: Connection, table: Table) -> Any:
    """An insert that leaves alone what is there. Both databases write it the same, SQLAlchemy has it twice."""
    made = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    return made.on_conflict_do_nothing()


def _found(connection: Connection, by: Any, keys: Iterable[Any], what: Any) -> Iterator[tuple[Any, Any]]:
    for some in pieces(list(keys)):
        for key, value in connection.execute(select(by, what).where(by.in_(some))):
            yield (bytes(key) if isinstance(key, memoryview) else key), value


def pieces(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """`keys`, some at a time."""
    for begin in range(0, len(keys), ASKED):
        yield keys[begin : begin + ASKED]
