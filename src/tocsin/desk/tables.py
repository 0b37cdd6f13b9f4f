"""What the desk keeps. Every column's reason, readers and death are in `docs/inventory.md`. None has a time or a person."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from tocsin.store.tables import metadata

item = Table(
    "desk_item",
    metadata,
    Column("recording_id", LargeBinary(16), primary_key=True),
    Column("state", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of 32 random bytes drawn by who took it; empty for nobody
    Column("slot", BigInteger, nullable=False),  # of erase.keys; -1 for none
    Column("box", LargeBinary, nullable=False),  # ticket, label and handed-over wraps, under the slot's key
    Column("declined", LargeBinary, nullable=False),  # SHA-256 of a secret of each who declined, sorted
    sqlite_with_rowid=False,  # row order would say which was taken first
)

paper = Table(
    "desk_paper",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # random, drawn by a browser
    Column("recording_id", LargeBinary(16), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("slot", BigInteger, nullable=False),  # of erase.keys: its own
    Column("box", LargeBinary, nullable=False),  # an age file sealed to the desk, under the slot's key
    Index(None, "recording_id"),
    sqlite_with_rowid=False,
)
