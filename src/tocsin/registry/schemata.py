"""The kinds of entities and their properties: names of FollowTheMoney 4.11 where it has one, ours where it has none.

Only what the registry uses. `exported` is the nearest standard schema of one of ours, `renamed` where our property goes there; a
property without a place is carried as a sentence in `notes`, so that nothing is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tocsin.registry.model import StatementMalformed

THING = ("name", "alias", "country", "summary", "notes", "description", "sourceUrl", "keywords", "topics", "address")
LEGAL = (*THING, "status", "website", "registrationNumber", "uniqueEntityId", "cageCode", "jurisdiction", "parent")
INTERVAL = ("date", "startDate", "endDate")
CASE = ("category", "type", "status", "caseNumber", "court", "fileDate", "closeDate")
BOUGHT = (
    "title", "authority", "supplier", "technology", "product", "reseller", "intermediary", "partOf", "status", "location", "ocid",
)  # fmt: skip
ACT = ("title", "authority", "technology", "status", "date", "endDate", "identifier")

INSTITUTIONS = frozenset({"Company", "Organization", "PublicBody", "LegalEntity"})
"""Who acts; found before what was done."""

REFERENCES = frozenset(
    {"authority", "supplier", "technology", "product", "reseller", "partOf", "contract", "parent", "agent", "client",
     "owner", "asset", "subject", "object", "callForTenders", "payer", "beneficiary", "vendor", "about"}
)  # fmt: skip
"""Properties whose value is the id of an entity."""

SINGLE = frozenset({"status", "contractDate", "amount", "currency", "kind", "parent", "endDate", "date"})
"""Properties that have one true value: two claims of it contradict each other."""

PLACES = frozenset({"latitude", "longitude"})
"""Never finer than a hundredth of a degree, whatever a source says (`record`)."""

LONG = frozenset({"bodyText"})
"""Properties that hold whole pages: looked through word by word before they are let in (`redact`)."""

CONTACTS = frozenset({"email", "phone", "telephone", "fax", "contact", "contactPoint", "contactName"})
"""Never taken, whatever schema has them (rule 22: contact columns)."""


@dataclass(frozen=True)
class Schema:
    """One kind of entity. `words`: what a search looks through."""

    name: str
    properties: tuple[str, ...]
    exported: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    is_searched: bool = True

    @cached_property
    def allowed(self) -> frozenset[str]:
        return frozenset(self.properties)

    @property
    def outside(self) -> str:
        """The schema it has in an export."""
        return self.exported or self.name


_ALL = (
    Schema("Company", LEGAL),
    Schema("Organization", LEGAL),
    Schema("PublicBody", LEGAL),
    Schema("LegalEntity", LEGAL),
    Schema(
        "Contract",
        (*THING, *BOUGHT, "contractDate", "endDate", "procedureNumber", "procedure", "method", "classification", "offers",
         "callForTenders"),
    ),
    Schema("CallForTenders", (*THING, *BOUGHT, "publicationDate", "endDate", "callId", "procedure", "cpvCode")),
    Schema("CourtCase", (*THING, *CASE, "authority", "technology", "date")),
    Schema(
        "Document",
        (*THING, "title", "date", "language", "contentHash", "bodyText", "about"),
    ),
    Schema("Ownership", (*INTERVAL, "owner", "asset", "percentage", "sourceUrl"), is_searched=False),
    Schema("Representation", (*INTERVAL, "agent", "client", "role", "sourceUrl"), is_searched=False),
    Schema("UnknownLink", (*INTERVAL, "subject", "object", "role", "sourceUrl"), is_searched=False),
    Schema("Technology", THING, "Asset"),
    Schema("Product", (*THING, "vendor", "technology"), "Asset"),
    Schema(
        "Deployment", (*THING, *BOUGHT, *INTERVAL, "identifier", "latitude", "longitude"), "Project",
        {"title": "name", "identifier": "projectId", "date": "startDate"},
    ),
    Schema(
        "ValueEvent", ("contract", "kind", "amount", "currency", "date", "step", "payer", "beneficiary", "about", "notes"),
        "ContractAward", is_searched=False,
    ),
    Schema("PolicyAdoption", (*THING, *ACT), "Event", {"authority": "organizer", "title": "name"}),
    Schema("OversightDecision", (*THING, *ACT), "CourtCase", {"identifier": "caseNumber", "date": "closeDate", "title": "name"}),
    Schema("Spending", (*THING, *BOUGHT, *INTERVAL), "Project", {"title": "name", "date": "startDate"}),
)  # fmt: skip
SCHEMATA: Mapping[str, Schema] = {schema.name: schema for schema in _ALL}
WITH_PAGES = frozenset(schema.name for schema in _ALL if LONG & schema.allowed)
OURS = frozenset(schema.name for schema in _ALL if schema.exported)

PERSONS = frozenset(
    {"Person", "Associate", "Family", "Directorship", "Employment", "Membership", "Identification", "Passport",
     "Occupancy", "UserAccount", "Email", "Message", "Call"}
)  # fmt: skip
"""Schemata of FollowTheMoney that are about natural persons: held back whatever they say."""


def schema_of(name: str) -> Schema:
    """Raises `StatementMalformed` for a schema the registry does not know."""
    if name not in SCHEMATA:
        raise StatementMalformed
    return SCHEMATA[name]
