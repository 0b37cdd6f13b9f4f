"""What the node keeps of staff and of stewards' statements. Every column's reason, readers and death are in `docs/inventory.md`."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from tocsin.store.tables import metadata

statement = Table(
    "statement",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # of the salted statement: it is random
    Column("signed", LargeBinary, nullable=False),  # with its first signature; empty once it acted
    Column("day", Integer, nullable=False),  # whole days since 1970; forgotten when nobody may sign it any more
    sqlite_with_rowid=False,
)

staff = Table(
    "staff",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # random
    Column("pseudonym", Text, nullable=False),
    Column("folded", Text, nullable=False, unique=True),  # the same, as nobody else may be called
    Column("roles", Text, nullable=False),  # words from a closed list
    Column("recipient", Text, nullable=False),  # public half
    Column("signing_key", LargeBinary(32), nullable=False),  # public half
    Column("salt", LargeBinary(32), nullable=False),  # of the commitment that stands in the log
    Column("state", Text, nullable=False),
    Column("left_day", Integer, nullable=False),  # 0 while active; the row goes some days after
    sqlite_with_rowid=False,
)

door = Table(
    "staff_door",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # random
    Column("staff_id", LargeBinary(16), nullable=False),
    Column("kind", Text, nullable=False),  # passkey, passphrase or sheet
    Column("credential", LargeBinary, nullable=False),  # WebAuthn's id of it; empty for the other kinds
    Column("public", LargeBinary, nullable=False),  # COSE key of a passkey, else 32 bytes of Ed25519
    Column("salt", LargeBinary, nullable=False),  # of Argon2id; empty for passkeys and sheets
    Column("sealed", LargeBinary, nullable=False),  # the identity, sealed in the browser
    Column("day", Integer, nullable=False),  # whole days since 1970
    Index(None, "staff_id"),
    Index(None, "public", unique=True),
    sqlite_with_rowid=False,
)

invitation = Table(
    "staff_invitation",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of 32 random bytes
    Column("staff_id", LargeBinary(16), nullable=False),  # whom it makes
    Column("pseudonym", Text, nullable=False),
    Column("folded", Text, nullable=False, unique=True),
    Column("roles", Text, nullable=False),
    Column("is_founding", Integer, nullable=False),  # 1: made on the machine when the node began
    Column("until_day", Integer, nullable=False),  # the last whole day on which it opens
    sqlite_with_rowid=False,
)

STAFF = (staff, door)
"""What a backup carries: an invitation does not come back to life."""
