"""Statements as the node keeps them: those that wait for a second steward, and the digests of those that acted."""

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.people.statement import LIFE_DAYS, Signed, read
from tocsin.people.tables import statement

ACTED = b""


def standing(connection: Connection, digest: bytes) -> bytes | None:
    """What is kept of a statement: itself with its first signature, `ACTED`, or None for one never seen."""
    return connection.execute(select(statement.c.signed).where(statement.c.digest == digest)).scalar_one_or_none()


def remember(connection: Connection, signed: Signed) -> None:
    """Keep a proposed statement, or that one with all its signatures acted."""
    kept = ACTED if signed.is_enough else signed.raw
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(statement)
    row = insert.values(digest=signed.statement.digest, signed=kept, day=signed.statement.day)
    connection.execute(row.on_conflict_do_update(index_elements=["digest"], set_={"signed": kept}))


def waiting(connection: Connection) -> list[Signed]:
    """Every statement that waits for its second steward, in no order that says anything."""
    found = connection.execute(
        select(statement.c.signed).where(statement.c.signed != ACTED).order_by(statement.c.digest)
    )
    return [read(raw) for raw in found.scalars()]


def forget(connection: Connection, today: int) -> None:
    """Drop what may not be signed any more: it is refused by its day from now on."""
    connection.execute(delete(statement).where(statement.c.day < today - LIFE_DAYS - 1))
