"""The seventy facts that ship with the program (`starter_facts.csv`), as statements with their caveats.

Each row of the table becomes an act (contract, call, deployment, decision, aggregate), the institutions it names, and its value
events. The table's own words stay beside everything that was put in order: the kind of amount, the status, the note.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tocsin.registry.model import Claim, Confidence, Draft, Row, Source, ValueKind, VerbClass, slug

FACTS = Path(__file__).parent / "starter_facts.csv"
DATASET = "starter"
PREFIX = "tf"

SCHEMA_OF = {
    "contract": "Contract", "contract-modification": "Contract", "framework": "Contract", "claim": "Contract",
    "tender": "CallForTenders", "tender-lot": "CallForTenders", "deployment": "Deployment", "aggregate": "Spending",
    "court-decision": "OversightDecision", "oversight-decision": "OversightDecision", "policy": "PolicyAdoption",
}  # fmt: skip
COUNTRIES = {"US-federal": "us", "US-TX": "us", "US-MN": "us", "FR": "fr"}

KINDS = {
    "F001": ValueKind.OBLIGATED, "F002": ValueKind.MODIFICATION, "F014": ValueKind.CEILING, "F027": ValueKind.ESTIMATE,
    "F034": ValueKind.CEILING, "F036": ValueKind.CEILING, "F037": ValueKind.CEILING, "F038": ValueKind.CEILING,
    "F043": ValueKind.CEILING, "F044": ValueKind.CEILING, "F054": ValueKind.PAID, "F059": ValueKind.ESTIMATE,
}  # fmt: skip
"""Where the table's own word for the amount does not say it by itself."""

ALSO = {
    "F014": ((ValueKind.OBLIGATED, "3750000", "3,750,000 obligated"),),
    "F028": ((ValueKind.PAID, "3600000", "more than 3.6M paid to 2023"),),
    "F033": ((ValueKind.CEILING, "123000000", "potential 123M"),),
    "F036": ((ValueKind.PAID, "1600000", "1.6M paid at source date"),),
    "F043": ((ValueKind.AWARD, "16800000", "16.8M at signature"),),
    "F068": ((ValueKind.CEILING, "8000000", "maximum 8,000,000"),),
}
"""Second amounts that stand in the same cell."""

WITHIN = {
    "F002": "F001",
    "F035": "F038",
    "F036": "F038",
    "F037": "F038",
    "F050": "F049",
    "F051": "F049",
    "F052": "F049",
}
"""Rows that the notes call part of another: a sum of both is refused."""

NOT_NAMED = frozenset({"13 firms", "429 contracts", "(reseller to be chosen) AWS and Microsoft"})
"""Vendor cells that name nobody."""
PARENTS = {"BI Incorporated": "GEO Group", "LexisNexis": "RELX", "BriefCam": "Canon"}
RESELLERS = {"F042": "Carahsoft Technology", "F070": "Nomadys"}

SAME = (("palantir", "palantir-technologies"), ("palantir", "palantir-technologies-inc"))
"""Spellings of one firm, by the part of the id that comes from the name."""


INSTITUTIONS = ("SPIE CityNetworks",)
"""Firms that the person rule holds for the shape of their name; the table's source names them as firms."""


def rows(path: Path = FACTS) -> Iterator[Row]:
    """Every row of the table."""
    with path.open(encoding="utf-8", newline="") as file:
        for number, given in enumerate(csv.DictReader(file), 1):
            yield row_of(number, given)


def row_of(number: int, given: Mapping[str, str]) -> Row:
    """One row of the table as entities and claims."""
    acts = [_act(given), *_institutions(given), _technology(given), *_events(given)]
    kind = given["source_kind"]
    return Row(
        number,
        acts,
        Source(given["source_url"], kind, _lineage(kind)),
        _verb(given),
        Confidence(given["confidence"]),
        given["date"],
    )


def id_of(row: str) -> str:
    return f"{PREFIX}-{row.lower()}"


def institution(name: str) -> str:
    """The id of an institution: by its name as printed, so that two spellings are two until somebody says they are one."""
    return f"{PREFIX}-org-{slug(name)}"


def _lineage(kind: str) -> str:
    """What it is a copy or summary of, where it says so."""
    found = re.match(r"(?:copy|summary) of (.+)", kind)
    return found[1] if found else ""


def _verb(given: Mapping[str, str]) -> VerbClass:
    if given["record_kind"] in ("court-decision", "oversight-decision"):
        return VerbClass.RULED
    if given["confidence"] == "low":
        return VerbClass.ALLEGED
    is_record = given["source_kind"].startswith(("primary", "USAspending", "full text"))
    return VerbClass.RECORDED if is_record else VerbClass.REPORTED


def _vendors(given: Mapping[str, str]) -> list[str]:
    if given["vendor"] in NOT_NAMED:
        return []
    return [re.sub(r"\s*\(integrator\)$", "", one.strip()) for one in given["vendor"].split(";") if one.strip()]


