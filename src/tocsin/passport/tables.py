"""What the passport keeps. Reasons, readers and death in `docs/inventory.md`. None has a person, an act, or a time but the epoch."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from tocsin.store.tables import metadata

key = Table(
    "passport_key",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),  # SHA-256 of the public half
    Column("role", Text, nullable=False),
    Column("cohort", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("public", LargeBinary(32), nullable=False),
    Column("slot", BigInteger, nullable=False),  # of erase.keys: what lies there is the seed
    UniqueConstraint("role", "cohort", "epoch"),
    sqlite_with_rowid=False,
)

spent = Table(
    "passport_spent",
    metadata,
    Column("mark", LargeBinary(32), primary_key=True),  # HMAC of the token under the key's own seed
    Column("again", LargeBinary(32), nullable=False),  # HMAC of a client's secret and of what it was spent on
    Column("key_id", LargeBinary(32), nullable=False),
    Index(None, "key_id"),
    sqlite_with_rowid=False,  # row order would say which was spent first
)
