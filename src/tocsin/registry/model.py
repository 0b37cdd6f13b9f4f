"""What the registry says: statements about institutions, each with its source. Frozen; nothing here touches a database.

A row of a source (`Row`) becomes entities (`Draft`) made of claims. What makes a statement the same statement is its `digest`: the
same claim from the same source again is no news.
"""

import builtins
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

from tocsin.errors import TocsinError

SEPARATOR = "\x1f"
SEPARATORS = 10
"""How many are between the parts of one statement."""
FAR = 2
"""Decimals of a degree that are kept: about a kilometre."""
FARTHEST = {"latitude": 90, "longitude": 180}
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?")
_ADDRESS = re.compile(r"(?:https?://|urn:)[^\s]+", re.IGNORECASE)
"""Readers follow what a source says it is at: an address of another kind (RFC 3986, section 7) may be a program."""
CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))


class VerbClass(StrEnum):
    """What kind of word stands behind a claim."""

    RECORDED = "recorded"
    """A public register, a contract, an act says so."""
    REPORTED = "reported"
    """Press, researchers or campaigners say so."""
    ALLEGED = "alleged"
    """One side says so, or nobody has confirmed it."""
    RULED = "ruled"
    """A court or an authority decided so."""


class Confidence(StrEnum):
    """How well a claim is supported, as whoever recorded it judged. `LOW` never stands as plain fact."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ValueKind(StrEnum):
    """What an amount of money is. Two kinds are never added up."""

    ESTIMATE = "estimate"
    CEILING = "ceiling"
    AWARD = "award"
    """The value an award was published or reported with, where nobody says whether it is a maximum or committed."""
    OBLIGATED = "obligated"
    PAID = "paid"
    MODIFICATION = "modification"
    AGGREGATE = "aggregate"


class StatementMalformed(TocsinError):
    """A claim without what every claim has, or of a schema or property that there is not."""

    code = "statement_malformed"
    status = 422
    message = (
        "A claim has no entity, property, value or date, no source with an address on the web, or is of a kind that is not known. "
        "Nothing was recorded."
    )


class LettersMalformed(StatementMalformed):
    """A claim that holds what is no letter: a byte that could not be read, half of a pair, a NUL or another control."""

    code = "letters_malformed"


class PlaceMalformed(StatementMalformed):
    """A place that is finer than a hundredth of a degree, which is a house's, or that is none."""

    code = "place_malformed"


class EntityUnknown(TocsinError):
    code = "entity_unknown"
    status = 404
    message = "The registry has nothing at this address. Search for it by name."


@dataclass(frozen=True)
class Source:
    """Where a claim was read. `lineage` names the original: ten copies of one story have one lineage and are one source."""

    url: str
    kind: str
    lineage: str = ""

    @property
    def origin(self) -> str:
        return self.lineage or self.url

    @cached_property
    def is_address(self) -> bool:
        """Whether it is on the web, or the name of a data set."""
        return _ADDRESS.fullmatch(self.url) is not None

    def __hash__(self) -> int:
        return hash(self.digest)  # asked once a statement

    @cached_property
    def digest(self) -> bytes:
        return blake2b(SEPARATOR.join((self.url, self.kind, self.origin)).encode(), digest_size=16).digest()


class Claim(NamedTuple):
    """One value of one property. What is `None` is as the row has it."""

    property: str
    value: str
    original: str = ""
    """As the source wrote it, where `value` was put in order."""
    verb: VerbClass | None = None
    as_of: str | None = None


@dataclass(frozen=True)
class Draft:
    """An entity as one row tells it. `facets`: what it can be filtered by; `is_sole_trader`: the source itself says so."""

    id: str
    schema: str
    claims: Sequence[Claim]
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_sole_trader: bool = False

    def is_timeless(self) -> bool:
        """Whether no claim of it is as of the row's own date."""
        return all(claim.as_of is not None for claim in self.claims)


@dataclass(frozen=True)
class Row:
    """One row of a source. `number` finds it again in the source; it is all that is kept of a row that was held back."""

    number: int
    drafts: Sequence[Draft]
    source: Source
    verb: VerbClass = VerbClass.RECORDED
    confidence: Confidence = Confidence.HIGH
    as_of: str = ""
    said: "Sequence[Statement]" = ()
    """Where the source is another registry: its statements as they are, and the drafts only say what they are about."""
    is_foreign: bool = False
    """Whether the ids are the source's own: one may be made of somebody's name."""


