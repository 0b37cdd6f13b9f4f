"""Cells of a table that a spreadsheet shows and does not run."""

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell instead of showing it."""


def as_cell(value: Any) -> str:
    """A cell that a spreadsheet shows and does not run."""
    text = str(value)
    is_number = text.lstrip("-").replace(".", "", 1).isdigit()
    return f"'{text}" if text.startswith(FORMULA) and not is_number else text
