"""Where the bytes of a recording lie in clear: which original each second belongs to, and where in it (`docs/spec/package.md`)."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from tocsin.crypto import canonical
from tocsin.crypto.stream import CALL, EVENT, GAP, IMPORT, MEDIA
from tocsin.errors import TocsinError
from tocsin.evidence.opened import Second

TYPE_NAMES = {MEDIA: "media", EVENT: "event", GAP: "gap", CALL: "call", IMPORT: "import"}
ENDINGS = {"webm": "webm", "mp4": "mp4", "ogg": "ogg", "quicktime": "mov"}
"""Ending of a file by the second half of its MIME type; everything else is `bin`."""


class SecondUnknown(TocsinError):
    code = "second_unknown"
    status = 422
    message = "A second of this recording is of a kind that this version does not know. Use a newer version."


class Place(NamedTuple):
    """The part of an original that a second holds; `last` is inclusive."""

    name: str
    first: int
    last: int


class Placed(NamedTuple):
    """A second, what it says if it is no media, and its place if it is."""

    second: Second
    said: dict[str, canonical.Value] | None
    place: Place | None


def place(seconds: Iterable[Second]) -> Iterator[Placed]:
    """Give each second its place. A new original begins with the first bytes after each `start` or `restarted_media`."""
    number, ending, is_new, at = 0, "bin", True, 0
    for second in seconds:
        kind, body = second.inner.type, second.inner.body
        if kind not in TYPE_NAMES:
            raise SecondUnknown
        if kind not in {MEDIA, IMPORT}:
            said = said_in(body)
            if kind == EVENT and said and said.get("event") in {"start", "restarted_media"}:
                ending, is_new = ending_of(said.get("mime")), True
            yield Placed(second, said, None)
        elif not body:
            yield Placed(second, None, None)
        else:
            if is_new:
                number, is_new, at = number + 1, False, 0
            name = f"original/{TYPE_NAMES[kind]}-{number:03d}.{ending}"
            yield Placed(second, None, Place(name, at, at + len(body) - 1))
            at += len(body)


def said_in(body: bytes) -> dict[str, canonical.Value] | None:
    """The object an event, gap or call holds; `None` when it is not canonical."""
    try:
        said = canonical.loads(body)
    except canonical.CanonicalError:
        return None
    return said if isinstance(said, dict) else None


def ending_of(mime: object) -> str:
    return ENDINGS.get(str(mime).split(";")[0].partition("/")[2], "bin")


def files(seconds: Iterable[Second]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each original with its bytes, in order. Its bytes have to be taken before the next one is asked for."""
    held = (one for one in place(seconds) if one.place is not None)
    for name, group in groupby(held, key=lambda one: one.place.name if one.place else ""):
        yield name, (one.second.inner.body for one in group)
