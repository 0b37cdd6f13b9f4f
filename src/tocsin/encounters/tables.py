"""What the node keeps of a recording. Every column's reason, readers and death are in `docs/inventory.md`."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from tocsin.store.tables import metadata

recording = Table(
    "recording",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # random, drawn by the phone
    Column("header", LargeBinary, nullable=False),  # until erased
    Column("upload_digest", LargeBinary(32), nullable=False),  # SHA-256 of 32 random bytes
    Column("owner_digest", LargeBinary(32), nullable=False),  # SHA-256 of 32 derived bytes
    Column("custody_public", LargeBinary(32), nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("share_state", Text, nullable=False),
    Column("slot", BigInteger, nullable=False),  # of erase.keys
    Column("box", LargeBinary, nullable=False),  # wraps and return share, sealed under the slot's key
    Column("locator_digest", LargeBinary(32), nullable=True, unique=True),  # SHA-256 of an Argon2id output
    Column("day", Integer, nullable=False),  # whole days since 1970: when it began; once erased, when that was
    Column("covered_seq", BigInteger, nullable=False),  # newest second covered by a leaf; -1 for none
    sqlite_with_rowid=False,  # row order would say who came before whom
)

frame = Table(
    "frame",
    metadata,
    Column("recording_id", LargeBinary(16), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # chunk seq, or NOTE_BASE + note number
    Column("segment", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("length", Integer, nullable=False),
    sqlite_with_rowid=False,
)

hold = Table(
    "hold",
    metadata,
    Column("recording_id", LargeBinary(16), primary_key=True),
    Column("day", Integer, nullable=False),  # whole days since 1970: when it was set
    Column("reason", Text, nullable=False),  # from the closed list
    Column("slot", BigInteger, nullable=False),  # of erase.keys: the hold's own
    Column("box", LargeBinary, nullable=False),  # wraps as they were when it was set, sealed under that slot's key
    Column("signed", LargeBinary, nullable=False),  # the statement of the two stewards
    sqlite_with_rowid=False,
)

indexed_to = Table(
    "indexed_to",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("segment", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
)
