"""Everything that says where it is, as GeoJSON (RFC 7946): a point each, as coarse as it is kept, and a line about it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from sqlalchemy import Connection

from tocsin.registry.bulk import pieces
from tocsin.registry.facets import TOLD
from tocsin.registry.graph import heads_of
from tocsin.registry.wholes import SOME, Whole, of
from tocsin.store.plain import ask


def write_geojson(connection: Connection, out: BinaryIO) -> int:
    """Every place; how many."""
    out.write(b'{"type":"FeatureCollection","features":[')
    count = 0
    for one in _features(connection):
        out.write((b",\n" if count else b"\n") + json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode())
        count += 1
    out.write(b"\n]}\n")
    return count


def _features(connection: Connection) -> Iterator[dict[str, Any]]:
    """Points of those that have both coordinates."""
    for heads in pieces(_placed(connection), SOME):
        for one in of(connection, heads):
            at = [one.first("longitude"), one.first("latitude")]
            if all(at):
                yield _feature(one, [float(degrees) for degrees in at])


def _placed(connection: Connection) -> Sequence[str]:
    """Who has a latitude, in the order in which that was said: few of many."""
    rows = ask(connection, "SELECT entity FROM registry_statement WHERE property = 'latitude' ORDER BY number")
    names = list(dict.fromkeys(row[0] for row in rows))
    above = heads_of(connection, names)
    return list(dict.fromkeys(above[name] for name in names))


def _feature(one: Whole, at: list[float]) -> dict[str, Any]:
    told = {
        "id": one.id, "schema": one.schema, "caption": one.caption,
        "about": ", ".join(value for name in TOLD for value in one.choices.get(name, ())),
        "confidence": "low" if one.is_low else "", "contested": one.contested, "sources": one.origins,
    }  # fmt: skip
    return {
        "type": "Feature", "id": one.id, "geometry": {"type": "Point", "coordinates": at}, "properties": told,
    }  # fmt: skip
