"""A form with a file, as a browser sends it (RFC 7578): read from memory, with nothing spooled to a disk."""

import re
from collections.abc import Iterator, Mapping

from tocsin.errors import TocsinError

MOST_PARTS = 20
_BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary="?([^";,\s]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(rb'content-disposition:\s*form-data;[^\r\n]*?\bname="([^"\r\n]{1,60})"', re.IGNORECASE)


class FileMalformed(TocsinError):
    code = "file_malformed"
    status = 400
    message = "The node could not read the form. Go back and send it again; nothing was opened."


def parts_of(content_type: str, body: bytes) -> Mapping[str, bytes]:
    """What each field of the form holds. File names are not read. Raises `FileMalformed`."""
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise FileMalformed
    return dict(_parts(b"--" + found.group(1).encode("latin-1", "replace"), body))


def _parts(line: bytes, body: bytes) -> Iterator[tuple[str, bytes]]:
    pieces = body.split(b"\r\n" + line) if not body.startswith(line) else (b"\r\n" + body).split(b"\r\n" + line)
    if not 1 < len(pieces) <= MOST_PARTS or not pieces[-1].startswith(b"--"):
        raise FileMalformed
    for piece in pieces[1:-1]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not gap or name is None:
            raise FileMalformed
        yield name.group(1).decode("utf-8", "replace"), content
