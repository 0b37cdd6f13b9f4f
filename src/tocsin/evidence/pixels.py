"""Documents as pixels: what comes out of the sandbox, and what is done to it. Grey in sixteen steps: a printer's yellow dots are gone.

Promise: `flattened` gives pages or raises; nothing of the document but its picture is in them. `covered` paints over: the pixels under
a cover are black in the bytes, there is no layer that could be lifted.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntFlag

from tocsin.evidence import sandbox
from tocsin.evidence.sandbox import BoxFailed, Limits

AT_ONCE = 8
MOST_PAGES = 200
WIDEST, TALLEST = 2400, 3400
LANGUAGES = {"en": "eng", "fr": "fra", "es": "spa"}
_STEPS = bytes((value + 8) // 17 for value in range(256))
_FULL = bytes(step * 17 for step in range(16)) + bytes(240)


class Left(IntFlag):
    """What a document had that its pages have not."""

    HIDDEN = 1
    COMMENTS = 2
    ATTACHMENTS = 4
    SCRIPTS = 8
    METADATA = 16
    FORMS = 32
    CHANGES = 64


@dataclass(frozen=True)
class Page:
    """A picture: `steps` has a byte of 0 to 15 a pixel, compressed."""

    width: int
    height: int
    steps: bytes

    def pixels(self) -> bytes:
        return zlib.decompress(self.steps)


@dataclass(frozen=True)
class Box:
    """A part of a page, in pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Word:
    """A word as it was read from the picture. `line` counts through the page."""

    text: str
    box: Box
    line: int


def flattened(raw: bytes) -> Iterator[tuple[int, Left, Page]]:
    """Each page, with how many there are and what was left behind. Raises `SandboxMissing`, `BoxFailed`."""
    begin, total = 0, 1
    while begin < total:
        said = sandbox.run([*sandbox.python("flatten.py"), str(begin), str(AT_ONCE)], raw, Limits())
        total, left, pages = read_answer(said)
        if not pages or total > MOST_PAGES:
            raise BoxFailed
        yield from ((total, left, page) for page in pages)
        begin += len(pages)


def read_answer(said: bytes) -> tuple[int, Left, list[Page]]:
    """What the sandbox answered. Raises `BoxFailed` for anything that is not exactly its form."""
    if len(said) < 10 or said[:5] != b"PAGES":
        raise BoxFailed
    total, flags = struct.unpack_from(">IB", said, 5)
    at, pages = 10, []
    while at < len(said):
        if at + 4 > len(said):
            raise BoxFailed
        width, height = struct.unpack_from(">HH", said, at)
        at, end = at + 4, at + 4 + width * height
        if not (0 < width <= WIDEST and 0 < height <= TALLEST and width % 2 == 0) or end > len(said):
            raise BoxFailed
        pages.append(Page(width, height, zlib.compress(said[at:end].translate(_STEPS), 1)))
        at = end
    if flags > sum(Left) or len(pages) > AT_ONCE:
        raise BoxFailed
    return total, Left(flags), pages


def read_words(page: Page, language: str) -> list[Word]:
    """The words that a picture shows, read inside the sandbox too. Raises `SandboxMissing`, `BoxFailed`."""
    picture = b"P5 %d %d 255\n" % (page.width, page.height) + page.pixels().translate(_FULL)
    program = ["/usr/bin/tesseract", "stdin", "stdout", "-l", LANGUAGES.get(language, "eng"), "--dpi", "200", "tsv"]
    said = sandbox.run(program, picture, Limits(seconds=60, answer=8 << 20), {"OMP_THREAD_LIMIT": "1"})
    lines = said.decode("utf-8", errors="replace").split("\n")
    if not lines or not lines[0].startswith("level\t"):
        raise BoxFailed
    return list(table_words(page, lines[1:]))


def table_words(page: Page, lines: Iterable[str]) -> Iterator[Word]:
    """Rows of tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, confidence, text."""
    line, before = 0, ""
    for row in lines:
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != "5" or not cells[11].strip():
            continue
        place = "-".join(cells[2:5])
        line += place != before
        before = place
        numbers = [int(one) if one.isascii() and one.isdigit() else 0 for one in cells[6:10]]
        left, top = min(numbers[0], page.width), min(numbers[1], page.height)
        box = Box(left, top, min(numbers[2], page.width - left), min(numbers[3], page.height - top))
        yield Word("".join(one for one in cells[11] if one.isprintable())[:200], box, line)


def covered(page: Page, boxes: Iterable[Box], edge: int = 4) -> Page:
    """The page with black over each box and a little around it."""
    pixels = bytearray(page.pixels())
    for box in boxes:
        left, right = max(0, box.left - edge), min(page.width, box.left + box.width + edge)
        for row in range(max(0, box.top - edge), min(page.height, box.top + box.height + edge)):
            begin = row * page.width
            pixels[begin + left : begin + right] = bytes(right - left)
    return Page(page.width, page.height, zlib.compress(bytes(pixels), 1))


def png(page: Page) -> bytes:
    """The page as a picture file of four bits a pixel, with no other word in it."""
    steps = page.pixels()
    packed = ((int.from_bytes(steps[0::2]) << 4) | int.from_bytes(steps[1::2])).to_bytes(len(steps) // 2)
    wide = page.width // 2
    rows = b"".join(b"\0" + packed[at : at + wide] for at in range(0, len(packed), wide))
    head = struct.pack(">IIBBBBB", page.width, page.height, 4, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
