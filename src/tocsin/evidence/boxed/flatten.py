"""Turn a stranger's document into grey pixels: runs inside the sandbox, reads the document from standard input.

`flatten.py FIRST COUNT` answers b"PAGES", the number of pages, flags of what the document had and the pixels have not, then width,
height and grey bytes of up to COUNT pages from FIRST. What is not drawn does not come out: hidden sheets, rows and columns, comments,
tracked changes, attachments, scripts, layers, every kind of metadata. PDF, JPEG, PNG, TIFF, WebP, XLSX, DOCX, plain text.
"""

import io
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from PIL import Image, ImageDraw, ImageFont, ImageOps

DPI = 200
WIDEST, TALLEST = 2400, 3400
SHEET = (1654, 2339)
MARGIN, LINE, SIZE = 90, 34, 24
FACE = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
PIXELS = 120_000_000
LARGEST_PART = 64 << 20
MOST_LINES = 20_000
HIDDEN, COMMENTS, ATTACHMENTS, SCRIPTS, METADATA, FORMS, CHANGES = (1 << at for at in range(7))
"""Flags of what was left behind."""

Source = tuple[int, int, Callable[[int], Image.Image]]
"""How many pages, the flags, and what draws one."""


def pdf(raw: bytes) -> Source:
    import pypdfium2  # type: ignore[import-untyped]
    import pypdfium2.raw as c  # type: ignore[import-untyped]

    # Without `init_forms` no script runs and no form is drawn by its own code.
    document = pypdfium2.PdfDocument(raw)
    flags = ATTACHMENTS if document.count_attachments() else 0
    flags |= METADATA if any(document.get_metadata_dict().values()) else 0
    flags |= SCRIPTS if c.FPDFDoc_GetJavaScriptActionCount(document.raw) > 0 else 0
    flags |= FORMS if document.get_formtype() else 0

    def draw(at: int) -> Image.Image:
        page = document[at]
        width, height = page.get_size()
        scale = min(DPI / 72, WIDEST / max(width, 1), TALLEST / max(height, 1))
        picture: Image.Image = page.render(scale=scale, grayscale=True, may_draw_forms=False).to_pil()
        return picture

    return len(document), flags, draw


def image(raw: bytes) -> Source:
    Image.MAX_IMAGE_PIXELS = PIXELS
    opened = Image.open(io.BytesIO(raw))
    flags = METADATA if opened.getexif() or opened.info.keys() - {"dpi", "jfif", "jfif_version", "jfif_unit"} else 0

    def draw(at: int) -> Image.Image:
        opened.seek(at)
        flat = ImageOps.exif_transpose(opened).convert("RGBA")
        paper = Image.new("RGBA", flat.size, "white")
        paper.alpha_composite(flat)
        return paper

    return getattr(opened, "n_frames", 1), flags, draw


def text(raw: bytes) -> Source:
    return lines_drawn(raw.decode("utf-8-sig", errors="replace").splitlines(), 0)


def lines_drawn(lines: Sequence[str], flags: int) -> Source:
    """Lines set on sheets, the long ones broken."""
    font = face()
    wide, high = SHEET[0] - 2 * MARGIN, (SHEET[1] - 2 * MARGIN) // LINE
    folded = [part for line in lines[:MOST_LINES] for part in broken(line.expandtabs(4), font, wide)]
    sheets = [folded[at : at + high] for at in range(0, len(folded), high)] or [[]]

    def draw(at: int) -> Image.Image:
        sheet = Image.new("L", SHEET, 255)
        pen = ImageDraw.Draw(sheet)
        for row, line in enumerate(sheets[at]):
            pen.text((MARGIN, MARGIN + row * LINE), line, font=font, fill=0)
        return sheet

    return len(sheets), flags, draw


def face() -> Any:
    """Debian's DejaVu, which has accents; else Pillow's own, which has few."""
    try:
        return ImageFont.truetype(FACE, SIZE)
    except OSError:
        return ImageFont.load_default(SIZE)


def broken(line: str, font: Any, wide: int) -> Iterator[str]:
    """A line as several that fit, broken between words where it can be."""
    rest = "".join(one if one.isprintable() else " " for one in line)
    while rest and font.getlength(rest) > wide:
        fits = max(1, int(len(rest) * wide / font.getlength(rest)))
        while fits > 1 and font.getlength(rest[:fits]) > wide:
            fits -= 1
        cut = rest.rfind(" ", 1, fits)
        cut = cut if cut > 0 else fits
        yield rest[:cut]
        rest = rest[cut:].lstrip()
    yield rest


