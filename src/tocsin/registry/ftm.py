"""FollowTheMoney JSON lines as rows: one line, one entity. And files of statements: one entity's lines together.

A line that an export of ours made carries its statements, and they are taken as they are. Any other line is claims of the dataset
it comes with; what its schemata have and we do not is kept as a sentence in `notes`, so that nothing is dropped unsaid. Lines about
natural persons, and of schemata the registry has no place for, come out held or refused.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from tocsin.registry.csv_lines import head_of, numbered, opened
from tocsin.registry.exporting import COLUMNS, CONTEXT, unquoted
from tocsin.registry.importing import Bad, FileNotUnderstood, Read
from tocsin.registry.model import (
    Claim,
    Confidence,
    Draft,
    Row,
    Source,
    Statement,
    StatementMalformed,
    ValueKind,
    VerbClass,
)
from tocsin.registry.schemata import CONTACTS, PERSONS, SCHEMATA

LONGEST = 10_000_000
"""Bytes of one line; one entity with more is none."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KIND = "FollowTheMoney"
VALUES = {"Payment": ValueKind.PAID, "ContractAward": ValueKind.AWARD}
"""Standard schemata that are an amount of money here."""
TAKEN = {
    "Payment": ("contract", "amount", "currency", "date", "payer", "beneficiary"),
    "ContractAward": ("contract", "amount", "currency", "date"),
}


class _Unreadable(Exception):
    """Why a line cannot be read, in one word."""


def reader(url: str, dataset: str) -> Callable[[Path], Read]:
    """How to read a file that was got from `url` (which stands as the source of lines that name none)."""
    return lambda path: read(path, url, dataset)


def read(path: Path, url: str, dataset: str) -> Iterator[Row | Bad]:
    """Every line of a file of FollowTheMoney JSON lines. Raises `FileNotUnderstood` where the first line is no entity."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST + 1):
            number += 1
            if not line.strip():
                yield Bad(number, "line_empty")
                continue
            try:
                yield _row(number, _entity(line), url, dataset)
            except _Unreadable as error:
                if number == 1 and str(error) == "line_malformed":
                    raise FileNotUnderstood from error
                yield Bad(number, str(error))


def _entity(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST:
        raise _Unreadable("line_long")
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _Unreadable("line_malformed") from error
    if not isinstance(told, dict) or not isinstance(told.get("id"), str) or not isinstance(told.get("schema"), str):
        raise _Unreadable("line_malformed")
    return told


def _row(number: int, told: Mapping[str, Any], url: str, dataset: str) -> Row:
    ours = told.get(CONTEXT)
    if isinstance(ours, dict) and isinstance(ours.get("statements"), list) and ours["statements"]:
        return _restated(number, [_statement(told["id"], one) for one in ours["statements"]])
    schema, given = told["schema"], _properties(told)
    source = Source(url or next(iter(given.get("sourceUrl", ())), f"urn:followthemoney:{dataset}"), KIND)
    if schema in PERSONS:
        return Row(number, [Draft(told["id"], schema, ())], source)
    if schema in VALUES:
        as_of = next(iter(given.get("date", ())), "")
        return Row(number, list(_value_event(told["id"], schema, given)), source, as_of=as_of, is_foreign=True)
    if schema not in SCHEMATA:
        raise _Unreadable("schema_unknown")
    claims = list(_claims(schema, given))
    if not claims:
        raise _Unreadable("line_empty")
    return Row(number, [Draft(told["id"], schema, claims)], source, is_foreign=True)


def _properties(told: Mapping[str, Any]) -> dict[str, list[str]]:
    given = told.get("properties")
    if not isinstance(given, dict):
        raise _Unreadable("line_malformed")
    made = {}
    for name, values in given.items():
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise _Unreadable("line_malformed")
        made[name] = [one for one in values if one.strip()]
    return made


def _claims(schema: str, given: Mapping[str, Sequence[str]]) -> Iterator[Claim]:
    known = SCHEMATA[schema].properties
    for name, values in given.items():
        for value in values:
            if name in known or name in CONTACTS:  # the rule at the door holds what has a contact in it
                yield Claim(name, value)
            elif "notes" in known:
                yield Claim("notes", f"{name}: {value}")
            else:
                raise _Unreadable("property_unknown")


def _value_event(name: str, schema: str, given: Mapping[str, Sequence[str]]) -> Iterator[Draft]:
    contract, supplier = next(iter(given.get("contract", ())), ""), given.get("supplier", ())
    if schema == "ContractAward" and contract and supplier:
        yield Draft(contract, "Contract", [Claim("supplier", one) for one in supplier])
    if not (contract and given.get("amount")):
        raise _Unreadable("award_missing")
    kept = [Claim(one, value) for one in TAKEN[schema] for value in given.get(one, ())[:1]]
    yield Draft(name, "ValueEvent", [*kept, Claim("kind", str(VALUES[schema]))])


def read_statements(path: Path) -> Iterator[Row | Bad]:
    """Every entity of a file of statements, its lines together. Raises `FileNotUnderstood` without our columns."""
    with opened(path) as file:
        lines = csv.DictReader(file)
        if not {"entity_id", "schema", "prop", "value", "dataset", "source_url"} <= set(head_of(lines)):
            raise FileNotUnderstood
        seen: set[str] = set()
        number = 0
        for name, group in groupby(_lines(lines), key=lambda one: one.get("entity_id") or ""):
            number += 1
            told = list(group)
            if name in seen or not name:
                # Lines of one entity that came apart could bring in half of what the person rule held.
                yield Bad(number, "entity_scattered" if name else "line_malformed")
                continue
            seen.add(name)
            try:
                yield _restated(number, [_statement(name, one) for one in told])
            except _Unreadable as error:
                yield Bad(number, str(error))


def _lines(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Lines, and for one that cannot be read an empty one."""
    for _, line in numbered(lines):
        yield {name: unquoted(cell) if isinstance(cell, str) else cell for name, cell in (line or {}).items()}


def _statement(name: str, told: Any) -> Statement:
    """One statement as an export told it. Raises `_Unreadable` for one that is not what its id says."""
    if not isinstance(told, dict) or not all(isinstance(one, str) for one in told.values() if one is not None):
        raise _Unreadable("line_malformed")
    given = {column: told.get(column) or "" for column in (*COLUMNS,)}
    try:
        source = Source(given["source_url"], given["source_kind"], given["lineage"])
        verb, confidence = VerbClass(given["verb"]), Confidence(given["confidence"])
        days = (_day(given["first_seen"]), _day(given["last_seen"]))
    except ValueError as error:
        raise _Unreadable("line_malformed") from error
    said = (name, given["schema"], given["prop"], given["value"].strip(), given["original_value"], given["dataset"])
    made = Statement(*said, source, verb, confidence, given["as_of"], *days)
    if not all((made.schema, made.property, made.value, made.dataset, source.url)):
        raise _Unreadable("line_malformed")
    try:
        digest = made.digest.hex()
    except StatementMalformed as error:
        raise _Unreadable(error.code) from error
    if given["id"] and given["id"] != digest:
        raise _Unreadable("statement_altered")
    return made


def _day(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH).days


def _restated(number: int, said: Iterable[Statement]) -> Row:
    """Statements as they are; what they are about goes through the same door as anything."""
    made = list(said)
    claims: dict[str, list[Claim]] = defaultdict(list)
    for one in made:
        claims[one.schema].append(Claim(one.property, one.value, one.original))
    drafts = [Draft(made[0].entity, schema, told) for schema, told in claims.items()]
    return Row(number, drafts, made[0].source, said=made, is_foreign=True)
