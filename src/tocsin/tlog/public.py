"""Public entries waiting for the log or standing in it: keys, releases, roots. Nothing here is about a person.

`queue` puts one in line, within the caller's transaction; the beat takes all that wait and remembers where each came to
stand. A
node that dies after appending and before remembering appends them once more at the next beat: for a public entry twice
is harmless.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Table, Text, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tocsin.store.tables import metadata
from tocsin.tlog.roll import is_rolled

public_entry = Table(
    "public_entry",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of the entry
    Column("kind", Text, nullable=False),
    Column("entry", LargeBinary, nullable=False),  # public by nature
    Column("leaf", BigInteger, nullable=True),
    Column("tree_size", BigInteger, nullable=True),
    Column("cosigned_size", BigInteger, nullable=True),  # first tree size an outside witness cosigned with it
    Column("nth", Integer, nullable=False),  # order among entries of one kind
    Column("beat", BigInteger, nullable=True),  # Unix seconds of the beat that took it
    sqlite_with_rowid=False,
)

HIDDEN = "hidden"
"""Kind of a commitment that nobody can tell from filler. Its row goes as soon as it stands in the log: the row would tell."""


class Standing(NamedTuple):
    """A public entry that stands in the log."""

    entry: bytes
    leaf: int
    tree_size: int
    cosigned_size: int | None
    """The first checkpoint with this entry that an outside witness cosigned."""
    beat: int
    """The beat that took it, Unix seconds: since when it stands there."""


def queue(connection: Connection, digest: bytes, kind: str, entry: bytes) -> None:
    """Put an entry in line. The same entry twice is one."""
    taken = connection.execute(select(public_entry.c.nth).order_by(public_entry.c.nth.desc()).limit(1)).scalar()
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(public_entry)
    values = {"digest": digest, "kind": kind, "entry": entry, "nth": (taken or 0) + 1}
    connection.execute(insert.values(**values).on_conflict_do_nothing())


def waiting(connection: Connection) -> list[tuple[bytes, bytes]]:
    """Digest and entry of each that no beat has taken yet."""
    question = select(public_entry.c.digest, public_entry.c.entry).where(public_entry.c.leaf.is_(None))
    return [(row.digest, row.entry) for row in connection.execute(question.order_by(public_entry.c.nth))]


def rolled(connection: Connection) -> list[bytes]:
    """Digests of the roll's entries (`roll.digest`), those that wait included."""
    found = connection.execute(select(public_entry.c.digest, public_entry.c.entry))
    return [row.digest for row in found if is_rolled(row.entry)]


def of_kind(connection: Connection, kind: str) -> list[bytes]:
    """Every entry of a kind, those that wait included."""
    question = select(public_entry.c.entry).where(public_entry.c.kind == kind).order_by(public_entry.c.nth)
    return [bytes(entry) for entry in connection.execute(question).scalars()]


def settle(connection: Connection, digests: Sequence[bytes], leaves: Sequence[int], tree_size: int, beat: int) -> None:
    """Remember where entries came to stand, and since which beat; forget the hidden ones."""
    for digest, leaf in zip(digests, leaves, strict=True):
        change = update(public_entry).where(public_entry.c.digest == digest)
        connection.execute(change.values(leaf=leaf, tree_size=tree_size, beat=beat))
    connection.execute(delete(public_entry).where(public_entry.c.kind == HIDDEN, public_entry.c.leaf.is_not(None)))


def cosigned(connection: Connection, tree_size: int) -> None:
    """An outside witness cosigned the checkpoint of `tree_size`: remember it for what it was the first for."""
    first = public_entry.c.cosigned_size.is_(None) & (public_entry.c.tree_size <= tree_size)
    connection.execute(update(public_entry).where(first).values(cosigned_size=tree_size))


def standing(connection: Connection, kind: str) -> list[Standing]:
    """Every entry of a kind that stands in the log, in the order in which they were queued."""
    question = select(public_entry).where(public_entry.c.kind == kind, public_entry.c.leaf.is_not(None))
    found = connection.execute(question.order_by(public_entry.c.nth))
    return [Standing(row.entry, row.leaf, row.tree_size, row.cosigned_size, row.beat or 0) for row in found]
