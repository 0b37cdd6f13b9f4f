"""The first screen loads one sheet, which holds no other room's styles; a page loads the sheets of what it shows.

A class that a loaded sheet does not know has no style: nothing fails, and the page looks wrong.
"""

import re
from functools import cache
from pathlib import Path

from tests.rules.tree import PACKAGE, ROOT

SHEETS = {path.stem: path for path in (ROOT / "client" / "css").glob("[a-z]*.css")}
TEMPLATES = {path.name: path for path in PACKAGE.glob("*/templates/*.html")}
LINKED = re.compile(r'built\.url\("(\w+)\.css"\)')
USED = re.compile(r'{% (?:extends|import|from|include) "([\w.]+)"')


@cache
def styled(sheet: Path) -> frozenset[str]:
    """Classes that a sheet, with what it imports, has a rule for."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    inner = [styled(sheet.parent / name) for name in re.findall(r'@import "\./([\w.]+)"', text)]
    return frozenset(re.findall(r"\.([a-z]+)\b(?![^{]*;)", text)).union(*inner)


def tree_of(name: str) -> set[str]:
    """A template and everything that it is made of."""
    found = {name}
    for other in USED.findall(TEMPLATES[name].read_text()):
        found |= tree_of(other)
    return found


def missing(name: str) -> set[str]:
    """Classes of a page that one of the sheets styles, and none of those that it loads."""
    text = "".join(TEMPLATES[one].read_text() for one in tree_of(name))
    loaded = set(LINKED.findall(text))
    shown = {
        one for names in re.findall(r'class="([a-z ]+)', re.sub(r"{[{%].*?[}%]}", " ", text)) for one in names.split()
    }
    known = frozenset().union(*(styled(SHEETS[sheet]) for sheet in loaded))
    others = frozenset().union(*(styled(path) for path in SHEETS.values()))
    return (shown & others) - known


def test_a_page_loads_the_sheets_of_what_it_shows() -> None:
    pages = [name for name in TEMPLATES if "page.html" in tree_of(name) and not name.startswith("_")]
    assert len(pages) > 40
    assert {name: missing(name) for name in pages if missing(name)} == {}


def test_the_first_screen_loads_one_sheet() -> None:
    for name in ("first.html", "import.html", "recover.html", "call.html"):
        assert {sheet for one in tree_of(name) for sheet in LINKED.findall(TEMPLATES[one].read_text())} == {"app"}
