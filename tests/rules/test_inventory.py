"""docs/inventory.md lists everything that is stored: why, who can read it, and when it dies."""

import importlib
import re

from tests.rules.tree import PACKAGE, ROOT, ending, rooms

INVENTORY = ROOT / "docs" / "inventory.md"


def test_every_column_is_listed_with_reason_readers_and_death() -> None:
    wanted = {f"{table}.{column}" for table, columns in stored_columns().items() for column in columns}
    listed = rows(INVENTORY.read_text())
    assert not wanted - set(listed), "columns nobody has accounted for"
    gone = {name for name in listed if re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", name)} - wanted
    assert not gone, "listed, and not stored any more"
    assert not [name for name, cells in listed.items() if len(cells) != 3 or not all(cells)]


def test_no_column_invites_what_is_never_stored() -> None:
    never = re.compile(r"(^|_)(ip|addr|address|agent|device|phone|email|name|lat|lon|place|plate|officer|face)($|_)")
    columns = [
        f"{table}.{column}" for table, names in stored_columns().items() for column in names if never.search(column)
    ]
    assert not columns


def stored_columns() -> dict[str, list[str]]:
    """Tables and their columns, after every room has registered its own."""
    if not (PACKAGE / "store" / "tables.py").exists():
        return {}
    importlib.import_module("tocsin.tlog.public")
    for path in ending(".py", under="src/tocsin"):
        if path.name == "tables.py" and (path.parent in rooms() or path.parent.name in {"store", "people", "deliver"}):
            importlib.import_module(f"tocsin.{path.parent.name}.tables")
    metadata = importlib.import_module("tocsin.store.tables").metadata
    return {table.name: [column.name for column in table.columns] for table in metadata.tables.values()}


def rows(text: str) -> dict[str, list[str]]:
    """Rows of the page's tables: what is stored, in backticks, then why, who can read it, when it dies."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and (named := re.match(r"`([^`]+)`", cells[0])):
            found[named.group(1)] = cells[1:]
    return found
