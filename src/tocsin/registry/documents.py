"""Publish a document that was looked through: its covered pictures and the words on them, as statements like any other.

Promise: what is stored comes from covered pictures and covered words alone, and is looked at once more at the store's door. Of the
original its SHA-256 stays, so that whoever has it can show that this is it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from sqlalchemy import Connection, select

from tocsin.errors import TocsinError
from tocsin.evidence import pixels
from tocsin.registry import facets, paper, search
from tocsin.registry.bulk import pieces
from tocsin.registry.facets import FACETS
from tocsin.registry.model import Claim, Draft, EntityUnknown, Row, Source, folded
from tocsin.registry.reading import Reading
from tocsin.registry.record import record
from tocsin.registry.redact import tells_person
from tocsin.registry.tables import entity, picture
from tocsin.store.plain import ask

DATASET = "documents"
KIND = "document"
LONGEST_TITLE = 300


class DocumentNotReady(TocsinError):
    code = "document_not_ready"
    status = 409
    message = "This document is still being read, or could not be. Look again in a moment; nothing was published."


class DocumentTellsPerson(TocsinError):
    code = "document_tells_person"
    status = 422
    message = "The title or the pages still seem to name or reach a person. Cover those words and publish again."


def publish(connection: Connection, reading: Reading, day: int) -> str:
    """Store a document; its id. Raises `DocumentNotReady`, `DocumentTellsPerson`, `EntityUnknown` for what it would be about."""
    if not reading.done.is_set() or reading.problem or not reading.pages:
        raise DocumentNotReady
    pages = range(len(reading.pages))
    texts = [reading.text(at) for at in pages]
    pictures = [pixels.png(reading.picture(at)) for at in pages]
    name = f"doc-{sha256(b''.join(pictures)).hexdigest()[:16]}"
    is_known = partial(search.is_said, connection)
    if any(tells_person(one, is_known) for one in [reading.told.title, *texts]):
        raise DocumentTellsPerson
    draft = Draft(name, "Document", _claims(reading, texts), _facets(connection, reading.told.about))
    row = Row(0, [draft], Source(reading.told.source, KIND), as_of=reading.told.date)
    done = record(connection, [row], DATASET, day)
    if done.held or done.refused:
        raise DocumentTellsPerson
    known = set(connection.execute(select(picture.c.page).where(picture.c.document == name)).scalars())
    rows = [{"document": name, "page": at + 1, "picture": pictures[at]} for at in pages if at + 1 not in known]
    if rows:
        connection.execute(picture.insert(), rows)
    return name


@dataclass(frozen=True)
class Copy:
    """A document of our own that was made of what stands, or stood, at a source's address."""

    document: str
    digest: str
    """SHA-256 of the original that was handed in."""
    day: int


def copies_of(connection: Connection, urls: Iterable[str]) -> dict[str, Copy]:
    """The newest copy of each of these addresses that there is one of."""
    digests = [Source(url, KIND).digest for url in set(urls)]
    sources = [row for some in pieces(digests) for row in ask(connection, _COPIED, list(some))]
    if not sources:
        return {}  # as nearly always: no document needs to be looked at
    # The documents first: a database that begins with the claims looks through all of them.
    ours = [row[0] for row in ask(connection, "SELECT document FROM registry_picture WHERE page = 1")]
    said = [row for some in pieces(ours) for row in ask(connection, _HASHES, list(some))]
    urls_of = dict(sources)
    return {urls_of[number]: Copy(*told) for _, number, *told in sorted(said) if number in urls_of}


_COPIED = "SELECT number, url FROM registry_source WHERE digest IN ?"
_HASHES = "SELECT number, source, entity, value, first_seen FROM registry_statement WHERE property = 'contentHash' AND entity IN ?"


def picture_of(connection: Connection, name: str, page: int) -> bytes:
    """A page's picture. Raises `EntityUnknown`."""
    question = select(picture.c.picture).where(picture.c.document == name, picture.c.page == page)
    found = connection.execute(question).scalar()
    if found is None:
        raise EntityUnknown
    return bytes(found)


def paper_of(connection: Connection, name: str) -> bytes:
    """All pages as one PDF. Raises `EntityUnknown`."""
    question = select(picture.c.picture).where(picture.c.document == name).order_by(picture.c.page)
    found = [bytes(one) for one in connection.execute(question).scalars()]
    if not found:
        raise EntityUnknown
    return paper.pdf(found)


def pages_of(connection: Connection, names: tuple[str, ...]) -> list[int]:
    """The numbers of the pages that there are pictures of."""
    question = select(picture.c.page).where(picture.c.document.in_(names)).order_by(picture.c.page)
    return list(connection.execute(question).scalars())


def _claims(reading: Reading, texts: list[str]) -> list[Claim]:
    told = reading.told
    given = [
        Claim("title", told.title), Claim("contentHash", reading.digest), Claim("language", told.language),
        Claim("date", told.date), Claim("about", told.about),
    ]  # fmt: skip
    pages = [Claim("bodyText", text, f"p. {at}") for at, text in enumerate(texts, 1)]
    return [one for one in [*given, *pages] if one.value.strip()]


def _facets(connection: Connection, about: str) -> dict[str, list[str]]:
    """What the document can be filtered by: what can be said of what it is about. Raises `EntityUnknown`."""
    if not about:
        return {}
    number = connection.execute(select(entity.c.number).where(entity.c.entity == about)).scalar()
    if number is None:
        raise EntityUnknown
    made: dict[str, list[str]] = {name: [] for name in FACETS}
    for name, value in facets.choices_of(connection, [number]).get(number, ()):
        made[name].append(value)
    return {name: values for name, values in made.items() if name != "kind"}


def kept_words(said: str) -> frozenset[str]:
    """Words of a form, one a line or between spaces, folded."""
    return frozenset(word for one in said.split() for word in [folded(one)] if word)
