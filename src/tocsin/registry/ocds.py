"""OCDS 1.0 and 1.1 as rows: releases, packages of them, records, one document or one a line.

A process becomes its call for tenders (its value an estimate) and, for each award, a contract (its value as awarded) with its
suppliers; a contract's own value stands beside the award's where they differ, and then no sum is said. Payments are steps of what was
paid. A later release of the same award says a later value, dated by the release. Contact points, addresses below the commune and
bidders that got nothing are not read.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tocsin.registry.exact import exact
from tocsin.registry.importing import Bad, FileNotUnderstood, Read
from tocsin.registry.json_files import LineMalformed, documents, part, parts, text
from tocsin.registry.model import Claim, Draft, Row, Source, ValueKind, slug

KIND = "OCDS"
PACKAGES = frozenset({"releases", "records", "ocid"})
LONGEST_ID = 60

Json = dict[str, Any]
Parties = Mapping[str, Json]


def reader(url: str) -> Callable[[Path], Read]:
    return lambda path: read(path, url)


def read(path: Path, url: str = "") -> Iterator[Row | Bad]:
    """Every release of a file. Raises `FileNotUnderstood` for a file that begins with something else."""
    number = 0
    for at, document in enumerate(documents(path)):
        is_ours = isinstance(document, dict) and bool(PACKAGES & document.keys())
        if not is_ours:
            if at == 0:
                raise FileNotUnderstood
            number += 1
            yield Bad(number, "line_malformed" if isinstance(document, LineMalformed) else "release_malformed")
            continue
        for release in _releases(document):
            number += 1
            yield row_of(number, release, url or text(document, "uri"))


def _releases(document: Json) -> Iterator[Any]:
    """The releases of a document. Of a record its releases, and without them its compiled one, never both."""
    for one in [document] if "ocid" in document else [*_all(document, "releases"), *_all(document, "records")]:
        whole = [release for release in _all(one, "releases") if isinstance(release, dict) and "date" in release]
        compiled = [part(one, "compiledRelease")] if part(one, "compiledRelease") else []
        yield from whole or compiled or [one]


def _all(told: Any, name: str) -> list[Any]:
    value = told.get(name) if isinstance(told, dict) else None
    return value if isinstance(value, list) else []


def row_of(number: int, release: Any, url: str) -> Row | Bad:
    """One release."""
    ocid = text(release, "ocid")
    if not ocid or not isinstance(release, dict):
        return Bad(number, "release_malformed")
    try:
        drafts = list(_drafts(ocid, release))
    except InvalidOperation:
        return Bad(number, "amount_malformed")
    if not drafts:
        return Bad(number, "nothing_awarded")
    source = Source(url or f"urn:ocds:{slug(ocid)}", KIND)
    return Row(number, drafts, source, as_of=text(release, "date")[:10])


def _drafts(ocid: str, release: Json) -> Iterator[Draft]:
    parties: Parties = {text(one, "id"): one for one in parts(release, "parties")}
    tender = part(release, "tender")
    buyer = _organization(part(release, "buyer") or part(tender, "procuringEntity"), parties, "PublicBody")
    awards, contracts = parts(release, "awards"), parts(release, "contracts")
    by_award = {text(one, "awardID"): one for one in contracts}
    if tender and text(tender, "title", "description"):
        yield from _tender(ocid, tender, buyer)
    for award in awards:
        yield from _award(ocid, award, by_award.pop(text(award, "id"), {}), buyer, parties, tender)
    for contract in by_award.values():
        yield from _award(ocid, {}, contract, buyer, parties, tender)
    if buyer and (awards or contracts or tender):
        yield buyer


def _tender(ocid: str, tender: Json, buyer: Draft | None) -> Iterator[Draft]:
    name = f"ocds-{short(ocid)}-tender"
    claims = _told(
        tender,
        {
            "title": ("title", "description"),
            "status": ("status",),
            "callId": ("id",),
            "procedure": ("procurementMethodDetails", "procurementMethod"),
        },
    )
    claims += [Claim("ocid", ocid, as_of="")] + ([Claim("authority", buyer.id, as_of="")] if buyer else [])
    begun = text(part(tender, "tenderPeriod"), "startDate")[:10]
    yield Draft(name, "CallForTenders", claims + ([Claim("publicationDate", begun)] if begun else []))
    yield from _value(f"{name}-value", name, ValueKind.ESTIMATE, part(tender, "value"), begun)


def _award(
    ocid: str, award: Json, contract: Json, buyer: Draft | None, parties: Parties, tender: Json
) -> Iterator[Draft]:
    name = f"ocds-{short(ocid)}-{short(text(award, 'id') or text(contract, 'id', 'awardID') or '1')}"
    claims = _told(award, {"title": ("title",), "status": ("status",), "description": ("description",)})
    claims += _told(contract, {"procedureNumber": ("id",), "status": ("status",)})
    if not any(claim.property == "title" for claim in claims):
        claims.append(Claim("title", text(contract, "title") or text(tender, "title", "description") or ocid, as_of=""))
    signed = text(contract, "dateSigned")[:10] or text(award, "date")[:10]
    ended = text(part(contract, "period"), "endDate")[:10]
    claims += [Claim(prop, value) for prop, value in (("contractDate", signed), ("endDate", ended)) if value]
    sellers = [found for one in parts(award, "suppliers") if (found := _organization(one, parties, "Company"))]
    claims += [Claim("supplier", one.id, as_of="") for one in sellers]
    claims += [Claim("ocid", ocid, as_of="")] + ([Claim("authority", buyer.id, as_of="")] if buyer else [])
    if tender and text(tender, "title", "description"):
        claims.append(Claim("callForTenders", f"ocds-{short(ocid)}-tender", as_of=""))
    yield Draft(name, "Contract", claims)
    yield from sellers
    awarded, agreed = part(award, "value"), part(contract, "value")
    yield from _value(f"{name}-award", name, ValueKind.AWARD, awarded or agreed, signed)
    if (
        awarded
        and agreed
        and (_amount(agreed), text(agreed, "currency")) != (_amount(awarded), text(awarded, "currency"))
    ):
        yield from _value(f"{name}-contract", name, ValueKind.AWARD, agreed, signed)
    for at, paid in enumerate(parts(part(contract, "implementation"), "transactions")):
        value = part(paid, "value") or part(paid, "amount")
        event = f"{name}-paid-{short(text(paid, 'id') or str(at))}"
        yield from _value(event, name, ValueKind.PAID, value, text(paid, "date")[:10], is_step=True)


def _value(event: str, act: str, kind: ValueKind, value: Json, date: str, *, is_step: bool = False) -> Iterator[Draft]:
    amount = _amount(value)
    if amount is None:
        return
    claims = [Claim("contract", act, as_of=""), Claim("kind", str(kind), as_of=""), Claim("amount", f"{amount:f}")]
    claims += [Claim("currency", text(value, "currency"), as_of="")] if text(value, "currency") else []
    claims += [Claim("date", date)] if date else []
    yield Draft(event, "ValueEvent", claims + ([Claim("step", "1", as_of="")] if is_step else []))


def _amount(value: Json) -> Decimal | None:
    """Raises `InvalidOperation` for an amount that is no number."""
    said = text(value, "amount")
    if not said:
        return None
    return exact(said)


def _organization(reference: Json, parties: Parties, schema: str) -> Draft | None:
    """An organization by its identifier, or by the publisher's own id for it; of 1.0, where it stands itself."""
    whole = {**parties.get(text(reference, "id"), {}), **reference}
    name = text(whole, "name") or text(part(whole, "identifier"), "legalName")
    if not name:
        return None
    identifier = part(whole, "identifier") or part(parties.get(text(reference, "id")), "identifier")
    scheme, number = text(identifier, "scheme"), text(identifier, "id")
    known = f"{scheme}-{number}" if number else text(whole, "id") or name
    claims = [Claim("name", name, as_of="")] + (
        [Claim("registrationNumber", number, scheme, as_of="")] if number else []
    )
    country = text(part(whole, "address"), "countryName")
    claims += [Claim("country", country, as_of="")] if len(country) == 2 else []
    return Draft(f"org-{short(known)}", schema, claims)


def _told(given: Json, wanted: Mapping[str, tuple[str, ...]]) -> list[Claim]:
    dated = ("status",)
    return [
        Claim(prop, said, as_of=None if prop in dated else "")
        for prop, names in wanted.items()
        if (said := text(given, *names))
    ]


def short(name: str) -> str:
    """A foreign id as part of ours: readable, and never the same for two that only begin alike."""
    made = slug(name)
    if len(made) <= LONGEST_ID:
        return made
    whole = name.encode(errors="surrogatepass")  # a name with half a letter is refused later, at the door, with its row
    return f"{made[:48]}-{blake2b(whole, digest_size=5).hexdigest()}"
