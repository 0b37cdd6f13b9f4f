"""The same answers for programs: JSON, CSV for a spreadsheet, Atom of what changed."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from tocsin.registry.cells import NO_XML, as_cell, xml_cell
from tocsin.registry.contest import Kind, Outcome
from tocsin.registry.days import iso, stamp
from tocsin.registry.pages import Hit
from tocsin.registry.queries import Entity, Kept

COLUMNS = (
    "number", "canonical_id", "entity", "schema", "property", "value", "original_value", "dataset", "source", "source_kind",
    "lineage", "verb", "confidence", "as_of", "first_seen", "last_seen", "contested",
)  # fmt: skip


def statement_row(kept: Kept, canonical: str, mark: str) -> dict[str, Any]:
    """One claim with everything that is known of it. `mark`: since when it is contested, or that it was found wrong."""
    one = kept.said
    row = (
        kept.number, canonical, one.entity, one.schema, one.property, one.value, one.original, one.dataset, one.source.url,
        one.source.kind, one.source.origin, str(one.verb), str(one.confidence), one.as_of, iso(one.first_seen), iso(one.last_seen),
        mark,
    )  # fmt: skip
    return dict(zip(COLUMNS, row, strict=True))


def statements(found: Entity) -> list[dict[str, Any]]:
    """Every claim about an entity, in the order in which they came."""
    kept = {one.number: (one, value) for prop in found.properties for value in prop.values for one in value.claims}
    return [
        statement_row(one, found.id, value.mark) for _, (one, value) in sorted(kept.items(), key=lambda pair: pair[0])
    ]


def entity_json(found: Entity) -> bytes:
    contested = [one.name for one in found.properties if one.is_contested]
    head = {"id": found.id, "members": found.members, "schema": found.schema, "caption": found.caption}
    told = {
        "version": str(found.version),
        "sha256": found.version.hash,
        "contested": contested,
        "contests": _contests(found),
    }
    return msgspec.json.encode(head | told | {"statements": statements(found)})


def _contests(found: Entity) -> list[dict[str, Any]]:
    """What was contested and answered; not what was sent."""
    return [
        {
            "property": prop.name, "value": value.value, "kind": str(one.kind), "since": iso(one.day), "outcome": str(one.outcome),
            "answer": one.answer, "answered": iso(one.answered) if one.answered is not None else "",
        }
        for prop in found.properties for value in prop.values for one in value.contests
        if one.kind is not Kind.REPLY or one.outcome is Outcome.SHOWN
    ]  # fmt: skip


def search_json(hits: Sequence[Hit], total: int) -> bytes:
    return msgspec.json.encode({"total": total, "results": [_hit(one) for one in hits]})


def search_geojson(hits: Sequence[Hit], places: Mapping[str, tuple[float, float]]) -> bytes:
    """RFC 7946: the results that have a place, each with what its line in the list says."""
    features = [
        {"type": "Feature", "id": one.id, "geometry": {"type": "Point", "coordinates": places[one.id]}, "properties": _hit(one)}
        for one in hits if one.id in places
    ]  # fmt: skip
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def search_csv(hits: Sequence[Hit]) -> bytes:
    return as_csv([_hit(one) for one in hits], ("id", "schema", "caption", "about", "confidence"))


def entity_csv(found: Entity) -> bytes:
    return as_csv(statements(found), COLUMNS)


def as_csv(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> bytes:
    """UTF-8 with its mark, so that a spreadsheet reads accents; no cell that a spreadsheet would run."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([[as_cell(row[name]) for name in columns] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def changes_atom(newest: Sequence[Kept], origin: str, versions: Mapping[str, str]) -> bytes:
    """RFC 4287: an entry for each of the newest claims, with the permanent link of what its entity is now."""
    feed = origin or "urn:tocsin:registry"
    updated = stamp(max((one.said.first_seen for one in newest), default=0))
    entries = "".join(_entry(one, origin, versions.get(one.said.entity, "")) for one in newest)
    head = f"<id>{escape(feed)}/registry/changes.atom</id><title>Registry</title><updated>{updated}</updated>"
    here = f'<link rel="self" type="application/atom+xml" href={xml_cell(origin + "/registry/changes.atom")}/>'
    head += f"{here}<author><name>Tocsin</name></author>"
    return f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}</feed>'.encode()


def _entry(kept: Kept, origin: str, version: str) -> str:
    one = kept.said
    link = f"{origin}/en/registry/entity/{one.entity}" + (f"/at/{version}" if version else "")
    said = escape(f"{one.property}: {one.value} ({one.verb}, {one.confidence}, {one.as_of})".translate(NO_XML))
    return (
        f"<entry><id>urn:tocsin:statement:{one.digest.hex()}</id><title>{said}</title>"
        f"<updated>{stamp(one.first_seen)}</updated><link href={xml_cell(link)}/>"
        f"<summary>{escape(one.source.url.translate(NO_XML))}</summary></entry>"
    )


def _hit(one: Hit) -> dict[str, Any]:
    told = {"id": one.id, "schema": one.schema, "caption": one.caption, "about": one.about}
    return told | {"confidence": "low" if one.is_low else ""}