def _act(given: Mapping[str, str]) -> Draft:
    schema = SCHEMA_OF[given["record_kind"]]
    bought = schema not in ("OversightDecision", "PolicyAdoption")
    claims = [Claim("title", given["name"]), Claim("country", COUNTRIES[given["jurisdiction"]], given["jurisdiction"])]
    claims += [Claim("authority", institution(given["buyer"])), Claim("technology", _technology_id(given))]
    claims += [Claim("sourceUrl", given["source_url"]), *_dates(schema, given), *_statuses(given)]
    if given["note"]:
        claims.append(Claim("notes", given["note"]))
    if bought:
        claims += [Claim("supplier", institution(one)) for one in _vendors(given)]
        claims += [Claim("intermediary", given["reseller_or_parent"])] if given["reseller_or_parent"] else []
        claims += [Claim("reseller", institution(RESELLERS[given["id"]]))] if given["id"] in RESELLERS else []
        claims += [Claim("partOf", id_of(WITHIN[given["id"]]))] if given["id"] in WITHIN else []
        claims += [Claim("summary", given["vendor"])] if given["vendor"] in NOT_NAMED else []
    return Draft(id_of(given["id"]), schema, claims, _facets(given))


def _dates(schema: str, given: Mapping[str, str]) -> list[Claim]:
    named = {"Contract": "contractDate", "CallForTenders": "publicationDate", "Deployment": "startDate"}.get(
        schema, "date"
    )
    numbered = {"Contract": "procedureNumber", "CallForTenders": "callId", "Spending": "summary"}.get(
        schema, "identifier"
    )
    pairs = ((named, given["date"]), ("endDate", given["end_date"]), (numbered, given["identifier"]))
    return [Claim(name, value) for name, value in pairs if value]


def _statuses(given: Mapping[str, str]) -> list[Claim]:
    """«disputed: A, B, C» is three claims beside each other, a denial alleged. None has a date: the row's is another's."""
    status = given["status"]
    if not status:
        return []
    if not status.startswith("disputed:"):
        return [Claim("status", status, as_of="")]
    parts = [one.strip() for one in status.removeprefix("disputed:").split(",")]
    denied = VerbClass.ALLEGED
    return [Claim("status", one, status, denied if re.search(r"\bdenies\b", one) else None, "") for one in parts]


def _technology_id(given: Mapping[str, str]) -> str:
    return f"{PREFIX}-technology-{slug(given['technology'])}"


def _technology(given: Mapping[str, str]) -> Draft:
    return Draft(_technology_id(given), "Technology", [Claim("name", given["technology"])])


def _institutions(given: Mapping[str, str]) -> Iterator[Draft]:
    country = Claim("country", COUNTRIES[given["jurisdiction"]], given["jurisdiction"])
    yield Draft(institution(given["buyer"]), "PublicBody", [Claim("name", given["buyer"]), country])
    for vendor in _vendors(given):
        claims = [Claim("name", vendor)]
        if vendor in PARENTS:
            claims.append(Claim("parent", institution(PARENTS[vendor]), given["reseller_or_parent"]))
            yield Draft(institution(PARENTS[vendor]), "Company", [Claim("name", PARENTS[vendor])])
        yield Draft(institution(vendor), "Company", claims)
    if given["id"] in RESELLERS:
        reseller = RESELLERS[given["id"]]
        yield Draft(institution(reseller), "Company", [Claim("name", reseller)])


def _events(given: Mapping[str, str]) -> Iterator[Draft]:
    if not given["amount"]:
        return
    known = KINDS.get(given["id"]) or _kind(given["amount_kind"], given["record_kind"])
    for at, (kind, amount, said) in enumerate(
        [(known, given["amount"], given["amount_kind"]), *ALSO.get(given["id"], ())]
    ):
        belongs = "about" if given["record_kind"] == "aggregate" else "contract"
        claims = [Claim(belongs, id_of(given["id"])), Claim("kind", str(kind), said), Claim("amount", amount, said)]
        claims += [Claim("currency", given["currency"])] + ([Claim("date", given["date"])] if given["date"] else [])
        yield Draft(f"{id_of(given['id'])}-value-{at}", "ValueEvent", claims)


def _kind(said: str, record: str) -> ValueKind:
    if record == "aggregate":
        return ValueKind.AGGREGATE
    words = {"ceiling": ValueKind.CEILING, "maximum": ValueKind.CEILING, "potential": ValueKind.CEILING}
    words |= {"estimate": ValueKind.ESTIMATE, "estimated": ValueKind.ESTIMATE}
    first = re.split(r"[^a-z]+", said.lower())[0]
    return words.get(first, ValueKind.AWARD)


def _facets(given: Mapping[str, str]) -> dict[str, list[str]]:
    year = given["date"][:4]
    known = [KINDS.get(given["id"]) or _kind(given["amount_kind"], given["record_kind"])] if given["amount"] else []
    return {
        "technology": [one.strip() for one in re.split(r"[,/]\s*", given["technology"]) if one.strip()],
        "buyer": [given["buyer"]],
        "vendor": _vendors(given),
        "place": [given["jurisdiction"]],
        "year": [year] if year else [],
        "kind": [str(one) for one in known] + [str(kind) for kind, _, _ in ALSO.get(given["id"], ())],
    }
