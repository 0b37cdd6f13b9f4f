"""What else of strangers the registry reads: forms with files, files of areas, what the sandbox answers, tables of words."""

import contextlib
import json
import struct
from collections.abc import Iterator

from tocsin.errors import TocsinError
from tocsin.evidence import pixels
from tocsin.registry import handed_files, outline, rings

PAGE = pixels.Page(40, 30, b"")
LINE = b"5\t1\t1\t1\t1\t1\t2\t3\t10\t5\t96.1\tvilla"


def form(raw: bytes) -> None:
    """The first line is the header that tells the boundary, the rest the body."""
    kind, _, body = raw.partition(b"\n")
    with contextlib.suppress(TocsinError):
        parts = handed_files.parts_of(kind.decode("latin-1"), body)
        assert len(parts) <= handed_files.MOST_PARTS
        assert all(content in body for content in parts.values())


def forms() -> Iterator[bytes]:
    field = b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nOrder\r\n'
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n'
    yield b"multipart/form-data; boundary=x\n" + field + file + b"--x--\r\n"
    yield b'multipart/form-data; charset=utf-8; boundary="x"\n' + field + b"--x--"


def areas(raw: bytes) -> None:
    """What is taken for areas comes out of the database's form as it went in, and fits the world."""
    with contextlib.suppress(TocsinError):
        for one in outline.areas_of(raw, "code", "nom"):
            assert [ring.tobytes() for ring in one.rings] == [
                ring.tobytes() for ring in outline.unpacked(outline.packed(one.rings))
            ]
            assert all(len(ring) % 2 == 0 for ring in one.rings)
            assert -180 <= rings.box_of(one.rings).west <= rings.box_of(one.rings).east <= 180


def files_of_areas() -> Iterator[bytes]:
    ring = [[5.2, 43.2], [5.5, 43.2], [5.5, 43.4], [5.2, 43.2]]
    shapes = ({"type": "Polygon", "coordinates": [ring]}, {"type": "MultiPolygon", "coordinates": [[ring], [ring]]})
    for shape in shapes:
        told = {"properties": {"code": "13055", "nom": "Marseille"}, "geometry": shape}
        yield json.dumps({"features": [told]}).encode()


def answer(raw: bytes) -> None:
    """Pages of exactly their size and sixteen steps of grey, or a refusal: the program inside may be anybody's by now."""
    with contextlib.suppress(TocsinError):
        _, _, pages = pixels.read_answer(raw)
        assert len(pages) <= pixels.AT_ONCE
        for one in pages:
            steps = one.pixels()
            assert len(steps) == one.width * one.height
            assert max(steps) <= 15


def answers() -> Iterator[bytes]:
    yield b"PAGES" + struct.pack(">IB", 1, 9) + struct.pack(">HH", 2, 3) + bytes(range(6))
    yield b"PAGES" + struct.pack(">IB", 9, 0) + (struct.pack(">HH", 2, 1) + b"\xff\0") * 2


def words(raw: bytes) -> None:
    """Words whose boxes lie on the page, without a sign that is not printed."""
    for one in pixels.table_words(PAGE, raw.decode(errors="replace").split("\n")):
        box = one.box
        assert 0 <= box.left <= box.left + box.width <= PAGE.width
        assert 0 <= box.top <= box.top + box.height <= PAGE.height
        assert one.text == "" or one.text.isprintable()


def tables() -> Iterator[bytes]:
    yield LINE + b"\n" + LINE.replace(b"2\t3", b"99999999999\t-1")
