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

issued = Table(
    "passport_issued",
    metadata,
    Column(
        "mark", LargeBinary(32), primary_key=True
    ),  # HMAC of the blinded element of a renewal token, under its key's seed
    Column("key_id", LargeBinary(32), nullable=False),
    Index(None, "key_id"),
    sqlite_with_rowid=False,
)

code = Table(
    "passport_code",
    metadata,
    Column("mark", LargeBinary(32), primary_key=True),  # HMAC of a code that people tell each other
    Column("kind", Text, nullable=False),
    Column(
        "side", Text, nullable=False
    ),  # a cohort, a mark of a steward while a city is founded, or the role of a training
    Column("again", LargeBinary, nullable=False),  # HMAC of the request that used it, another one for each code
    Column("key_id", LargeBinary(32), nullable=False),
    Index(None, "key_id"),
    sqlite_with_rowid=False,
)
