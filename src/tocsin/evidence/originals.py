"""Where the bytes of a recording lie in clear: which original each second belongs to, and where in it (`docs/spec/package.md`)."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from tocsin.crypto import canonical
from tocsin.crypto.stream import CALL, EVENT, GAP, IMPORT, MEDIA
from tocsin.errors import TocsinError
from tocsin.evidence.calls import Withholding
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
    is_withheld: bool = False


BEGINNINGS = ("start", "restarted_media")
"""Compared and not looked up: what a phone says may be of a kind that has no hash."""


def place(seconds: Iterable[Second], withholding: Withholding | None = None) -> Iterator[Placed]:
    """Give each second its place. A new original begins with the first bytes after each `start` or `restarted_media`.

    What `withholding` withholds has no place. Raises what it raises, and `SecondUnknown`.
    """
    talks = withholding or Withholding({})
    number, ending, is_new, at = 0, "bin", True, 0
    for second in seconds:
        kind, body = second.inner.type, second.inner.body
        if kind not in TYPE_NAMES:
            raise SecondUnknown
        if kind not in {MEDIA, IMPORT}:
            said = said_in(body)
            if kind == EVENT and said and said.get("event") in BEGINNINGS:
                ending, is_new = ending_of(said.get("mime")), True
            talks.takes(kind, second.chunk.seq, second.inner.monotonic_ms, said)
            yield Placed(second, said, None)
        elif talks.takes(kind, second.chunk.seq, second.inner.monotonic_ms, None):
            yield Placed(second, None, None, is_withheld=True)
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
    return ENDINGS.get(mime.split(";")[0].partition("/")[2], "bin") if isinstance(mime, str) else "bin"


def files(seconds: Iterable[Second], withholding: Withholding | None = None) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each original with its bytes, in order. Its bytes have to be taken before the next one is asked for."""
    held = (one for one in place(seconds, withholding) if one.place is not None)
    for name, group in groupby(held, key=lambda one: one.place.name if one.place else ""):
        yield name, (one.second.inner.body for one in group)
