"""OpenStreetMap's surveillance nodes in GeoJSON as deployments: only those of public bodies, or with gear of a known maker.

A place is kept to a hundredth of a degree, about a kilometre: enough for the commune on a map, too coarse for somebody's wall. What a
neighbour hung up at home is not read: a node that names no public body and no known maker is refused, one that names somebody held.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tocsin.registry.importing import Bad, FileNotUnderstood, Read
from tocsin.registry.json_files import documents, part, text
from tocsin.registry.model import FAR, Claim, Draft, Row, Source, VerbClass, folded, slug

SITE = "https://www.openstreetmap.org"
KIND = "OpenStreetMap"
WORDS = Path(__file__).parent / "osm_makers.json"
PUBLIC = frozenset({
    "ville", "city", "town", "county", "state", "police", "sheriff", "department", "dept", "mairie", "commune",
    "metropole", "prefecture", "gendarmerie", "village", "municipal", "municipality", "university", "school",
    "district", "authority", "region", "departement", "ministere", "ministry", "public", "government", "council",
    "borough", "parish", "ayuntamiento", "policia", "guardia", "diputacion", "transport", "dot", "highway",
    "patrol",
})  # fmt: skip
"""One of these in an operator's name, or `operator:type`, makes it a public body."""
PUBLIC_TYPES = frozenset({"public", "government", "police", "municipal"})
TECHNOLOGY = {
    "alpr": "licence plate reading", "anpr": "licence plate reading", "camera": "video surveillance",
    "gunshot_detector": "sound sensors", "guard": "", "drone": "drones",
}  # fmt: skip


def reader(url: str) -> Callable[[Path], Read]:
    return lambda path: read(path, url)


def read(path: Path, url: str = "") -> Iterator[Row | Bad]:
    """Every feature of a file. Raises `FileNotUnderstood` for what is no collection of features."""
    document = next(iter(documents(path)), None)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise FileNotUnderstood
    makers = known_makers()
    for number, one in enumerate(features, 1):
        yield row_of(number, one, makers, url)


def known_makers() -> dict[str, str]:
    """Spellings of makers, folded, and what the maker is called."""
    told: Mapping[str, Sequence[str]] = json.loads(WORDS.read_text())
    return {folded(spelling): name for name, spellings in told.items() for spelling in (name, *spellings)}


def row_of(number: int, feature: Any, makers: Mapping[str, str], url: str = "") -> Row | Bad:
    """One node."""
    tags = part(feature, "properties")
    tags = part(tags, "tags") or tags
    node = _node(feature)
    if not node or text(tags, "man_made") not in ("surveillance", ""):
        return Bad(number, "feature_malformed")
    if not any(name.startswith("surveillance") for name in tags) and "man_made" not in tags:
        return Bad(number, "no_surveillance")
    place = _place(feature)
    if place is None:
        return Bad(number, "place_malformed")
    operators = _several(text(tags, "operator"))
    found = (
        makers.get(folded(one))
        for name in ("manufacturer", "brand", "surveillance:brand", "model")
        for one in _several(text(tags, name))
    )
    made_by = list(dict.fromkeys(one for one in found if one))
    bodies = [one for one in operators if _is_public(one, text(tags, "operator:type"))]
    if not bodies and not made_by:
        return Bad(number, "operator_unknown")
    source = Source(url or f"{SITE}/{node}", KIND)
    return Row(
        number, list(_drafts(node, tags, place, operators, made_by)), source, VerbClass.REPORTED, as_of=_checked(tags)
    )


def _drafts(
    node: str, tags: Mapping[str, Any], place: tuple[str, str], operators: Sequence[str], makers: Sequence[str]
) -> Iterator[Draft]:
    kinds = [TECHNOLOGY.get(one.lower(), one) for one in _several(text(tags, "surveillance:type")) or ["camera"]]
    technologies = [one for one in dict.fromkeys(kinds) if one]
    title = ", ".join([*(technologies or ["surveillance"]), *makers, *operators])
    told = [
        ("title", title),
        ("identifier", node),
        ("sourceUrl", f"{SITE}/{node}"),
        ("latitude", place[0]),
        ("longitude", place[1]),
    ]
    told += [("technology", f"technology-{slug(one)}") for one in technologies]
    told += [("supplier", f"org-{slug(one)}") for one in makers] + [
        ("authority", f"org-{slug(one)}") for one in operators
    ]
    more = (
        ("location", text(tags, "addr:city")),
        ("startDate", text(tags, "start_date")),
        ("status", text(tags, "surveillance")),
    )
    told += [(name, value) for name, value in more if value]
    yield Draft(f"osm-{slug(node)}", "Deployment", [Claim(name, value, as_of="") for name, value in told])
    for one in technologies:
        yield Draft(f"technology-{slug(one)}", "Technology", [Claim("name", one, as_of="")])
    for one in makers:
        yield Draft(f"org-{slug(one)}", "Company", [Claim("name", one, as_of="")])
    for one in operators:
        schema = "PublicBody" if _is_public(one, text(tags, "operator:type")) else "Organization"
        yield Draft(f"org-{slug(one)}", schema, [Claim("name", one, as_of="")])


def _node(feature: Any) -> str:
    """`node/123`, as exports write it in one of three places."""
    said = text(feature, "id") or text(part(feature, "properties"), "@id", "id")
    kind, _, number = said.partition("/") if "/" in said else ("node", "", said)
    return f"{kind}/{number}" if kind in ("node", "way", "relation") and number.isascii() and number.isdigit() else ""


def _place(feature: Any) -> tuple[str, str] | None:
    """Latitude and longitude of a point, coarse."""
    geometry = part(feature, "geometry")
    at = geometry.get("coordinates")
    if geometry.get("type") != "Point" or not isinstance(at, list) or len(at) < 2:
        return None
    try:
        longitude, latitude = (round(float(one), FAR) for one in at[:2])
    except (TypeError, ValueError, OverflowError):
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return f"{latitude:.{FAR}f}", f"{longitude:.{FAR}f}"


def _several(said: str) -> list[str]:
    """`a;b`, as OpenStreetMap writes more than one value."""
    return list(dict.fromkeys(one.strip() for one in said.split(";") if one.strip()))


def _is_public(operator: str, kind: str) -> bool:
    return kind.lower() in PUBLIC_TYPES or bool(PUBLIC & set(folded(operator).split()))


def _checked(tags: Mapping[str, Any]) -> str:
    return text(tags, "check_date", "survey:date")[:10]
