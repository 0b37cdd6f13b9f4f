"""Cells of a table that a spreadsheet shows and does not run."""

import re
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet run a cell instead of showing it; of full width in the programs of some countries."""
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def as_cell(value: Any) -> str:
    """A cell that a spreadsheet shows and does not run."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) and not _NUMBER.fullmatch(text) else text
