"""Put rows of a source into the registry: the one door for imports and forms, with the person rule at it.

Promise: a row is recorded whole or not at all. A claim that is there already is not recorded again, only seen again; nothing that
was recorded is ever changed or removed. A row that may be about a person leaves its number and the reason, and nothing of itself.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.registry import due, facets, search, worth
from tocsin.registry.bulk import each, found_by, put
from tocsin.registry.model import (
    FAR,
    Claim,
    Draft,
    Made,
    PlaceMalformed,
    Row,
    Shared,
    Source,
    Statement,
    StatementMalformed,
    coarse,
    folded,
    statements_of_draft,
)
from tocsin.registry.person import Doubt, Found, doubt_of
from tocsin.registry.redact import tells_person
from tocsin.registry.schemata import INSTITUTIONS, LONG, PERSONS, PLACES, REFERENCES, WITH_PAGES, schema_of
from tocsin.registry.tables import edge, entity, held, released, source, statement

KEPT = (
    "digest", "entity", "schema", "property", "value", "original", "dataset", "source", "verb", "confidence", "as_of",
    "first_seen", "last_seen",
)  # fmt: skip
SEEN_AGAIN = (
    "ON CONFLICT (digest) DO UPDATE SET last_seen = excluded.last_seen "
    "WHERE registry_statement.last_seen < excluded.last_seen"
)

Taken = Sequence[tuple[Row, Sequence[Made]]]
"""Rows with the statements of each of their drafts; where the source is another registry, with all of them at once."""
Known = dict[tuple[int, int, int, int], tuple[str, Made]]
"""Statements of drafts by what they are made of, and as of when, as long as a batch holds those."""


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
    doubt_in = _doubts(connection)
    known: Known = {}
    shared: Shared = {}
    held_rows: dict[int, Doubt] = {}
    refused: Counter[str] = Counter()
    taken: list[tuple[Row, Sequence[Made]]] = []
    for row in rows:
        doubt = next((found for draft in row.drafts if (found := doubt_in(draft, row)) is not None), None)
        if doubt is not None:
            held_rows[row.number] = doubt
            continue
        try:
            taken.append((row, _checked(row, dataset, day, known, shared)))
        except StatementMalformed as error:
            refused[error.code] += 1
    every: Made = {}
    for _, parts in taken:
        for part in parts:
            every |= part
    new = _add_statements(connection, every)
    if new:
        changed = _changed(taken, new)
        # A reader may hand one draft in with a thousand rows.
        drafts = {id(draft): draft for row, _ in taken for draft in row.drafts if draft.id in changed}
        _derive(connection, [*drafts.values()], _of_events(taken))
    _hold(connection, dataset, held_rows, day)
    kept = sum(any(not new.isdisjoint(part) for part in parts) for _, parts in taken) if new else 0
    counted = Counter(str(why) for why in held_rows.values())
    return Recorded(kept, len(taken) - kept, dict(counted), dict(refused), len(new))


def _doubts(connection: Connection) -> Callable[[Draft, Row], Doubt | None]:
    """Why a draft of a row is to be held back. A reader may hand one draft in with a thousand rows; it is looked at once."""
    let_in, names = institutions(connection), Found()
    is_said = partial(search.is_said, connection)
    looked: dict[tuple[int, bool], Doubt | None] = {}

    def doubt_in(draft: Draft, row: Row) -> Doubt | None:
        key = (id(draft), row.is_foreign)
        if key not in looked:
            found = doubt_of(draft, let_in, names, is_foreign=row.is_foreign)
            looked[key] = found or (_doubt_of_pages(draft, is_said) if draft.schema in WITH_PAGES else None)
        return looked[key]

    return doubt_in


def _doubt_of_pages(draft: Draft, is_said: Callable[[str], bool]) -> Doubt | None:
    """Whether a page's text still names or reaches somebody, whoever brings it."""
    is_told = any(tells_person(claim.value, is_said) for claim in draft.claims if claim.property in LONG)
    return Doubt.NAME if is_told else None


def institutions(connection: Connection) -> frozenset[str]:
    """Folded names that somebody looked at and found to be institutions."""
    return frozenset(connection.execute(select(released.c.institution)).scalars())


def release(connection: Connection, name: str, reason: str, day: int) -> None:
    """Let an institution's name through from now on; its rows come in with the next import of their source."""
    row = {"institution": folded(name), "reason": reason, "day": day}
    connection.execute(ignoring(connection, released), [row])


