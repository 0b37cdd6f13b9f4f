"""Any CSV as rows, by a mapping file that says which column is what. The mapping is TOML:

    source = "https://register.example/2024"   # or source_column = "url"
    kind = "public register"
    verb = "recorded"                          # recorded, reported, alleged, ruled
    confidence = "high"
    as_of = "date"                             # a column
    delimiter = ";"
    decimal_comma = true

    [entity.buyer]
    schema = "PublicBody"
    id = ["siret"]
    [entity.buyer.properties]
    name = "buyer name"                        # a column
    country = "=fr"                            # these very words

    [entity.contract]
    schema = "Contract"
    id = ["number"]
    [entity.contract.properties]
    title = "object"
    authority = "@buyer"                       # the entity of this row

A property may have a list of these. A column that is not there is refused before a row is read.
"""

import codecs
import csv
import tomllib
from collections.abc import Callable, Iterator, Mapping
from decimal import InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from tocsin.errors import TocsinError
from tocsin.registry.csv_lines import head_of, numbered, opened
from tocsin.registry.exact import exact
from tocsin.registry.importing import Bad, FileNotUnderstood, Read
from tocsin.registry.model import Claim, Confidence, Draft, PlaceMalformed, Row, Source, VerbClass, coarse
from tocsin.registry.ocds import short
from tocsin.registry.schemata import CONTACTS, PLACES, SCHEMATA

NUMBERS = frozenset({"amount"})
ENCODINGS = frozenset({
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii", "iso8859-1", "iso8859-15", "cp1252", "cp850", "mac-roman",
})  # fmt: skip
"""What tables are written in. Python knows others that are no letters of anybody's."""


class MappingMalformed(TocsinError):
    code = "mapping_malformed"
    status = 422
    message = "The mapping file cannot be used: see docs/run/registry.md for what it has to say. Nothing was recorded."


class Entity(msgspec.Struct, forbid_unknown_fields=True):
    """What one row says of one entity."""

    schema: str
    id: list[str]
    properties: dict[str, str | list[str]]


class Mapped(msgspec.Struct, forbid_unknown_fields=True):
    """A mapping file."""

    entity: dict[str, Entity]
    source: str = ""
    source_column: str = ""
    kind: str = "table"
    verb: VerbClass = VerbClass.RECORDED
    confidence: Confidence = Confidence.MEDIUM
    as_of: str = ""
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    decimal_comma: bool = False

    def columns(self) -> set[str]:
        """Every column it needs."""
        said = [one for entity in self.entity.values() for prop in entity.properties.values() for one in _list(prop)]
        named = {one for one in said if not one.startswith(("=", "@"))}
        ids = {one for entity in self.entity.values() for one in entity.id}
        return {*named, *ids, *filter(None, (self.source_column, self.as_of))}


def mapping_of(path: Path) -> Mapped:
    """Read a mapping file. Raises `MappingMalformed` for one that names what there is not."""
    try:
        made = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Mapped)
        if codecs.lookup(made.encoding).name not in ENCODINGS:
            raise MappingMalformed
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError, LookupError) as error:
        raise MappingMalformed from error
    for entity in made.entity.values():
        refers = {one[1:] for prop in entity.properties.values() for one in _list(prop) if one.startswith("@")}
        allowed = SCHEMATA[entity.schema].allowed if entity.schema in SCHEMATA else frozenset()
        if not entity.id or not set(entity.properties) <= allowed | CONTACTS or not refers <= set(made.entity):
            raise MappingMalformed
    if not (made.source or made.source_column) or len(made.delimiter) != 1:
        raise MappingMalformed
    return made


def reader(mapping: Mapped, dataset: str) -> Callable[[Path], Read]:
    return lambda path: read(path, mapping, dataset)


def read(path: Path, mapping: Mapped, dataset: str) -> Iterator[Row | Bad]:
    """Every row of a table. Raises `FileNotUnderstood` when a column of the mapping is not there."""
    with opened(path, mapping.encoding) as file:
        lines = csv.DictReader(file, delimiter=mapping.delimiter, restkey="")
        if not mapping.columns() <= set(head_of(lines)):
            raise FileNotUnderstood
        for number, given in numbered(lines):
            if given is None:
                yield Bad(number, "line_malformed")
                continue
            yield row_of(
                number,
                {name: cell or "" for name, cell in given.items() if isinstance(cell, str | None)},
                mapping,
                dataset,
            )


def row_of(number: int, given: Mapping[str, str], mapping: Mapped, dataset: str) -> Row | Bad:
    """One row."""
    ids = {name: _id(dataset, name, entity, given) for name, entity in mapping.entity.items()}
    url = (given.get(mapping.source_column, "").strip() if mapping.source_column else "") or mapping.source
    if not url:
        return Bad(number, "source_missing")
    try:
        drafts = [
            Draft(ids[name], entity.schema, list(_claims(entity, given, ids, mapping)))
            for name, entity in mapping.entity.items() if ids[name]
        ]  # fmt: skip
    except InvalidOperation:
        return Bad(number, "amount_malformed")
    except PlaceMalformed as error:
        return Bad(number, error.code)
    drafts = [one for one in drafts if one.claims]
    if not drafts:
        return Bad(number, "line_empty")
    as_of = given.get(mapping.as_of, "").strip() if mapping.as_of else ""
    return Row(number, drafts, Source(url, mapping.kind), mapping.verb, mapping.confidence, as_of)


def _id(dataset: str, name: str, entity: Entity, given: Mapping[str, str]) -> str:
    """The id of a row's entity; nothing where a column of its id is empty."""
    said = [given[column].strip() for column in entity.id]
    return f"{short(dataset)}-{short(name)}-{short(' '.join(said))}" if all(said) else ""


def _claims(entity: Entity, given: Mapping[str, str], ids: Mapping[str, str], mapping: Mapped) -> Iterator[Claim]:
    for name, told in entity.properties.items():
        for one in _list(told):
            said = one[1:] if one.startswith("=") else ids[one[1:]] if one.startswith("@") else given[one].strip()
            if said and name in PLACES:
                yield Claim(name, coarse(name, said.replace(",", ".") if mapping.decimal_comma else said))
            elif said:
                yield Claim(name, _number(said, mapping) if name in NUMBERS else said, said if name in NUMBERS else "")


def _number(said: str, mapping: Mapped) -> str:
    """An amount as a number. Raises `InvalidOperation`."""
    plain = "".join(said.split()).replace("\u00a0", "")
    plain = plain.replace(".", "").replace(",", ".") if mapping.decimal_comma else plain.replace(",", "")
    return f"{exact(plain.strip('$€£')):f}"


def _list(told: Any) -> list[str]:
    return told if isinstance(told, list) else [told]
