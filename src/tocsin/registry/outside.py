"""What others call our kinds of entities: the standard schemata and properties of FollowTheMoney 4.11 that an export may use.

The lists are facts of that release. An amount is handed out as a payment only where it was paid: a ceiling that reads like a payment
elsewhere would be the false sum of somebody else's page.
"""

from collections.abc import Mapping, Sequence

from tocsin.registry.schemata import SCHEMATA

_THING = (
    "name", "alias", "previousName", "weakAlias", "country", "summary", "notes", "description", "sourceUrl", "keywords", "topics",
    "address", "publisher", "publisherUrl", "wikidataId", "wikipediaUrl",
)  # fmt: skip
_VALUE = ("amount", "currency")
_INTERVAL = ("date", "startDate", "endDate", "sourceUrl", "summary", "description", "recordId", "publisher")
_LEGAL = (
    "status", "website", "registrationNumber", "uniqueEntityId", "jurisdiction", "parent", "leiCode", "vatCode", "dunsCode",
    "idNumber",
    "legalForm", "sector", "classification", "opencorporatesUrl", "mainCountry", "incorporationDate", "dissolutionDate",
)  # fmt: skip
STANDARD: Mapping[str, frozenset[str]] = {
    "Company": frozenset({*_THING, *_VALUE, *_LEGAL, "cageCode", "ticker", "isinCode"}),
    "Organization": frozenset({*_THING, *_LEGAL, "cageCode"}),
    "PublicBody": frozenset({*_THING, *_LEGAL, "cageCode"}),
    "LegalEntity": frozenset({*_THING, *_LEGAL}),
    "Contract": frozenset(
        {*_THING, *_VALUE, "title", "authority", "project", "type", "contractDate", "procedureNumber", "procedure", "noticeId",
         "numberAwards", "status", "method", "criteria", "classification", "cancelled", "language"}
    ),
    "ContractAward": frozenset(
        {*_INTERVAL, *_VALUE, "contract", "supplier", "callForTenders", "status", "role", "lotNumber", "cpvCode", "documentNumber"}
    ),
    "CallForTenders": frozenset(
        {*_THING, *_INTERVAL, "title", "authority", "publicationDate", "callId", "procedure", "cpvCode", "submissionDeadline",
         "nutsCode", "numberOfLots", "tedUrl"}
    ),
    "CourtCase": frozenset({*_THING, "category", "type", "status", "caseNumber", "court", "fileDate", "closeDate"}),
    "Document": frozenset({*_THING, "title", "date", "language", "contentHash", "bodyText", "fileName", "mimeType"}),
    "Ownership": frozenset({*_INTERVAL, "owner", "asset", "percentage", "ownershipType", "role", "status"}),
    "Representation": frozenset({*_INTERVAL, "agent", "client", "role", "status"}),
    "UnknownLink": frozenset({*_INTERVAL, "subject", "object", "role", "status"}),
    "Asset": frozenset({*_THING, *_VALUE}),
    "Project": frozenset({*_THING, *_INTERVAL, *_VALUE, "projectId", "status", "phase", "goal"}),
    "Payment": frozenset(
        {*_INTERVAL, *_VALUE, "payer", "beneficiary", "contract", "project", "programme", "purpose", "sequenceNumber",
         "transactionNumber"}
    ),
    "Event": frozenset({*_THING, *_INTERVAL, "organizer", "involved", "location"}),
}  # fmt: skip
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Contract": ("name", "title"), "CallForTenders": ("name", "title", "authority"), "Company": ("name",),
    "Organization": ("name",), "PublicBody": ("name",), "LegalEntity": ("name",), "CourtCase": ("name",),
    "Asset": ("name",), "Project": ("name",), "Event": ("name",), "Payment": ("payer", "beneficiary"),
    "ContractAward": ("contract", "supplier"), "Ownership": ("owner", "asset"), "Representation": ("agent", "client"),
    "Document": (), "UnknownLink": ("subject", "object"),
}  # fmt: skip

Properties = dict[str, list[str]]


def told_outside(
    schema: str, given: Mapping[str, Sequence[str]], parties: Mapping[str, Sequence[str]]
) -> tuple[str, Properties]:
    """An entity as others read it: a standard schema and its properties; what has no place there stands as sentences in a text.

    `parties`: of a value event, the `authority` and `supplier` of what it is a value of.
    """
    outside = _schema_of(schema, given, parties)
    allowed, renamed = STANDARD[outside], SCHEMATA[schema].renamed if schema in SCHEMATA else {}
    text = "notes" if "notes" in allowed else "description"
    made: Properties = {}
    for name, values in given.items():
        there = renamed.get(name, name)
        if there in allowed:
            made[there] = [*made.get(there, ()), *values]
        else:
            made[text] = [*made.get(text, ()), *(f"{name}: {value}" for value in values)]
    _complete(outside, made, given, parties)
    return outside, {name: list(dict.fromkeys(values)) for name, values in made.items()}


def _schema_of(schema: str, given: Mapping[str, Sequence[str]], parties: Mapping[str, Sequence[str]]) -> str:
    if schema == "ValueEvent":
        has_both = parties.get("authority") and parties.get("supplier")
        if "paid" in given.get("kind", ()) and has_both and "contract" in given:
            return "Payment"
        return "ContractAward" if "contract" in given and parties.get("supplier") else "Event"
    if schema == "CallForTenders" and not given.get("authority"):
        return "Project"
    return SCHEMATA[schema].outside


def _complete(
    outside: str, made: Properties, given: Mapping[str, Sequence[str]], parties: Mapping[str, Sequence[str]]
) -> None:
    """What the standard wants and we have under another name."""
    if outside == "Payment":
        made["payer"], made["beneficiary"] = list(parties["authority"]), list(parties["supplier"])
    if outside == "ContractAward":
        made["supplier"], made["status"] = list(parties["supplier"]), list(given.get("kind", ()))
    if "name" in REQUIRED[outside] and not made.get("name"):
        amount = [" ".join(one for name in ("kind", "amount", "currency") for one in given.get(name, ())[:1])]
        made["name"] = [*given.get("title", ())][:1] or [*filter(None, amount)] or ["-"]
    if "title" in REQUIRED[outside] and not made.get("title"):
        made["title"] = made["name"][:1]