class Statement(NamedTuple):
    """One claim as it is kept. Days are whole days since 1970."""

    entity: str
    schema: str
    property: str
    value: str
    original: str
    dataset: str
    source: Source
    verb: VerbClass
    confidence: Confidence
    as_of: str
    first_seen: int
    last_seen: int

    @builtins.property  # `property` is a field here
    def digest(self) -> bytes:
        """Sixteen bytes that name this claim. What was seen when is not in it."""
        return _digest((*self[:6], _under(self.source, self.verb, self.confidence, self.as_of)))


Made = dict[bytes, Statement]
"""Statements by their digests."""
Shared = dict[tuple[int, int, int, str], str]
"""What claims of one source, verb, confidence and date have in common in their digests, as long as a batch holds those."""


def _under(source: Source, verb: VerbClass, confidence: Confidence, as_of: str) -> str:
    """What a row's claims mostly share, as their digests have it."""
    return SEPARATOR.join((source.url, source.origin, verb, confidence, as_of))


def _digest(parts: Sequence[str]) -> bytes:
    """Raises `LettersMalformed`: no database keeps such text alike, and a separator within could make two claims one."""
    try:
        told = SEPARATOR.join(parts).encode()
    except UnicodeEncodeError as error:
        raise LettersMalformed from error
    if len(told) - len(told.translate(None, CONTROLS)) != SEPARATORS:
        raise LettersMalformed
    return blake2b(told, digest_size=16).digest()


def statements_of(row: Row, dataset: str, day: int) -> Made:
    """Every statement a row makes, by digest. Raises `StatementMalformed` for a claim without what every claim has."""
    made: Made = {}
    for draft in row.drafts:
        made |= statements_of_draft(draft, row, dataset, day)
    return made


def statements_of_draft(draft: Draft, row: Row, dataset: str, day: int, shared: Shared | None = None) -> Made:
    """Every statement that a row makes with one draft. Raises `StatementMalformed` for a claim without what every claim has."""
    shared = {} if shared is None else shared
    name, schema, source, confidence = draft.id, draft.schema, row.source, row.confidence
    if not (name and dataset and source.is_address):
        raise StatementMalformed
    made: Made = {}
    for prop, value, original, own_verb, own_as_of in draft.claims:
        plain = value.strip()
        if not (plain and prop):
            raise StatementMalformed
        verb, as_of = own_verb or row.verb, row.as_of if own_as_of is None else own_as_of
        how = (id(source), id(verb), id(confidence), as_of)
        under = shared.get(how)
        if under is None:
            under = shared[how] = _under(source, verb, confidence, as_of)
        digest = _digest((name, schema, prop, plain, original, dataset, under))
        # A twentieth of an import is Python's own way of making a named tuple.
        made[digest] = tuple.__new__(
            Statement, (name, schema, prop, plain, original, dataset, source, verb, confidence, as_of, day, day)
        )
    return made


_WORD, _OTHER = re.compile(r"[^\W_]+"), re.compile(r"[^a-z0-9]+")


def folded(text: str) -> str:
    """Letters and digits in small letters without accents, one space between words: how names are compared and searched."""
    if text.isascii():
        plain = text.lower()
        # Most texts are words and spaces, and the pattern costs four times as much.
        return " ".join(plain.split() if plain.replace(" ", "").isalnum() else _WORD.findall(plain))
    plain = unicodedata.normalize("NFKD", text)
    return " ".join(_WORD.findall("".join(one for one in plain if not unicodedata.combining(one)).casefold()))


def coarse(way: str, said: str) -> str:
    """A `latitude` or `longitude` to a hundredth of a degree, which is a part of a town. Raises `PlaceMalformed` for what is none."""
    if not _DEGREES.fullmatch(said):
        raise PlaceMalformed
    degrees = round(float(said), FAR)
    if abs(degrees) > FARTHEST[way]:
        raise PlaceMalformed
    return f"{degrees:.{FAR}f}"


def slug(text: str) -> str:
    """`folded` as a part of an address."""
    plain = folded(text)
    return (plain.replace(" ", "-") if plain.isascii() else _OTHER.sub("-", plain).strip("-"))[:80] or "x"
