"""Which sheets there are to be, and which no longer hold: whatever writes says so in its own commit (`sheet`)."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, update

from tocsin.registry.bulk import pieces
from tocsin.registry.schemata import REFERENCES
from tocsin.registry.tables import sheet
from tocsin.store.plain import ask

MANY = 300
"""Claims that name an entity: from here on it gets a sheet. Below, asking costs a page a few milliseconds."""


def find(connection: Connection) -> None:
    """Put who is named so often in line for a sheet."""
    connection.exec_driver_sql(
        "INSERT INTO registry_sheet (entity, due) SELECT e.canonical, 0 FROM registry_edge g "  # noqa: S608  a constant
        "JOIN registry_entity e ON e.entity = g.target WHERE e.schema <> 'Technology' "
        f"GROUP BY e.canonical HAVING count(*) >= {MANY} ON CONFLICT DO NOTHING"
    )


def forget(connection: Connection, names: Iterable[str]) -> None:
    """Something new is said of these: their sheets, and those of whom they name or of what that names, hold no more."""
    every = {row[0] for row in ask(connection, "SELECT entity FROM registry_sheet")}
    if not every:
        return  # as in a first import
    said = set(names)
    near = _named_by(connection, said)
    told = said | near | _named_by(connection, near - said)
    line = "SELECT canonical FROM registry_entity WHERE entity IN ?"
    told |= {row[0] for some in pieces(sorted(told)) for row in ask(connection, line, list(some))}
    rows = [{"name": name} for name in sorted(told & every)]
    if rows:
        here = update(sheet).where(sheet.c.entity == bindparam("name"))
        connection.execute(here.values(told=None, due=sheet.c.due + 1), rows)


def _named_by(connection: Connection, names: Iterable[str]) -> set[str]:
    """The values of what these say that are entities: of an amount its act, of an act its buyer and seller."""
    line = "SELECT DISTINCT value FROM registry_statement WHERE entity IN ? AND property IN ?"
    return {row[0] for some in pieces(sorted(names)) for row in ask(connection, line, list(some), [*REFERENCES])}