def _checked(row: Row, dataset: str, day: int, known: Known, shared: Shared) -> Sequence[Made]:
    """The statements of each draft. `known` and `shared`: what the same batch came to before."""
    if row.said:
        for draft in row.drafts:
            _allow(draft)
        return [{one.digest: one for one in row.said}]
    made = []
    for draft in row.drafts:
        key = (id(draft), id(row.source), id(row.verb), id(row.confidence))
        as_of, part = known.get(key, ("", None))
        if part is None or not (as_of == row.as_of or draft.is_timeless()):
            _allow(draft)
            part = statements_of_draft(draft, row, dataset, day, shared)
            known[key] = (row.as_of, part)
        made.append(part)
    return made


def _allow(draft: Draft) -> None:
    """Raises `StatementMalformed` for a schema or property that there is not, or that is about persons; `PlaceMalformed`."""
    allowed = schema_of(draft.schema).allowed
    if draft.schema in PERSONS or not allowed.issuperset([claim.property for claim in draft.claims]):
        raise StatementMalformed
    if PLACES <= allowed and any(not _is_coarse(claim) for claim in draft.claims if claim.property in PLACES):
        raise PlaceMalformed


def _is_coarse(claim: Claim) -> bool:
    """Whether a degree is no finer than a place may be kept, neither in order nor as the source wrote it."""
    told = (claim.value.strip(), claim.original or "0")
    return all(len(one.partition(".")[2]) <= FAR and coarse(claim.property, one) for one in told)


def _changed(taken: Taken, new: AbstractSet[bytes]) -> set[str]:
    """The entities of which something new is said."""
    changed = set()
    for row, parts in taken:
        if row.said:
            changed |= {one.entity for part in parts for digest, one in part.items() if digest in new}
        else:
            pairs = zip(row.drafts, parts, strict=True)
            changed |= {draft.id for draft, part in pairs if not new.isdisjoint(part)}
    return changed


def _of_events(taken: Taken) -> Iterator[Statement]:
    """Every statement about an amount."""
    for row, parts in taken:
        for at, part in enumerate(parts):
            if row.said or row.drafts[at].schema == worth.VALUE_EVENT:
                yield from part.values()


def _add_statements(connection: Connection, made: Made) -> AbstractSet[bytes]:
    """Add what is new and mark what was seen again; the digests of what is new."""
    before, seen = _last(connection), _seen(connection, made)
    sources = {id(one.source): one.source for digest, one in made.items() if digest not in seen}
    by_source = _sources(connection, {*sources.values()})
    numbers = {at: by_source[one] for at, one in sources.items()}
    rows = [
        (
            digest, name, schema, prop, value, original, dataset, numbers[id(told_by)], str(verb), str(confidence), as_of, first, last
        )
        for digest, (name, schema, prop, value, original, dataset, told_by, verb, confidence, as_of, first, last) in made.items()
        if digest not in seen
    ]  # fmt: skip
    put(connection, statement, KEPT, rows, SEEN_AGAIN)
    again = [(made[digest].last_seen, digest) for digest, day in seen.items() if day < made[digest].last_seen]
    each(connection, "UPDATE registry_statement SET last_seen = ? WHERE digest = ?", again)
    # One connection writes, so what has a higher number than before was made here.
    later = statement.c.number > before
    if _last(connection) - before == len(rows):
        return made.keys() - seen.keys() if seen else made.keys()
    return set(map(bytes, connection.scalars(select(statement.c.digest).where(later))))


def _seen(connection: Connection, made: Made) -> dict[bytes, int]:
    """Which of these are there already, and when each was seen last. Of an entity that is not there nothing is."""
    names = {one.entity for one in made.values()}
    known = {name for name, _ in found_by(connection, entity.c.entity, names, entity.c.number)}
    maybe = [digest for digest, one in made.items() if one.entity in known] if known else []
    return dict(found_by(connection, statement.c.digest, maybe, statement.c.last_seen))


def _last(connection: Connection) -> int:
    return int(connection.execute(select(func.max(statement.c.number))).scalar() or 0)


