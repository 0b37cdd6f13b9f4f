"""French essential procurement facts (DECP) as rows: JSON of 2019 and 2022, and the consolidated table, where a line is a holder.

An amount is what was awarded, of a framework agreement the ceiling. A change of it is a later total by the same source: the newest
counts. The form of 2022 names no firm, only its number; a number without a name may be a sole trader's, so such rows are refused
unless a name comes with them.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import InvalidOperation
from itertools import chain
from pathlib import Path
from typing import Any

from tocsin.registry.csv_lines import CELL, head_of, numbered, opened
from tocsin.registry.exact import exact
from tocsin.registry.importing import Bad, FileNotUnderstood, Read
from tocsin.registry.json_files import documents, part, parts, text
from tocsin.registry.model import Claim, Draft, Row, Source, ValueKind
from tocsin.registry.ocds import short

KIND = "DECP"
SITE = "https://www.data.gouv.fr"
NEEDED = ("acheteur.id", "objet", "titulaire.id", "titulaire.denominationSociale")

Json = dict[str, Any]


def reader(url: str) -> Callable[[Path], Read]:
    return lambda path: read(path, url or SITE)


def read(path: Path, url: str = SITE) -> Iterator[Row | Bad]:
    """Every contract of a file, JSON or CSV. Raises `FileNotUnderstood` for anything else."""
    with path.open("rb") as file:
        begins = file.read(64).lstrip(b"\xef\xbb\xbf \r\n\t")
    source = Source(url, KIND)
    if begins[:1] == b"{":
        yield from (row_of(number, one, source) for number, one in enumerate(_contracts(path), 1))
    else:
        yield from _lines(path, source)


def _contracts(path: Path) -> Iterator[Any]:
    document = next(iter(documents(path)), None)
    held = document.get("marches") if isinstance(document, dict) else None
    if isinstance(held, dict):
        held = list(chain.from_iterable(one for one in held.values() if isinstance(one, list)))
    if not isinstance(held, list):
        raise FileNotUnderstood
    yield from held


def row_of(number: int, told: Any, source: Source) -> Row | Bad:
    """One contract with its changes."""
    buyer, objet = part(told, "acheteur") or part(told, "autoriteConcedante"), text(told, "objet")
    holders = _holders(told)
    if not (text(buyer, "id") and text(told, "id") and objet and holders):
        return Bad(number, "contract_malformed")
    changes = [part(one, "modification") or one for one in parts(told, "modifications")]
    everyone = [*holders, *(one for change in changes for one in _holders(change))]
    if not all(text(one, "denominationSociale") for one in everyone):
        return Bad(number, "supplier_unnamed")
    name = f"decp-{short(text(told, 'uid') or text(buyer, 'id') + text(told, 'id'))}"
    place = part(told, "lieuExecution")
    given = {
        "title": objet, "procedure": text(told, "procedure"), "classification": text(told, "codeCPV"),
        "procedureNumber": text(told, "id"), "method": text(told, "nature"), "location": text(place, "nom") or text(place, "code"),
    }  # fmt: skip
    try:
        events = list(_events(name, told, changes))
    except InvalidOperation:
        return Bad(number, "amount_malformed")
    notified = text(told, "dateNotification")[:10]
    drafts = [_contract(name, given, buyer, everyone, notified), _buyer(buyer), *map(_holder, everyone), *events]
    return Row(number, drafts, source, as_of=notified)


def _holders(told: Any) -> list[Json]:
    return [part(one, "titulaire") or one for one in (parts(told, "titulaires") or parts(told, "concessionnaires"))]


def _contract(name: str, given: Mapping[str, str], buyer: Json, holders: Sequence[Json], notified: str) -> Draft:
    claims = [Claim(prop, value, as_of="") for prop, value in given.items() if value]
    claims += [Claim("country", "fr", "FR", as_of=""), Claim("authority", _body(buyer), as_of="")]
    claims += [Claim("supplier", one, as_of="") for one in dict.fromkeys(_firm(one) for one in holders)]
    return Draft(name, "Contract", claims + ([Claim("contractDate", notified)] if notified else []))


def _events(name: str, told: Json, changes: Sequence[Json]) -> Iterator[Draft]:
    kind = ValueKind.CEILING if text(told, "nature").lower().startswith("accord") else ValueKind.AWARD
    amounts = [(text(told, "montant", "valeurGlobale"), text(told, "dateNotification")[:10])]
    dated = ("dateNotificationModification", "dateSignatureModification", "datePublicationDonneesModification")
    amounts += [(text(one, "montant", "valeurGlobale"), text(one, *dated)[:10]) for one in changes]
    for at, (amount, date) in enumerate(amounts):
        if amount:
            yield _event(f"{name}-value-{at}", name, kind, amount, date)


def _event(event: str, contract: str, kind: ValueKind, amount: str, date: str) -> Draft:
    plain = exact(amount.replace(",", ".").replace(" ", ""))
    claims = [
        Claim("contract", contract, as_of=""),
        Claim("kind", str(kind), as_of=""),
        Claim("amount", f"{plain:f}", as_of=""),
    ]
    return Draft(
        event,
        "ValueEvent",
        [*claims, Claim("currency", "EUR", as_of=""), *([Claim("date", date, as_of="")] if date else [])],
    )


def _body(buyer: Json) -> str:
    return f"org-fr-siret-{short(text(buyer, 'id'))}"


def _firm(holder: Json) -> str:
    known = text(holder, "id") or text(holder, "denominationSociale")
    return f"org-fr-{short(text(holder, 'typeIdentifiant') or 'siret')}-{short(known)}"


def _buyer(buyer: Json) -> Draft:
    name = text(buyer, "nom")
    claims = [Claim("registrationNumber", text(buyer, "id"), "SIRET", as_of=""), Claim("country", "fr", as_of="")]
    return Draft(_body(buyer), "PublicBody", [*claims, *([Claim("name", name, as_of="")] if name else [])])


def _holder(holder: Json) -> Draft:
    claims = [Claim("name", text(holder, "denominationSociale"), as_of="")]
    known = text(holder, "id")
    kind = text(holder, "typeIdentifiant") or "SIRET"
    return Draft(
        _firm(holder), "Company", claims + ([Claim("registrationNumber", known, kind, as_of="")] if known else [])
    )


def _lines(path: Path, source: Source) -> Iterator[Row | Bad]:
    """The consolidated table: a line for each holder and for each state of a contract."""
    with opened(path) as file:
        head = file.readline(CELL)
        file.seek(0)
        lines = csv.DictReader(file, delimiter=";" if head.count(";") > head.count(",") else ",")
        if not set(NEEDED) <= set(head_of(lines)):
            raise FileNotUnderstood
        for number, given in numbered(lines):
            if given is None:
                yield Bad(number, "line_malformed")
                continue
            yield _state(number, {name: cell for name, cell in given.items() if isinstance(name, str) and cell}, source)


def _state(number: int, given: Mapping[str, str], source: Source) -> Row | Bad:
    """One line: a contract as it stood when it was published, with one of its holders."""
    holder = {key: given.get(f"titulaire.{key}", "") for key in ("id", "typeIdentifiant", "denominationSociale")}
    told = {
        **given, "acheteur": {"id": given.get("acheteur.id", ""), "nom": given.get("acheteur.nom", "")}, "titulaires": [holder],
        "lieuExecution": {"code": given.get("lieuExecution.code", ""), "nom": given.get("lieuExecution.nom", "")},
    }  # fmt: skip
    made = row_of(number, {key: value for key, value in told.items() if key != "montant"}, source)
    amount, published = (
        given.get("montant", ""),
        given.get("datePublicationDonnees", "")[:10] or given.get("dateNotification", "")[:10],
    )
    if isinstance(made, Bad) or not amount:
        return made
    kind = ValueKind.CEILING if given.get("nature", "").lower().startswith("accord") else ValueKind.AWARD
    contract = made.drafts[0].id
    try:
        event = _event(
            f"{contract}-value-{short(published) if published else 'undated'}", contract, kind, amount, published
        )
    except InvalidOperation:
        return Bad(number, "amount_malformed")
    return Row(number, [*made.drafts, event], source, as_of=made.as_of)
