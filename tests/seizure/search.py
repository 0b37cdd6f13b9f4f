"""Find thousands of patterns in hundreds of megabytes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

from tests.seizure.encodings import carved
from tests.seizure.truths import Truth

PAGE = 4096


class Hit(NamedTuple):
    """A truth that was found, where, in which form, and what stands around it."""

    truth: Truth
    place: str
    form: str
    around: bytes


class Needles:
    """Patterns, compiled once."""

    def __init__(self, truths: Iterable[Truth], digests: Mapping[bytes, Truth] | None = None) -> None:
        known: dict[bytes, tuple[Truth, str]] = {}
        for truth in truths:
            for pattern, form in truth.forms().items():
                known.setdefault(pattern, (truth, form))
        for pattern, truth in (digests or {}).items():
            known.setdefault(pattern, (truth, "digest"))
        self._patterns = list(known)
        self._meaning = list(known.values())
        self._machine = BytesAhoCorasick(self._patterns, implementation=Implementation.ContiguousNFA)

    def find(self, place: str, blob: bytes, *, deep: bool = True) -> list[Hit]:
        """One hit a truth and form: the first. `deep` opens what is packed."""
        first: dict[tuple[Truth, str], Hit] = {}
        for what in (blob, *(carved(blob) if deep else ())):
            for number, start, end in self._machine.find_matches_as_indexes(what, overlapping=True):
                truth, form = self._meaning[number]
                if (truth, form) not in first:
                    first[truth, form] = Hit(truth, place, form, bytes(what[max(0, start - 48) : end + 48]))
        return list(first.values())


def dense(blobs: Iterable[bytes]) -> bytes:
    """All that says something: pages of one repeated byte are left out."""
    return b"".join(page for blob in blobs for page in pages(blob))


def pages(blob: bytes) -> Iterator[bytes]:
    view = memoryview(blob)
    for at in range(0, len(blob), PAGE):
        page = bytes(view[at : at + PAGE])
        if page.count(page[:1]) != len(page):
            yield page
