"""What the node keeps of stewards' statements. Every column's reason, readers and death are in `docs/inventory.md`."""

from sqlalchemy import Column, Integer, LargeBinary, Table

from tocsin.store.tables import metadata

statement = Table(
    "statement",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # of the salted statement: it is random
    Column("signed", LargeBinary, nullable=False),  # with its first signature; empty once it acted
    Column("day", Integer, nullable=False),  # whole days since 1970; forgotten when nobody may sign it any more
    sqlite_with_rowid=False,
)
