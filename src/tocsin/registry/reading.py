"""Documents that an editor handed in, being read and looked through: in memory alone, a few at a time, for a while.

Promise: the original is opened only inside the sandbox (`evidence.sandbox`) and is gone when it was read; neither it nor a page that
was not covered is ever written. A node that stops forgets them.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.evidence import pixels, sandbox
from tocsin.evidence.pixels import Left, Page, Word
from tocsin.registry.model import folded
from tocsin.registry.redact import Rules, Why, covers, text_of

AT_ONCE = 3
LIVES_S = 3600
LARGEST = 32 << 20
NOTHING = Left(0)
NOTE = 12
"""Random bytes of the address under which a document is looked through."""


class DocumentUnknown(TocsinError):
    code = "document_unknown"
    status = 404
    message = "This document is not being looked through any more: it was published, thrown away, or an hour passed. Hand it in again."


class DocumentsTooMany(TocsinError):
    code = "documents_too_many"
    status = 429
    message = (
        "Three documents are being looked through already. Publish one or throw one away, and hand this one in again."
    )


@dataclass(frozen=True)
class Told:
    """What an editor says of a document."""

    title: str
    source: str
    about: str = ""
    date: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Read:
    """One page and the words on it, none covered yet. Never leaves this memory."""

    page: Page
    words: Sequence[Word]

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.words]


@dataclass
class Reading:
    """One document that is being looked through."""

    told: Told
    digest: str
    born: float
    is_known: Callable[[str], bool]
    pages: list[Read] = field(default_factory=list)
    total: int = 0
    left: Left = NOTHING
    problem: TocsinError | None = None
    kept: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def rules(self) -> Rules:
        return Rules(self.is_known, self.kept, self.asked)

    def covered(self, at: int) -> dict[int, Why]:
        """What is covered on a page: by its own words, and names of the other pages."""
        begin = sum(len(one.words) for one in self.pages[:at])
        return {
            there - begin: why for there, why in self._all.items() if begin <= there < begin + len(self.pages[at].words)
        }

    @cached_property
    def _known(self) -> dict[tuple[int, frozenset[str], frozenset[str]], dict[int, Why]]:
        return {}

    @property
    def _all(self) -> dict[int, Why]:
        key = (len(self.pages), self.kept, self.asked)
        if key not in self._known:
            self._known.clear()
            self._known[key] = covers([text for one in self.pages for text in one.texts], self.rules)
        return self._known[key]

    def picture(self, at: int) -> Page:
        """A page as it would be published."""
        read = self.pages[at]
        return pixels.covered(read.page, [read.words[there].box for there in self.covered(at)])

    def text(self, at: int) -> str:
        """The words of a page as they would be published."""
        read = self.pages[at]
        return text_of(read.texts, self.covered(at), [one.line for one in read.words])

    def doubtful(self) -> list[str]:
        """Words that are covered for their shape alone, which an editor may uncover."""
        texts = [text for one in self.pages for text in one.texts]
        shaped = {folded(texts[at]) for at, why in self._all.items() if not why.is_firm}
        return sorted(shaped | self.kept)


class Desk:
    """The documents that are being looked through on this node."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: dict[str, Reading] = {}
        self._lock = threading.Lock()

    def hand_in(self, raw: bytes, told: Told, is_known: Callable[[str], bool]) -> str:
        """Begin to read a document; the name under which it is looked through. Raises `SandboxMissing`, `DocumentsTooMany`."""
        sandbox.require()
        name = self._clock.random_bytes(NOTE).hex()
        made = Reading(told, sha256(raw).hexdigest(), self._clock.monotonic(), is_known)
        with self._lock:
            self._forget()
            if len(self._all) >= AT_ONCE:
                raise DocumentsTooMany
            self._all[name] = made
        threading.Thread(target=_read, args=(made, raw), name="document", daemon=True).start()
        return name

    def of(self, name: str) -> Reading:
        """Raises `DocumentUnknown`."""
        with self._lock:
            self._forget()
            if name not in self._all:
                raise DocumentUnknown
            return self._all[name]

    def drop(self, name: str) -> None:
        with self._lock:
            self._all.pop(name, None)

    def waiting(self) -> dict[str, Reading]:
        with self._lock:
            self._forget()
            return dict(self._all)

    def _forget(self) -> None:
        now = self._clock.monotonic()
        for name in [name for name, one in self._all.items() if now - one.born > LIVES_S]:
            del self._all[name]


def _read(made: Reading, raw: bytes) -> None:
    """Every page, as it comes out of the sandbox, and its words."""
    try:
        for total, left, page in pixels.flattened(raw):
            words = pixels.read_words(page, made.told.language)
            made.total, made.left = total, left
            made.pages.append(Read(page, words))
    except TocsinError as error:
        made.problem = error
        made.pages.clear()
    finally:
        made.done.set()
