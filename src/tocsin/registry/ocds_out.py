"""The registry's contracts as an OCDS 1.1 release package, which the standard's own tools check.

One release a contracting process: what is known of its call, its awards, its contracts and payments, each amount where the standard
has a place for amounts of that kind: an estimate is the tender's value, an award value the award's, a ceiling the contract's, a
payment a transaction. What it has no place for (obligated, modifications, aggregates) stands under `tocsin`, and is not turned into
something it is not.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any, BinaryIO

from sqlalchemy import Connection, select

from tocsin.registry import amounts, queries
from tocsin.registry.amounts import Money
from tocsin.registry.bulk import found_by
from tocsin.registry.days import stamp
from tocsin.registry.model import ValueKind
from tocsin.registry.queries import Entity
from tocsin.registry.tables import entity, statement

PREFIX = "ocds-213czf"
"""The prefix the standard's documents use in examples: a publisher who wants to be listed asks for their own."""
ACTS = ("CallForTenders", "Contract")

Json = dict[str, Any]


def write_ocds(connection: Connection, out: BinaryIO) -> int:
    """Every process, as one release package; how many."""
    day = queries.newest_day(connection)
    head = {
        "uri": f"urn:tocsin:registry:{day}", "version": "1.1", "publishedDate": stamp(day),
        "publisher": {"name": "Tocsin registry"},
    }  # fmt: skip
    out.write(json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "releases": [')
    count = 0
    for release in releases(connection):
        out.write((b",\n" if count else b"\n") + json.dumps(release, ensure_ascii=False).encode())
        count += 1
    out.write(b"\n]}\n")
    return count


def releases(connection: Connection) -> Iterator[Json]:
    """A release for each process, in the order of ids."""
    acts = connection.execute(select(entity.c.entity).where(entity.c.schema.in_(ACTS)).order_by(entity.c.entity))
    names = [row[0] for row in acts.all()]
    said = dict(found_by(connection, statement.c.entity, names, statement.c.value, statement.c.property == "ocid"))
    by_process: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_process[said.get(name) or f"{PREFIX}-{name}"].append(name)
    for ocid in sorted(by_process):
        yield release_of(connection, ocid, [queries.entity_of(connection, name) for name in by_process[ocid]])


def release_of(connection: Connection, ocid: str, acts: Iterable[Entity]) -> Json:
    """One process as it stands now."""
    known = list(acts)
    parties: dict[str, Json] = {}
    made: Json = {"ocid": ocid, "initiationType": "tender"}
    for act in known:
        money = [one for one in amounts.money_of(connection, act) if one.amount.contract in act.members]
        buyers = [_party(connection, parties, one, "buyer") for one in act.values("authority")]
        if buyers:
            made.setdefault("buyer", buyers[0])
        if act.schema == "CallForTenders":
            made["tender"] = _tender(act, money)
            continue
        sellers = [_party(connection, parties, one, "supplier") for one in act.values("supplier")]
        made.setdefault("awards", []).append(_award(act, money, sellers))
        made.setdefault("contracts", []).append(_contract(act, money))
        _beside(made, act, money)
        _contested(made, act, money)
    if parties:
        made["parties"] = [{**one, "roles": sorted(one["roles"])} for one in parties.values()]
    hashes = "".join(sorted(act.version.hash for act in known))
    first = max(
        (
            kept.said.last_seen
            for act in known
            for prop in act.properties
            for value in prop.values
            for kept in value.claims
        ),
        default=0,
    )
    tags = [
        tag
        for tag, has in (("tender", "tender" in made), ("award", "awards" in made), ("contract", "contracts" in made))
        if has
    ]
    return {"id": f"{ocid}-{sha256(hashes.encode()).hexdigest()[:16]}", "date": stamp(first), "tag": tags, **made}


def _tender(act: Entity, money: list[Money]) -> Json:
    """The call. The standard's status of one whose contract is known, and of one that is not, is not ours to guess."""
    value = _value(money, ValueKind.ESTIMATE)
    return {"id": act.id, "title": act.caption, **({"value": value} if value else {})}


def _award(act: Entity, money: list[Money], sellers: list[Json]) -> Json:
    value, date = _value(money, ValueKind.AWARD), _date(act.first("contractDate"))
    more = {"suppliers": sellers, "value": value, "date": date, "description": "; ".join(act.values("notes"))}
    return {"id": act.id, "title": act.caption, **{name: one for name, one in more.items() if one}}


def _contract(act: Entity, money: list[Money]) -> Json:
    value, signed, ends = (
        _value(money, ValueKind.CEILING),
        _date(act.first("contractDate")),
        _date(act.first("endDate")),
    )
    made: Json = {"id": act.id, "awardID": act.id, "title": act.caption}
    made |= {name: one for name, one in (("value", value), ("dateSigned", signed)) if one}
    if ends:
        made["period"] = {"endDate": ends}
    paid = [one for one in money if one.amount.kind is ValueKind.PAID and one.amount.currency]
    if paid:
        made["implementation"] = {"transactions": [_transaction(one) for one in paid]}
    return made


def _transaction(one: Money) -> Json:
    date = _date(one.date)
    return {"id": one.id, "value": _money(one), **({"date": date} if date else {})}


def _beside(made: Json, act: Entity, money: list[Money]) -> None:
    """Amounts that the standard has no place for, under our own name, with what they are."""
    placed = {ValueKind.ESTIMATE, ValueKind.AWARD, ValueKind.CEILING, ValueKind.PAID}
    rest = [one for one in money if one.amount.kind not in placed]
    if rest:
        told = [{"contract": act.id, "kind": str(one.amount.kind), "date": one.date, **_money(one)} for one in rest]
        made.setdefault("tocsin", {}).setdefault("valueEvents", []).extend(told)


def _contested(made: Json, act: Entity, money: list[Money]) -> None:
    """Which values of an act and its amounts are contested, or were found wrong."""
    own = [
        (act.id, prop.name, value.value, value.mark) for prop in act.properties for value in prop.values if value.mark
    ]
    own += [(one.id, mark.property, mark.value, mark.told) for one in money for mark in one.marks]
    told = [dict(zip(("about", "property", "value", "mark"), one, strict=True)) for one in own]
    if told:
        made.setdefault("tocsin", {}).setdefault("contested", []).extend(told)


def _value(money: list[Money], kind: ValueKind) -> Json | None:
    """The newest total of a kind; nothing where two of the newest day differ, because one of them would be chosen for the reader."""
    totals = [one for one in money if one.amount.kind is kind and one.amount.currency and not one.amount.is_step]
    newest = max((one.date for one in totals), default="")
    values = {json.dumps(_money(one)): one for one in totals if one.date == newest}
    return _money(next(iter(values.values()))) if len(values) == 1 else None


def _money(one: Money) -> Json:
    return {"amount": _number(one.amount.amount), "currency": one.amount.currency}


def _number(amount: Decimal) -> int | float:
    """A number as JSON has them: whole where it is whole, else the nearest that a reader's program knows."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _party(connection: Connection, parties: dict[str, Json], name: str, role: str) -> Json:
    if name not in parties:
        caption = queries.captions_of(connection, [name]).get(name, name)
        parties[name] = {"id": name, "name": caption, "roles": set()}
    parties[name]["roles"].add(role)
    return {"id": name, "name": parties[name]["name"]}


def _date(said: str) -> str:
    """A whole day as the standard's date-time; a month or a year is no day, and is left out."""
    is_day = len(said) >= 10 and said[4] == said[7] == "-" and said[:10].replace("-", "").isdigit()
    return f"{said[:10]}T00:00:00Z" if is_day else ""
