"""Cells of a table that a spreadsheet shows and does not run, and of XML that every reader takes."""

import re
from typing import Any
from xml.sax.saxutils import quoteattr

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet run a cell instead of showing it; of full width in the programs of some countries."""
NO_XML = {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
"""Signs that a claim may hold and no reader of XML takes: one in a title would be the end of the whole file."""
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def as_cell(value: Any) -> str:
    """A cell that a spreadsheet shows and does not run."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) and not _NUMBER.fullmatch(text) else text


def xml_cell(text: str) -> str:
    """An attribute of XML, with its quotation marks."""
    return quoteattr(text.translate(NO_XML))