def _sources(connection: Connection, wanted: set[Source]) -> dict[Source, int]:
    by_digest = {one.digest: one for one in wanted}
    rows = [(digest, one.url, one.kind, one.origin) for digest, one in sorted(by_digest.items())]
    known = dict(found_by(connection, source.c.digest, by_digest, source.c.number))
    missing = [row for row in rows if row[0] not in known]
    if missing:
        put(connection, source, ("digest", "url", "kind", "lineage"), missing, "ON CONFLICT DO NOTHING")
        known |= dict(found_by(connection, source.c.digest, [row[0] for row in missing], source.c.number))
    return {by_digest[digest]: number for digest, number in known.items()}


def _derive(connection: Connection, drafts: Sequence[Draft], claims: Iterable[Statement]) -> None:
    """What searching, walking and adding up need of what has a new claim: entities, edges, worth, facets, words.

    `claims`: every claim of the rows that these drafts are of.
    """
    numbers, fresh = _entities(connection, drafts)
    due.forget(connection, numbers)
    events = {one.id for one in drafts if one.schema == worth.VALUE_EVENT}
    met = {name for name in events if numbers[name] in fresh}
    worth.refresh(connection, (one for one in claims if one.entity in met), sorted(events - met))
    edges: set[tuple[str, str, str]] = set()
    said: dict[int, list[tuple[str, str]]] = {number: [] for number in fresh}
    for draft in drafts:
        told = [(prop, value) for prop, value, _, _, _ in draft.claims]
        edges.update((value, prop, draft.id) for prop, value in told if prop in REFERENCES)
        if numbers[draft.id] in fresh:
            said[numbers[draft.id]] += told
    put(connection, edge, ("target", "property", "entity"), sorted(edges), "ON CONFLICT DO NOTHING")
    wanted = {(draft.id, name, value) for draft in drafts for name, values in draft.facets.items() for value in values}
    codes = facets.codes_of(connection, {(name, value) for _, name, value in wanted if value}, is_new=True)
    filters: dict[int, set[int]] = defaultdict(set)
    for name, facet, value in wanted:
        if value:
            filters[numbers[name]].add(codes[facet, value])
    facets.add(connection, filters)
    searched = {numbers[one.id]: one.schema in INSTITUTIONS for one in drafts if schema_of(one.schema).is_searched}
    search.index(connection, searched, said)


def _entities(connection: Connection, drafts: Sequence[Draft]) -> tuple[dict[str, int], set[int]]:
    """The number of each entity, and which numbers are new."""
    captions: dict[str, tuple[str, str]] = {}
    for draft in drafts:
        if draft.id not in captions or not captions[draft.id][1]:
            captions[draft.id] = (draft.schema, _called(draft))
    known = dict(found_by(connection, entity.c.entity, captions, entity.c.number))
    missing = [
        (name, name, schema, said or name) for name, (schema, said) in captions.items() if name not in known
    ]  # fmt: skip
    put(connection, entity, ("entity", "canonical", "schema", "caption"), missing, "ON CONFLICT DO NOTHING")
    _name(connection, [(said, name) for name, (_, said) in captions.items() if said and name in known])
    made = dict(found_by(connection, entity.c.entity, [row[0] for row in missing], entity.c.number))
    return known | made, set(made.values())


def _called(draft: Draft) -> str:
    """Its name, else its title, else nothing."""
    title = ""
    for prop, value, _, _, _ in draft.claims:
        if prop == "name":
            return value
        title = title or (value if prop == "title" else "")
    return title


def _name(connection: Connection, said: Sequence[tuple[str, str]]) -> None:
    """Call entities by name that were met before anything said what they are called."""
    unnamed = dict(
        found_by(
            connection,
            entity.c.entity,
            [name for _, name in said],
            entity.c.number,
            entity.c.caption == entity.c.entity,
        )
    )
    for caption, name in said:
        if name in unnamed:
            connection.execute(update(entity).where(entity.c.number == unnamed[name]).values(caption=caption))


def _hold(connection: Connection, dataset: str, rows: Mapping[int, Doubt], day: int) -> None:
    if rows:
        made = [{"dataset": dataset, "row": number, "reason": str(why), "day": day} for number, why in rows.items()]
        connection.execute(ignoring(connection, held), made)


def ignoring(connection: Connection, table: Table) -> Any:
    """An insert that leaves alone what is there. Both databases write it the same, SQLAlchemy has it twice."""
    made = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    return made.on_conflict_do_nothing()
