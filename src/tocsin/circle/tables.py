"""What a circle leaves on the disk. Reasons, readers and death in `docs/inventory.md`. No column says which rows belong together."""

from sqlalchemy import Column, Integer, LargeBinary, Table

from tocsin.store.tables import metadata

place = Table(
    "circle_place",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),  # SHA-256 of what the link's holder shows
    Column("box", LargeBinary, nullable=False),  # an endpoint, a leave or noise: one size
    Column("letter", LargeBinary, nullable=False),  # sealed for who has the link, or noise: one size
    Column("ends_day", Integer, nullable=False, index=True),  # how many are kept for long is counted
    sqlite_with_rowid=False,  # row order would say which came together
)

door = Table(
    "circle_door",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),  # SHA-256 of a name derived from what opens it
    Column("box", LargeBinary, nullable=False),  # under a key derived from what opens it
    Column("note", LargeBinary, nullable=False),  # when words opened it, for the phone alone, or noise
    Column("ends_day", Integer, nullable=False, index=True),
    sqlite_with_rowid=False,
)
