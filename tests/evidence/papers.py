"""Small documents for tests, written by hand: what they show and what they hide is known."""

import io
import zipfile
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

FACE = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def pdf(lines: Sequence[str], title: str = "", attached: str = "", script: str = "", under: str = "") -> bytes:
    """One page of text. `title` stands in its properties, `attached` is a file in it, `under` is text drawn white on white."""
    drawn = "".join(f"BT /F 12 Tf 60 {780 - 20 * at} Td ({line}) Tj ET\n" for at, line in enumerate(lines))
    drawn += f"1 g BT /F 12 Tf 60 60 Td ({under}) Tj ET\n" if under else ""
    names = f"/Names << /EmbeddedFiles << /Names [({attached}) 7 0 R] >> " if attached else "/Names << "
    names += f"/JavaScript << /Names [(a) << /S /JavaScript /JS ({script}) >>] >> " if script else ""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {names} >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /Author ({title}) >>",
        f"<< /Type /Filespec /F ({attached}) /EF << /F 8 0 R >> >>",
        f"<< /Type /EmbeddedFile /Length {len(attached)} >>\nstream\n{attached}\nendstream",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{one}\nendobj\n".encode("cp1252")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode()


def workbook(sheets: Sequence[tuple[str, str, Sequence[str]]], comment: str = "", hidden_row: str = "") -> bytes:
    """Sheets with their state and a line a row; a row that is hidden in each."""
    listed = "".join(f'<sheet name="{name}" state="{state}" id="r{at}"/>' for at, (name, state, _) in enumerate(sheets))
    links = "".join(f'<Relationship Id="r{at}" Target="worksheets/s{at}.xml"/>' for at in range(len(sheets)))
    parts = {
        "xl/workbook.xml": f"<workbook><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{links}</Relationships>",
        "docProps/core.xml": f"<core><creator>{comment}</creator></core>",
    }
    for at, (_, _, lines) in enumerate(sheets):
        rows = "".join(f'<row><c r="A1" t="inlineStr"><is><t>{line}</t></is></c></row>' for line in lines)
        rows += f'<row hidden="1"><c r="A9" t="inlineStr"><is><t>{hidden_row}</t></is></c></row>' if hidden_row else ""
        parts[f"xl/worksheets/s{at}.xml"] = f"<worksheet><sheetData>{rows}</sheetData></worksheet>"
    if comment:
        parts["xl/comments1.xml"] = f"<comments><t>{comment}</t></comments>"
    return _zip(parts)


def letter(paragraphs: Sequence[str], deleted: str = "") -> bytes:
    """A letter; what was struck out is still in its file."""
    body = "".join(f"<p><r><t>{one}</t></r></p>" for one in paragraphs)
    body += f"<p><del><r><delText>{deleted}</delText></r></del></p>" if deleted else ""
    return _zip(
        {"word/document.xml": f"<document><body>{body}</body></document>", "docProps/core.xml": f"<c>{deleted}</c>"}
    )


def photo(text: str, artist: str = "") -> bytes:
    """A JPEG of some words, with somebody's name in its EXIF."""
    picture = Image.new("RGB", (1200, 60 + 60 * (text.count("\n") + 1)), "white")
    ImageDraw.Draw(picture).multiline_text((40, 30), text, fill="black", font=ImageFont.truetype(FACE, 36), spacing=16)
    exif = Image.Exif()
    exif[0x013B] = artist
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, comment=artist.encode())
    return out.getvalue()


def _zip(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()