def office(raw: bytes) -> Source:
    """A workbook's visible cells or a letter's standing words."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        names = set(packed.namelist())
        flags = METADATA if names & {"docProps/core.xml", "docProps/app.xml"} else 0
        flags |= COMMENTS if any("comments" in name.lower() for name in names) else 0
        flags |= SCRIPTS if any(name.lower().endswith("vbaproject.bin") for name in names) else 0
        flags |= ATTACHMENTS if any("/embeddings/" in name for name in names) else 0
        read = workbook if "xl/workbook.xml" in names else letter
        lines, more = read(packed)
    return lines_drawn(lines, flags | more)


def part(packed: zipfile.ZipFile, name: str) -> Any:
    """One XML part. Raises for one that is too large; entities are refused by the parser's own limits and this program's."""
    with packed.open(name) as file:
        content = file.read(LARGEST_PART + 1)
    if len(content) > LARGEST_PART or b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content:
        raise ValueError(name)
    return ET.fromstring(content)  # noqa: S314  without a document type there is nothing to expand


def local(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def named(element: Any, name: str) -> list[Any]:
    return [one for one in element.iter() if local(one) == name]


def attribute(element: Any, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rsplit("}", 1)[-1] == name), "")


def workbook(packed: zipfile.ZipFile) -> tuple[list[str], int]:
    """The visible sheets' visible rows and columns, a line a row."""
    shared = []
    if "xl/sharedStrings.xml" in packed.namelist():
        shared = [
            "".join(one.text or "" for one in named(item, "t"))
            for item in named(part(packed, "xl/sharedStrings.xml"), "si")
        ]
    files = {
        attribute(one, "Id"): attribute(one, "Target")
        for one in named(part(packed, "xl/_rels/workbook.xml.rels"), "Relationship")
    }
    lines, flags = [], 0
    for sheet in named(part(packed, "xl/workbook.xml"), "sheet"):
        if sheet.attrib.get("state", "visible") != "visible":
            flags |= HIDDEN
            continue
        target = files[attribute(sheet, "id")].lstrip("/")
        told, more = rows(part(packed, target if target.startswith("xl/") else f"xl/{target}"), shared)
        lines += [sheet.attrib.get("name", ""), *told, ""]
        flags |= more
    return lines, flags


def rows(sheet: Any, shared: list[str]) -> tuple[list[str], int]:
    hidden = {
        at for one in named(sheet, "col") if one.attrib.get("hidden") in ("1", "true")
        for at in range(int(one.attrib["min"]), min(int(one.attrib["max"]), 16_384) + 1)
    }  # fmt: skip
    told, flags = [], HIDDEN if hidden else 0
    for row in named(sheet, "row"):
        if row.attrib.get("hidden") in ("1", "true"):
            flags |= HIDDEN
            continue
        cells = [cell_text(cell, shared) for cell in named(row, "c") if column(cell.attrib.get("r", "")) not in hidden]
        told.append("    ".join(one for one in cells if one))
    return told, flags


def column(place: str) -> int:
    at = 0
    for letter_ in place:
        if letter_.isalpha():
            at = at * 26 + ord(letter_.upper()) - 64
    return at


def cell_text(cell: Any, shared: list[str]) -> str:
    if cell.attrib.get("t") == "inlineStr":
        return "".join(one.text or "" for one in named(cell, "t"))
    value = next((one.text or "" for one in named(cell, "v")), "")
    if cell.attrib.get("t") == "s":
        return shared[int(value)] if value.isdigit() and int(value) < len(shared) else ""
    return value


def letter(packed: zipfile.ZipFile) -> tuple[list[str], int]:
    """Paragraphs of a letter, without what was struck out and what is hidden."""
    body = part(packed, "word/document.xml")
    flags = CHANGES if named(body, "del") or named(body, "ins") else 0
    flags |= HIDDEN if named(body, "vanish") else 0
    return ["".join(words(one)) for one in named(body, "p")], flags


def words(paragraph: Any) -> Iterator[str]:
    for run in named(paragraph, "r"):
        if named(run, "vanish"):
            continue
        for one in run.iter():
            if local(one) == "t":  # what was struck out is `delText`
                yield one.text or ""
            elif local(one) in ("tab", "br"):
                yield "    "


def opened(raw: bytes) -> Source:
    if raw[:1024].find(b"%PDF-") >= 0:
        return pdf(raw)
    if raw[:2] == b"PK":
        return office(raw)
    if (
        raw[:3] == b"\xff\xd8\xff"
        or raw[:8] == b"\x89PNG\r\n\x1a\n"
        or raw[:4] in (b"II*\0", b"MM\0*")
        or raw[8:12] == b"WEBP"
    ):
        return image(raw)
    if b"\0" in raw or b"<svg" in raw[:2048].lower() or b"<html" in raw[:2048].lower():
        raise ValueError
    return text(raw)


def grey(drawn: Image.Image) -> Image.Image:
    """Grey, no larger than a sheet, of an even width."""
    flat = drawn.convert("L")
    flat.thumbnail((WIDEST, TALLEST))
    return flat if flat.width % 2 == 0 else ImageOps.expand(flat, (0, 0, 1, 0), 255)


def main() -> None:
    begin, count = int(sys.argv[1]), int(sys.argv[2])
    total, flags, draw = opened(sys.stdin.buffer.read())
    out = sys.stdout.buffer
    out.write(b"PAGES" + struct.pack(">IB", total, flags))
    for at in range(begin, min(begin + count, total)):
        page = grey(draw(at))
        out.write(struct.pack(">HH", page.width, page.height) + page.tobytes())
    out.flush()


main()
