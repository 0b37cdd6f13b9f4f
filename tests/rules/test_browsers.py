"""No page calls what the oldest browsers of docs/devices.md do not have: a tap that ends in a TypeError helps nobody."""

import re
from pathlib import Path

import pytest

from tests.rules.tree import ending, short

TOO_YOUNG = (
    r"AbortSignal\.(any|timeout)\(", r"Promise\.(withResolvers|try)", r"Object\.groupBy|Map\.groupBy", r"Array\.fromAsync",
    r"\.(toSorted|toReversed|toSpliced)\(", r"URL\.canParse", r"Uint8Array\.from(Base64|Hex)", r"\.to(Base64|Hex)\(\)",
    r"\.(union|intersection|difference|isSubsetOf|isSupersetOf)\(", r"Iterator\.from",
    r"\.(values|keys|entries)\(\)\.(map|filter|find|some|every|toArray|reduce)\(",
    r"\.checkVisibility\(", r"\.showPopover\(", r"startViewTransition",
)  # fmt: skip
"""Younger than Chrome 92, Firefox 98 and Safari 15.4."""


@pytest.mark.parametrize("path", [one for one in ending(".ts") if short(one).startswith("client/src/")], ids=short)
def test_pages_call_nothing_that_is_younger_than_the_oldest_browsers(path: Path) -> None:
    text = path.read_text()
    assert not [found.group() for one in TOO_YOUNG for found in re.finditer(one, text)]
