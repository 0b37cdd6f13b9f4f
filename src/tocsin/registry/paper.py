"""A document as PDF: a sheet for each covered picture, and nothing else. No text layer, no property, no date, no script."""

import struct
from collections.abc import Iterator, Sequence

POINTS = 72 / 200
"""The pictures are of 200 dots an inch."""


def pdf(pictures: Sequence[bytes]) -> bytes:
    """PNGs of `pixels.png` as the pages of a PDF 1.5."""
    kids = " ".join(f"{3 + 3 * at} 0 R" for at in range(len(pictures)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pictures)} >>".encode(),
    ]
    for at, picture in enumerate(pictures):
        objects += _sheet(picture, 3 + 3 * at)
    out, places = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"), []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return bytes(out) + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def _sheet(picture: bytes, number: int) -> Iterator[bytes]:
    """The page, what draws it, and the picture, whose packed rows PDF reads as they are."""
    width, height = struct.unpack_from(">II", picture, 16)
    wide, high = width * POINTS, height * POINTS
    yield (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {wide:.2f} {high:.2f}] /Contents {number + 1} 0 R "
        f"/Resources << /XObject << /P {number + 2} 0 R >> >> >>"
    ).encode()
    draws = f"q {wide:.2f} 0 0 {high:.2f} 0 0 cm /P Do Q".encode()
    yield b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draws), draws)
    rows = b"".join(content for kind, content in _chunks(picture) if kind == b"IDAT")
    head = (
        f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 4 "
        f"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors 1 /BitsPerComponent 4 /Columns {width} >> /Length {len(rows)} >>"
    )
    yield head.encode() + b"\nstream\n" + rows + b"\nendstream"


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += length + 12
